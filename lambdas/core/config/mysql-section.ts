import * as z from 'zod';
import { MYSQL_CONNECTIONS_MAX_COUNT, MYSQL_ROLE_MAX_CHARACTERS } from '../database/limits.ts';
import type { ConfigError } from './config-error.ts';
import { AUTH_FIELDS, authMistakes } from './database-auth.ts';
import { addressMistakes } from './rds-endpoint.ts';
import type { MysqlResource } from './resource.ts';
import { Account, actionsOf, Ca, COMMON_FIELDS, Port, Region } from './resource-section.ts';
import { sameServerMistakes } from './shared-servers.ts';
import { type Bundle, bundleMistakes, bundleOf } from './tls-ca.ts';

/** Plain lower-case names only, so that no statement of ours ever needs to quote one to be right. */
const Name = z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/, {
  error: 'must be a plain MySQL name: lower-case letters, digits and underscores.',
});

const RESERVED_PREFIXES: readonly string[] = ['latchkey', 'lk_', 'rds', 'mysql', 'mariadb', 'root'];

const Role = Name.max(MYSQL_ROLE_MAX_CHARACTERS).refine(
  (name) => !['none', 'public', 'default', 'all'].includes(name) && !isReserved(name),
  {
    message: `must be a role of your own: not none, public, default or all, nor one that begins with ${RESERVED_PREFIXES.join(', ')}.`,
  },
);

const isReserved = (name: string): boolean => RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));

const Database = Name.refine(
  (name) =>
    !['latchkey', 'mysql', 'sys', 'information_schema', 'performance_schema', 'innodb', 'tmp'].includes(name),
  { message: 'must be a database of your own: not latchkey, nor one that every server has.' },
);

const Target = z.strictObject({
  account: Account,
  region: Region,
  resourceId: z.string().regex(/^(db|cluster|prx)-[A-Z0-9a-z]{1,60}$/, {
    error:
      'must be the DbiResourceId (db-…) or DbClusterResourceId (cluster-…): `npm run config -- resolve` prints it.',
  }),
  host: z.string().min(1).max(253),
  port: Port.default(3306),
  database: Database,
  engine: z.enum(['mysql', 'mariadb']),
  ...AUTH_FIELDS,
  templateRole: Role,
  connectionLimit: z.int().min(1).max(MYSQL_CONNECTIONS_MAX_COUNT).default(5),
  preparedTransactions: z.enum(['agents', 'shared']).default('shared'),
  tls: z.strictObject({ ca: Ca }),
});

/** One database in `resources.yaml`. */
export const MysqlSection = z.strictObject({
  ...COMMON_FIELDS,
  kind: z.literal('mysql'),
  actions: actionsOf(['mysql:connect']),
  target: Target,
});

export type MysqlSection = z.infer<typeof MysqlSection>;

/** What is wrong with it, also beside the databases before it. */
export const mysqlMistakes = (
  section: MysqlSection,
  earlier: readonly (readonly [number, MysqlSection])[],
  certificates: ReadonlyMap<string, string>,
): readonly ConfigError[] => [
  ...authMistakes(section.target),
  ...sameServerMistakes(section, earlier),
  ...addressMistakes(section.target).map(({ path, message }) => ({
    path: `target.${path}`,
    message: `"${path}" ${message}`,
  })),
  ...bundleMistakes(bundleOf(section.target, certificates)),
];

/** Once nothing is wrong with it. */
export const toMysqlResource = (
  section: MysqlSection,
  certificates: ReadonlyMap<string, string>,
): MysqlResource => {
  const { tls: _tls, ...target } = section.target;
  const bundle: Bundle = bundleOf(section.target, certificates);
  return {
    ...section,
    sensitive: [],
    target: {
      ...target,
      roleArn: target.roleArn,
      administratorRoleArn: target.administratorRoleArn,
      externalId: target.externalId,
      adminSecretArn: target.adminSecretArn,
      caPem: bundle.ok ? bundle.pem : '',
    },
  };
};
