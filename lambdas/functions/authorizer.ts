import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent, Context } from 'aws-lambda';
import { createJwtVerifier, type RefusedToken } from '../adapters/jwt-verifier.ts';
import { findPrincipal } from '../core/identity/find-principal.ts';
import { encodeIdentity } from '../core/identity/identity-context.ts';
import { type Principal, principalKey } from '../core/identity/principal.ts';
import { fail, type Result } from '../core/result.ts';
import { AuthorizerEnvironment } from './authorizer.env.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';

AuthorizerEnvironment.parse(process.env);
const { issuers, principals } = loadConfig('authorizer');
const { log, beginInvocation } = createLogger('authorizer');
const verify = createJwtVerifier({ issuers, clock: Date.now });

/**
 * Establishes who is asking; what they may do is decided behind it. So an unlisted caller, or one whose groups are
 * unknown, passes as exactly that and is told why by the function.
 *
 * API Gateway knows three answers: a policy, the error `Unauthorized` (401), and any other error (500, which the
 * gateway's own response turns into 503). The last one means that an issuer's keys could not be read: nobody can
 * tell whether the token is good, so nobody passes.
 */
export const handler = async (
  event: APIGatewayTokenAuthorizerEvent,
  context: Context,
): Promise<APIGatewayAuthorizerResult> => {
  beginInvocation(context);
  const identified = await identify(event.authorizationToken).catch((error: unknown) => {
    log('error', 'token not verified', { error: error instanceof Error ? error : new Error('thrown') });
    throw new Error('Unavailable');
  });
  if (identified.ok) return allow(identified.value, event.methodArn);
  log('warn', 'token refused', { ...identified.failure });
  throw new Error('Unauthorized');
};

const identify = async (authorization: unknown): Promise<Result<Principal, RefusedToken>> => {
  const token = bearerToken(authorization);
  if (token === undefined) return fail({ reason: 'bearer_missing', issuer: undefined });
  const verified = await verify(token);
  if (!verified.ok) return verified;
  const found = findPrincipal(verified.value, principals);
  return found.ok ? found : fail({ reason: found.failure, issuer: verified.value.claims.issuer });
};

/** RFC 6750 2.1; the scheme's case does not matter (RFC 9110 11.1). */
const bearerToken = (authorization: unknown): string | undefined =>
  typeof authorization === 'string' ? /^bearer ([\w.-]+)$/i.exec(authorization)?.[1] : undefined;

/**
 * For every route of the stage, since the gateway reuses the answer for the same token on other routes. Its access
 * log shows `principalId`, which is therefore a hash and not a name.
 */
const allow = (principal: Principal, methodArn: string): APIGatewayAuthorizerResult => ({
  principalId: principalKey(principal),
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${stageArn(methodArn)}/*` }],
  },
  context: encodeIdentity(principal),
});

/** `arn:aws:execute-api:region:account:api/stage/GET/v1/me` → up to the stage. */
const stageArn = (methodArn: string): string => methodArn.split('/', 2).join('/');
