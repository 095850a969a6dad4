import type * as z from 'zod';
import type { Credential, CredentialContent } from '../app/credential.ts';
import { toIso } from '../core/time.ts';
import type { CredentialView } from './schemas.ts';

export const credentialView = (credential: Credential): z.input<typeof CredentialView> => ({
  id: credential.id,
  grantId: credential.grantId,
  kind: credential.kind,
  expiresAt: toIso(credential.expiresAt),
  ...contentView(credential),
});

/** Under the name of its kind. */
const contentView = (content: CredentialContent) => ({
  postgres: {
    host: content.host,
    port: content.port,
    database: content.database,
    user: content.user,
    password: content.password,
    sslmode: 'verify-full' as const,
    sslrootcert: content.caPem,
  },
});

/**
 * The same as libpq's environment, for `eval "$(curl …)"`. libpq takes its root certificate from a file only, so
 * one is written where only its owner can read it.
 */
export const credentialEnvironment = (credential: Credential): string =>
  [
    ...Object.entries({
      PGHOST: credential.host,
      PGPORT: String(credential.port),
      PGDATABASE: credential.database,
      PGUSER: credential.user,
      PGPASSWORD: credential.password,
      PGSSLMODE: 'verify-full',
    }).map(([name, value]) => `export ${name}=${shellQuote(value)}`),
    'PGSSLROOTCERT="$(umask 077; mktemp)"; export PGSSLROOTCERT',
    `printf '%s' ${shellQuote(credential.caPem)} > "$PGSSLROOTCERT"`,
    '',
  ].join('\n');

const shellQuote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
