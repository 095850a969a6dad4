import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import type { Mistake } from './mistakes.ts';

/** What RDS says of an instance or a cluster, as far as `resources.yaml` needs it. */
export interface RdsTarget {
  readonly make: Make;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly resourceId: string;
  readonly host: string;
  readonly port: number;
  readonly database: string | undefined;
}

export type Resolved =
  | { readonly ok: true; readonly target: RdsTarget }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

interface Make {
  readonly kind: 'postgres' | 'mysql';
  readonly name: string;
  /** As resources say it, where a kind has several. */
  readonly engine: 'postgres' | 'mysql' | 'mariadb';
  readonly from: readonly number[];
}

/** Roles that outlive their creator's rights can be ended only from this version on. */
const POSTGRES: Make = { kind: 'postgres', name: 'PostgreSQL', engine: 'postgres', from: [16] };
/** Roles and locked accounts came with these. */
const MYSQL: Make = { kind: 'mysql', name: 'MySQL', engine: 'mysql', from: [8] };
const MARIADB: Make = { kind: 'mysql', name: 'MariaDB', engine: 'mariadb', from: [10, 6] };

/** By what RDS calls them. */
const MAKES: ReadonlyMap<string | undefined, Make> = new Map([
  ['postgres', POSTGRES],
  ['aurora-postgresql', POSTGRES],
  ['mysql', MYSQL],
  ['aurora-mysql', MYSQL],
  ['mariadb', MARIADB],
]);

export const targetOfInstance = (instance: DBInstance): Resolved => {
  const name = instance.DBInstanceIdentifier ?? '';
  const mistakes = [
    ...(instance.DBClusterIdentifier === undefined
      ? []
      : [
          `It belongs to a cluster, whose writer may be another one tomorrow: use --cluster ${instance.DBClusterIdentifier}.`,
        ]),
    ...(instance.ReadReplicaSourceDBInstanceIdentifier === undefined
      ? []
      : [
          `It is a read replica, where no login can be ended: use --instance ${instance.ReadReplicaSourceDBInstanceIdentifier}.`,
        ]),
    ...engineMistakes(instance),
    ...(instance.IAMDatabaseAuthenticationEnabled
      ? []
      : [iamIsOff(`aws rds modify-db-instance --db-instance-identifier ${name}`)]),
  ];
  return resolved({
    name,
    mistakes,
    make: MAKES.get(instance.Engine),
    arn: instance.DBInstanceArn,
    resourceId: instance.DbiResourceId,
    host: instance.Endpoint?.Address,
    port: instance.Endpoint?.Port,
    database: instance.DBName,
  });
};

export const targetOfCluster = (cluster: DBCluster): Resolved => {
  const name = cluster.DBClusterIdentifier ?? '';
  const mistakes = [
    ...(cluster.ReplicationSourceIdentifier === undefined
      ? []
      : ['It is a replica of another cluster, where no login can be ended: name the primary one.']),
    ...engineMistakes(cluster),
    ...(cluster.IAMDatabaseAuthenticationEnabled
      ? []
      : [iamIsOff(`aws rds modify-db-cluster --db-cluster-identifier ${name}`)]),
  ];
  return resolved({
    name,
    mistakes,
    make: MAKES.get(cluster.Engine),
    arn: cluster.DBClusterArn,
    resourceId: cluster.DbClusterResourceId,
    host: cluster.Endpoint,
    port: cluster.Port,
    database: cluster.DatabaseName,
  });
};

const engineMistakes = ({
  Engine,
  EngineVersion,
}: Pick<DBInstance, 'Engine' | 'EngineVersion'>): readonly string[] => {
  const make = MAKES.get(Engine);
  if (!make)
    return [`Its engine is ${Engine ?? 'unknown'}; only PostgreSQL, MySQL and MariaDB are supported.`];
  const [fromMajor = 0, fromMinor = 0] = make.from;
  const [major = 0, minor = 0] = (EngineVersion ?? '').split('.').map((part) => Number.parseInt(part, 10));
  return major > fromMajor || (major === fromMajor && minor >= fromMinor)
    ? []
    : [
        `It runs ${make.name} ${EngineVersion ?? 'of an unknown version'}: upgrade it to ${make.from.join('.')} or later.`,
      ];
};

const iamIsOff = (command: string): string =>
  `IAM authentication is off. Turn it on: ${command} --enable-iam-database-authentication --apply-immediately`;

interface Described {
  readonly name: string;
  readonly make: Make | undefined;
  readonly mistakes: readonly string[];
  readonly arn: string | undefined;
  readonly resourceId: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly database: string | undefined;
}

const resolved = ({ name, mistakes, make, arn, resourceId, host, port, database }: Described): Resolved => {
  const [, , , region = '', account = ''] = arn?.split(':') ?? [];
  if (mistakes.length === 0 && make && resourceId && host && port && account)
    return { ok: true, target: { make, name, account, region, resourceId, host, port, database } };
  const told = mistakes.length > 0 ? mistakes : ['It has no endpoint yet: wait until it is available.'];
  return { ok: false, mistakes: told.map((message) => ({ file: 'Amazon RDS', path: name, message })) };
};

/** A resource for `resources.yaml`: what RDS knows is filled in, what people decide is marked. */
export const resourceYaml = (target: RdsTarget): string => {
  const { kind } = target.make;
  const actions =
    kind === 'postgres'
      ? 'actions: [postgres:connect] # postgres:read, postgres:write and postgres:ddl run statements here; each needs its role in runRoles'
      : 'actions: [mysql:connect]';
  return `  - id: ${target.name}
    kind: ${kind}
    description: A database on ${target.name} # say what is in it
    env: prod # one of "environments"
    ${actions}
    maxDurationSeconds: 3600
${kind === 'postgres' ? postgresYaml(target) : mysqlYaml(target)}
      connectionLimit: 5
      tls:
        ca: rds`;
};

const addressYaml = (target: RdsTarget): string => `    target:
      account: "${target.account}"
      region: ${target.region}
      resourceId: ${target.resourceId}
      host: ${target.host}
      port: ${target.port}
      database: ${target.database ?? '# RDS does not know it: name the one that is meant'}
      roleArn: arn:aws:iam::${target.account}:role/latchkey-target-${target.name}`;

const postgresYaml = (target: RdsTarget): string => {
  const roles = rolesOf(target);
  return `    sensitive: [] # such as { column: public.customers.email, category: email, mask: redact }
${addressYaml(target)}
      templateRole: ${roles}_app # the NOLOGIN role whose rights a login has
      maskedTemplateRole: ${roles}_app_masked # the same without sensitive columns
      runRoles: { read: ${roles}_reader, write: ${roles}_writer, ddl: ${roles}_ddl }
      objectOwner: ${roles}_owner # the role that receives what a grant's user made`;
};

const mysqlYaml = (target: RdsTarget): string => `${addressYaml(target)}
      engine: ${target.make.engine}
      templateRole: ${rolesOf(target)}_app # the role whose rights a login has`;

const rolesOf = ({ database, name }: RdsTarget): string => plain(database ?? name);

const plain = (name: string): string => name.toLowerCase().replaceAll('-', '_');
