import { AWS_ATTEMPTS_MAX, AWS_CONNECT_TIMEOUT_MS, AWS_REQUEST_TIMEOUT_MS } from '../core/limits.ts';

/** Every client gives up before the gateway does, so that an outage is an answer and not a hang. */
export const AWS_CLIENT_SETTINGS = {
  maxAttempts: AWS_ATTEMPTS_MAX,
  requestHandler: {
    connectionTimeout: AWS_CONNECT_TIMEOUT_MS,
    requestTimeout: AWS_REQUEST_TIMEOUT_MS,
    // Without it, the client only writes a warning and goes on waiting.
    throwOnRequestTimeout: true,
  },
} as const;
