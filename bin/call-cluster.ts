import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Wire } from './api-client.ts';

type ClusterToken = Pick<Wire['EksCredentialView']['eks'], 'endpoint' | 'certificateAuthority' | 'token'>;

/** Calls a cluster with a vended token, believing its own authority alone. */
export const callCluster = (
  { endpoint, certificateAuthority, token }: ClusterToken,
  path: string,
  method = 'GET',
): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const options = { method, ca: certificateAuthority, headers };
    const sent = request(new URL(path, endpoint), options, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
    });
    sent.on('error', reject).end();
  });
