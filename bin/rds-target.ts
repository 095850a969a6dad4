import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import type { Mistake } from './mistakes.ts';

/** What RDS says of an instance or a cluster, as far as `resources.yaml` needs it. */
export interface RdsTarget {
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

/** Roles that outlive their creator's rights can be ended only from this version on. */
const POSTGRES_MAJOR_MIN = 16;

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
    ...engineMistakes(instance, 'postgres'),
    ...(instance.IAMDatabaseAuthenticationEnabled
      ? []
      : [iamIsOff(`aws rds modify-db-instance --db-instance-identifier ${name}`)]),
  ];
  return resolved({
    name,
    mistakes,
    arn: instance.DBInstanceArn,
    resourceId: instance.DbiResourceId,
    host: instance.Endpoint?.Address,
    port: instance.Endpoint?.Port,
    database: instance.DBName,
  });
};

export const targetOfCluster = (cluster: DBCluster): Resolved => {
  const name = cluster.DBClusterIdentifier ?? '';
  const engine = cluster.Engine === 'postgres' ? 'postgres' : 'aurora-postgresql';
  const mistakes = [
    ...(cluster.ReplicationSourceIdentifier === undefined
      ? []
      : ['It is a replica of another cluster, where no login can be ended: name the primary one.']),
    ...engineMistakes(cluster, engine),
    ...(cluster.IAMDatabaseAuthenticationEnabled
      ? []
      : [iamIsOff(`aws rds modify-db-cluster --db-cluster-identifier ${name}`)]),
  ];
  return resolved({
    name,
    mistakes,
    arn: cluster.DBClusterArn,
    resourceId: cluster.DbClusterResourceId,
    host: cluster.Endpoint,
    port: cluster.Port,
    database: cluster.DatabaseName,
  });
};

const engineMistakes = (
  { Engine, EngineVersion }: Pick<DBInstance, 'Engine' | 'EngineVersion'>,
  expected: string,
): readonly string[] => {
  if (Engine !== expected) return [`Its engine is ${Engine ?? 'unknown'}; only PostgreSQL is supported.`];
  const major = Number.parseInt(EngineVersion ?? '', 10);
  return major >= POSTGRES_MAJOR_MIN
    ? []
    : [
        `It runs PostgreSQL ${EngineVersion ?? 'of an unknown version'}: upgrade it to ${POSTGRES_MAJOR_MIN} or later.`,
      ];
};

const iamIsOff = (command: string): string =>
  `IAM authentication is off. Turn it on: ${command} --enable-iam-database-authentication --apply-immediately`;

interface Described {
  readonly name: string;
  readonly mistakes: readonly string[];
  readonly arn: string | undefined;
  readonly resourceId: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly database: string | undefined;
}

const resolved = ({ name, mistakes, arn, resourceId, host, port, database }: Described): Resolved => {
  const [, , , region = '', account = ''] = arn?.split(':') ?? [];
  if (mistakes.length === 0 && resourceId && host && port && account)
    return { ok: true, target: { name, account, region, resourceId, host, port, database } };
  const told = mistakes.length > 0 ? mistakes : ['It has no endpoint yet: wait until it is available.'];
  return { ok: false, mistakes: told.map((message) => ({ file: 'Amazon RDS', path: name, message })) };
};

/** A resource for `resources.yaml`: what RDS knows is filled in, what people decide is marked. */
export const resourceYaml = ({ name, ...target }: RdsTarget): string => {
  const roles = plain(target.database ?? name);
  return `  - id: ${name}
    kind: postgres
    description: A database on ${name} # say what is in it
    env: prod # one of "environments"
    actions: [postgres:connect] # postgres:read, postgres:write and postgres:ddl run statements here; each needs its role in runRoles
    maxDurationSeconds: 3600
    sensitive: [] # such as { column: public.customers.email, category: email, mask: redact }
    target:
      account: "${target.account}"
      region: ${target.region}
      resourceId: ${target.resourceId}
      host: ${target.host}
      port: ${target.port}
      database: ${target.database ?? '# RDS does not know it: name the one that is meant'}
      roleArn: arn:aws:iam::${target.account}:role/latchkey-target-${name}
      templateRole: ${roles}_app # the NOLOGIN role whose rights a login has
      maskedTemplateRole: ${roles}_app_masked # the same without sensitive columns
      runRoles: { read: ${roles}_reader, write: ${roles}_writer, ddl: ${roles}_ddl }
      objectOwner: ${roles}_owner # the role that receives what a grant's user made
      connectionLimit: 5
      tls:
        ca: rds`;
};

const plain = (name: string): string => name.toLowerCase().replaceAll('-', '_');
