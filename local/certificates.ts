import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** PEM. The certificate is for this machine's loopback names only and is its own authority. */
export interface LocalCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A name and an address, by the numbers of RFC 5280. */
const LOOPBACK = [{ type: 2, value: 'localhost' } as const, { type: 7, ip: '127.0.0.1' } as const];
const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** The one certificate of the local stack, kept so that a restart is trusted by whoever trusted it before. Never install it. */
export const localCertificate = async (directory: string): Promise<LocalCertificate> => {
  const [certFile, keyFile] = [join(directory, 'ca.pem'), join(directory, 'ca.key')];
  if (existsSync(certFile) && existsSync(keyFile))
    return { certPem: readFileSync(certFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') };
  mkdirSync(directory, { recursive: true });
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + TEN_YEARS_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: LOOPBACK },
    ],
  });
  writeFileSync(keyFile, made.private, { mode: 0o600 });
  writeFileSync(certFile, made.cert);
  return { certPem: made.cert, keyPem: made.private };
};
