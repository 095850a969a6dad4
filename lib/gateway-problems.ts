import { POLL_RETRY_AFTER_SECONDS } from '../lambdas/core/limits.ts';
import { PROBLEMS, type ProblemCode } from '../lambdas/http/problem-catalogue.ts';

/**
 * What API Gateway answers by itself, before or instead of a function: its own name for the occurrence, and the
 * problem of ours that it becomes.
 */
export const GATEWAY_PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  UNAUTHORIZED: 'token_refused',
  EXPIRED_TOKEN: 'token_refused',
  INVALID_SIGNATURE: 'token_refused',
  ACCESS_DENIED: 'access_denied',
  WAF_FILTERED: 'access_denied',
  // Nothing is decided without the authorizer, so its trouble is a dependency's, not the caller's.
  AUTHORIZER_FAILURE: 'dependency_unavailable',
  AUTHORIZER_CONFIGURATION_ERROR: 'dependency_unavailable',
  // So the gateway names a path or a method that does not exist.
  MISSING_AUTHENTICATION_TOKEN: 'unknown_route',
  RESOURCE_NOT_FOUND: 'unknown_route',
  REQUEST_TOO_LARGE: 'body_too_large',
  UNSUPPORTED_MEDIA_TYPE: 'unsupported_media_type',
  THROTTLED: 'throttled',
  QUOTA_EXCEEDED: 'throttled',
  INTEGRATION_TIMEOUT: 'timeout',
  INTEGRATION_FAILURE: 'dependency_unavailable',
  DEFAULT_4XX: 'invalid_request',
  DEFAULT_5XX: 'internal_error',
};

/** RFC 9457, as `http/problem.ts` writes it. Only the request's id is filled in, so nothing a caller sent can come back. */
export const gatewayProblemBody = (code: ProblemCode): string => {
  const { status, title, remedy, retryable } = PROBLEMS[code];
  return JSON.stringify({
    type: `/v1/problems/${code}`,
    title,
    status,
    code,
    detail: remedy,
    instance: 'urn:uuid:$context.requestId',
    retryable,
    ...(retryable ? { retryAfterSeconds: POLL_RETRY_AFTER_SECONDS } : {}),
  });
};

/** Header values are constants in single quotes, as the gateway wants them. */
export const gatewayProblemHeaders = (code: ProblemCode): Record<string, string> => ({
  'Content-Type': "'application/problem+json'",
  'Cache-Control': "'no-store'",
  ...(PROBLEMS[code].status === 401 ? { 'WWW-Authenticate': `'Bearer realm="latchkey"'` } : {}),
  ...(PROBLEMS[code].retryable ? { 'Retry-After': `'${POLL_RETRY_AFTER_SECONDS}'` } : {}),
});
