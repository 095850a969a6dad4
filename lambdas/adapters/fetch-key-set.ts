import { get } from 'node:https';
import { JWKS_FETCH_TIMEOUT_MS, JWKS_MAX_BYTES } from '../core/limits.ts';
import { type KeySet, KeySetRefused, parseKeySet } from './key-set.ts';

/**
 * Reads an issuer's keys: TLS verified against the system's authorities, no redirects (`node:https` follows none and
 * every status but 200 is refused), no compression to inflate, one deadline for the whole exchange, a cap on its
 * size. A fresh connection each time, because a frozen Lambda's kept-alive sockets are dead. Throws on anything else.
 */
export const fetchKeySet = (uri: string): Promise<KeySet> =>
  new Promise<Buffer>((resolve, reject) => {
    const options = {
      agent: false as const,
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(JWKS_FETCH_TIMEOUT_MS),
    };
    const request = get(uri, options, (response) => {
      if (response.statusCode !== 200) return void request.destroy(new KeySetRefused('status'));
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > JWKS_MAX_BYTES) response.destroy(new KeySetRefused('too_large'));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', reject);
    });
    request.on('error', reject);
  }).then(parseKeySet);
