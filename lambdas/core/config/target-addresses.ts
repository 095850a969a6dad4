/** Written out in full in `resources.yaml`, so that nothing is looked up at run time. */
interface Address {
  readonly account: string;
  readonly region: string;
}

/** A role of which each grant is given a session, cut down to one profile. */
export interface AwsTargetAddress extends Address {
  /** The first of `shards` roles; the others have its ARN with `-2`, `-3` … behind it. Each grant belongs to one, by its id. */
  readonly roleArn: string;
  readonly shards: number;
  readonly externalId: string;
  readonly profiles: Readonly<Record<string, AwsProfile>>;
}

/** What a session may do at most; what its role may not do, it may not do either. */
export interface AwsProfile {
  readonly description: string;
  readonly allow: readonly AwsStatement[];
}

export interface AwsStatement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** One EC2 instance, reached as one user of its operating system. */
export interface SshTargetAddress extends Address {
  readonly instanceId: string;
  /** Where callers connect to: a private name or address. */
  readonly host: string;
  readonly port: number;
  /** Never `root`. */
  readonly osUser: string;
  /** As in `known_hosts`, without the name: `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
  /** `eice-…`: callers come through an EC2 Instance Connect Endpoint. */
  readonly endpointId: string | undefined;
  /** The role that `vend` assumes to let keys in; with `-ending` behind it, the one by which `revoker` ends. Undefined beside Latchkey. */
  readonly roleArn: string | undefined;
  readonly externalId: string | undefined;
}

/** A cluster, in which each grant is bound to one role in one namespace. */
export interface EksTargetAddress extends Address {
  readonly cluster: string;
  readonly endpoint: string;
  readonly caPem: string;
  /** Of which each grant is given a session of its own. It may do nothing: its name is all that the cluster looks at. */
  readonly roleArn: string;
  readonly externalId: string;
  /** The role of the cluster's account that `runner` is there; undefined where it is itself. */
  readonly administratorRoleArn: string | undefined;
  readonly profiles: Readonly<Record<string, EksProfile>>;
}

export interface EksProfile {
  readonly description: string;
  readonly namespace: string;
  readonly role: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
  /** The role may read logs. One that is followed stays open until its pod ends, whatever becomes of the grant. */
  readonly mayFollowLogs?: boolean | undefined;
}

export interface MysqlTargetAddress extends Address {
  readonly resourceId: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly engine: 'mysql' | 'mariadb';
  readonly auth: DatabaseAuth;
  /** Where our administrator's password is; undefined where it signs in with IAM. */
  readonly adminSecretArn: string | undefined;
  /** The role that signs for users of grants; undefined where they have passwords. */
  readonly roleArn: string | undefined;
  /** The role of the database's account by which `runner` signs for our administrator; undefined where it does as itself. */
  readonly administratorRoleArn: string | undefined;
  /** What both roles ask for; undefined where they need not. */
  readonly externalId: string | undefined;
  /** `agents`: nobody else on the instance prepares XA transactions, so what is left of them when a grant ends is rolled back. */
  readonly preparedTransactions: 'agents' | 'shared';
  /** The role whose rights a grant's user has. */
  readonly templateRole: string;
  readonly connectionLimit: number;
  readonly caPem: string;
}

/** How users of grants prove who they are to a database. */
export type DatabaseAuth = 'iam' | 'password';
