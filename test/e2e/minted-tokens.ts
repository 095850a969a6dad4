import { createHmac, createPrivateKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePart } from '../support/sign-token.ts';
import type { RunningStack } from './running-stack.ts';

export interface TokenChange {
  readonly header?: object;
  readonly payload?: object;
  readonly signature?: 'of_another_key' | 'hmac_with_the_public_key' | 'none';
}

/** Makes tokens as the running issuer would, with its own key, or nearly so. */
export const tokenMint = (running: RunningStack): ((change?: TokenChange) => string) => {
  const { key }: { key: JsonWebKey & { kid: string } } = JSON.parse(
    readFileSync(join(running.dataDir, 'issuer.json'), 'utf8'),
  );
  const { d: _secret, ...publicJwk } = key;
  const own = createPrivateKey({ key, format: 'jwk' });
  const another = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return ({ header = {}, payload = {}, signature } = {}) => {
    const now = Math.floor(Date.now() / 1_000);
    const input = [
      { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header },
      {
        iss: running.stack().issuer.issuer,
        aud: 'urn:latchkey',
        sub: 'sales-crew',
        client_id: 'sales-crew',
        iat: now,
        exp: now + 300,
        jti: 'made-here',
        ...payload,
      },
    ]
      .map(encodePart)
      .join('.');
    const signed = (by: typeof own) =>
      sign('sha256', Buffer.from(input), { key: by, dsaEncoding: 'ieee-p1363' });
    const signatures = {
      of_another_key: () => signed(another),
      hmac_with_the_public_key: () => createHmac('sha256', JSON.stringify(publicJwk)).update(input).digest(),
      none: () => Buffer.alloc(0),
    };
    return `${input}.${(signature ? signatures[signature]() : signed(own)).toString('base64url')}`;
  };
};
