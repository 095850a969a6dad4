import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** What PostgreSQL uses for the passwords that it hashes itself. Ours have 256 bits, so more rounds would add nothing. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;

/**
 * What PostgreSQL keeps of a password instead of the password (RFC 5803). It is computed here, so that no statement, and
 * no log of statements, ever holds the password. Only for passwords of ASCII, which RFC 4013 leaves as they are.
 */
export const scramVerifier = (password: string, salt: Uint8Array): string => {
  if (!/^[!-~]+$/.test(password)) throw new TypeError('only passwords of printable ASCII');
  const salted = salt.subarray(0, SALT_BYTES);
  const key = pbkdf2Sync(password, salted, ITERATIONS, 32, 'sha256');
  const mac = (text: string) => createHmac('sha256', key).update(text).digest();
  const stored = createHash('sha256').update(mac('Client Key')).digest();
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${base64(salted)}$${base64(stored)}:${base64(mac('Server Key'))}`;
};
