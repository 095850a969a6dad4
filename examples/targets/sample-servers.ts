import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { parse } from 'yaml';
import * as z from 'zod';
import { portOf } from '../../local/loopback.ts';
import { SAMPLE_DATABASES, sampleDatabase } from '../databases/sample-databases.ts';
import type { ServerMake } from './mysql/find-mariadb.ts';
import { startMysqlServer } from './mysql/start-server.ts';
import { type LocalPostgres, startPostgres } from './postgres.ts';
import { type RdsOptions, startRdsFront } from './rds.ts';

const Resources = z.looseObject({
  resources: z.array(
    z.looseObject({
      id: z.string(),
      kind: z.string(),
      target: z.looseObject({
        database: z.string().default(''),
        auth: z.enum(['iam', 'password']).default('iam'),
        engine: z.string().optional(),
      }),
    }),
  ),
});

type Section = z.infer<typeof Resources>['resources'][number];

/** Where one database of a configuration is on this machine. */
export interface SampleServer {
  readonly port: number;
  /** Where users have passwords. */
  readonly adminSecretArn?: string;
  /** Of its files, which are not always where they were asked for. */
  readonly directory: string;
  /** As the superuser of MySQL, whom no stack knows. */
  readonly asRoot?: () => Promise<Connection>;
}

export interface SampleServerOptions extends Omit<RdsOptions, 'postgres' | 'auth' | 'port'> {
  readonly dataDir: string;
  /** For databases with MariaDB. Without one they are left out. */
  readonly mariadb: ServerMake | undefined;
  /** Of the server with IAM authentication, and of the first with passwords of each make. */
  readonly ports: Readonly<Partial<Record<'database' | 'passwordDatabase' | 'mysql', number | undefined>>>;
  /** Of the administrator of a resource with passwords: its secret, and what is first in it. */
  readonly adminOf: (id: string) => { readonly secretArn: string; readonly password: string };
  /** Gets what ends each that was started, also when another one could not be. */
  readonly stops: (() => Promise<unknown>)[];
}

/**
 * Servers for the databases of a configuration, by the ids of their resources: one PostgreSQL with IAM authentication for all
 * that sign, and one for each that has passwords, since a server has one administrator of ours. MySQL comes from nowhere that npm
 * reaches, so there is none.
 */
export const startSampleServers = async (configDir: string, options: SampleServerOptions) => {
  const { resources } = Resources.parse(parse(readFileSync(join(configDir, 'resources.yaml'), 'utf8')));
  const databases = resources.filter(({ kind }) => kind === 'postgres');
  const withPasswords = databases.filter(({ target }) => target.auth === 'password');
  const starts = [
    startSigning(options),
    ...withPasswords.map((one, index) => startWithPasswords(one, index === 0, options)),
    ...resources.filter(isMariadb).map((one, index) => startMariadb(one, index === 0, options)),
  ] as const;
  // Whatever fails, nothing is still starting afterwards.
  await Promise.allSettled(starts);
  const [signing, ...others] = await Promise.all(starts);
  const signed = databases.filter(({ target }) => target.auth === 'iam');
  return {
    postgres: signing.postgres,
    servers: new Map<string, SampleServer>([
      ...signed.map(({ id }) => [id, signing.server] as const),
      ...others.filter((one) => one !== undefined),
    ]),
  };
};

const startSigning = async ({ dataDir, ports, ...options }: SampleServerOptions) => {
  const postgres = await startPostgres({ directory: join(dataDir, 'postgres'), databases: SAMPLE_DATABASES });
  return { postgres, server: await serverOf(postgres, { ...options, port: ports.database }) };
};

const startWithPasswords = async (
  { id, target }: Section,
  isFirst: boolean,
  { dataDir, adminOf, ports, ...options }: SampleServerOptions,
): Promise<readonly [id: string, SampleServer]> => {
  const { password, secretArn } = adminOf(id);
  const postgres = await startPostgres({
    directory: join(dataDir, `postgres-of-${id}`),
    databases: [sampleDatabase(target.database)],
    adminPassword: password,
  });
  const port = isFirst ? ports.passwordDatabase : undefined;
  const server = await serverOf(postgres, { ...options, auth: 'password', port });
  return [id, { ...server, adminSecretArn: secretArn }];
};

const isMariadb = ({ kind, target: { engine, auth } }: Section): boolean =>
  kind === 'mysql' && engine === 'mariadb' && auth === 'password';

const startMariadb = async (
  { id, target }: Section,
  isFirst: boolean,
  { dataDir, adminOf, ports, mariadb, certificate, stops }: SampleServerOptions,
): Promise<readonly [id: string, SampleServer] | undefined> => {
  if (!mariadb) return undefined;
  const { password, secretArn } = adminOf(id);
  const { database } = target;
  const { port, directory, asRoot, stop } = await startMysqlServer({
    make: mariadb,
    directory: join(dataDir, `mariadb-of-${id}`),
    certificate,
    port: isFirst ? ports.mysql : undefined,
    seed: sampleDatabase(database).seed,
    database,
    adminPassword: password,
  });
  stops.push(stop);
  return [id, { port, directory, asRoot, adminSecretArn: secretArn }];
};

const serverOf = async (
  postgres: LocalPostgres,
  { stops, ...options }: Omit<RdsOptions, 'postgres'> & Pick<SampleServerOptions, 'stops'>,
): Promise<SampleServer> => {
  stops.push(postgres.stop);
  const front = await startRdsFront({ ...options, postgres });
  // Not waited for: a client that is still connected goes when PostgreSQL does.
  stops.push(async () => void front.close());
  return { port: portOf(front), directory: postgres.directory };
};
