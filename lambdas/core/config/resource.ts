import type { Place } from '../grant/grant.ts';
import type { SensitiveColumn } from '../masking/mask.ts';
import type { StatementClass } from '../sql/statement.ts';
import type {
  AwsTargetAddress,
  DatabaseAuth,
  EksTargetAddress,
  MysqlTargetAddress,
  SshTargetAddress,
} from './target-addresses.ts';

/** What `resources.yaml` says about one thing that can be reached, after compilation. */
interface ResourceOf<Kind extends string, Action extends ResourceAction, Address> {
  readonly id: string;
  readonly kind: Kind;
  readonly description: string;
  /** Groups resources for policy: `Env::"prod"`. */
  readonly env: string;
  readonly actions: readonly Action[];
  readonly maxDurationSeconds: number;
  /** What is masked in answers, and left out of logins, unless policy unmasks its category. Empty but for databases. */
  readonly sensitive: readonly SensitiveColumn[];
  readonly target: Address;
  /** How people are asked about requests for it. */
  readonly approvals?: ApprovalSettings | undefined;
}

export type PostgresResource = ResourceOf<'postgres', 'postgres:connect' | RunAction, PostgresTargetAddress>;
export type AwsResource = ResourceOf<'aws', 'aws:assume', AwsTargetAddress>;
export type SshResource = ResourceOf<'ssh', 'ssh:connect', SshTargetAddress>;
export type EksResource = ResourceOf<'eks', 'eks:connect', EksTargetAddress>;
export type MysqlResource = ResourceOf<'mysql', 'mysql:connect', MysqlTargetAddress>;

export interface ApprovalSettings {
  /** Slack's id of the channel in which people are asked: `C…`. */
  readonly slackChannel?: string | undefined;
  readonly remindAfterSeconds?: number | undefined;
}

export type Resource = PostgresResource | AwsResource | SshResource | EksResource | MysqlResource;
export type ResourceKind = Resource['kind'];
export type ResourceOfKind<K extends ResourceKind> = Extract<Resource, { readonly kind: K }>;

/** Actions that hand out a credential. */
export type VendAction = 'postgres:connect' | 'aws:assume' | 'ssh:connect' | 'eks:connect' | 'mysql:connect';

/** The action names the mode too: some vend a credential; with the others Latchkey executes statements itself. */
export type ResourceAction = VendAction | RunAction;

/** Actions whose operations Latchkey executes itself, one for each class of statement. */
export type RunAction = `postgres:${StatementClass}`;

export const RUN_ACTIONS = ['postgres:read', 'postgres:write', 'postgres:ddl'] as const satisfies RunAction[];
export const VEND_ACTIONS: readonly VendAction[] = [
  'postgres:connect',
  'aws:assume',
  'ssh:connect',
  'eks:connect',
  'mysql:connect',
];
export const RESOURCE_ACTIONS: readonly ResourceAction[] = [...VEND_ACTIONS, ...RUN_ACTIONS];

export const isRunAction = (action: string): action is RunAction => RUN_ACTIONS.some((run) => run === action);

export const classOf = (action: RunAction): StatementClass => CLASSES[action];

const CLASSES: Readonly<Record<RunAction, StatementClass>> = {
  'postgres:read': 'read',
  'postgres:write': 'write',
  'postgres:ddl': 'ddl',
};

/** Whether this can be asked for there at all. */
export const offersAction = ({ actions }: Pick<Resource, 'actions'>, action: string): boolean =>
  actions.some((offered) => offered === action);

/** The function that reaches targets of a kind: `runner` those in a network of yours, `revoker` what is changed by calls to AWS. */
export type Reacher = 'runner' | 'revoker';

export const reacherOf = (kind: ResourceKind): Reacher => REACHERS[kind];

const REACHERS: Readonly<Record<ResourceKind, Reacher>> = {
  postgres: 'runner',
  mysql: 'runner',
  eks: 'runner',
  aws: 'revoker',
  ssh: 'revoker',
};

/** Those of one kind, in the order of the configuration. */
export const resourcesOf = <K extends ResourceKind>(
  resources: readonly Resource[],
  kind: K,
): readonly ResourceOfKind<K>[] =>
  resources.filter((resource): resource is ResourceOfKind<K> => resource.kind === kind);

/** The names under which this resource gives different rights; none where there is only one set of them. */
export const profilesOf = ({ target }: Resource): readonly string[] =>
  'profiles' in target ? Object.keys(target.profiles) : [];

/** Where a resource is, by what is never used twice: what is rebuilt under an old name is another place. */
export const placeOf = (resource: Resource): Place => {
  const { account, region } = resource.target;
  return { account, region, resourceId: placeIdOf(resource) };
};

const placeIdOf = ({ kind, target }: Resource): string => {
  switch (kind) {
    case 'aws':
      return target.roleArn;
    case 'ssh':
      return target.instanceId;
    case 'eks':
      return target.cluster;
    default:
      return target.resourceId;
  }
};

/** What is reached there, in a few words for people. */
export const reachOf = ({ kind, target }: Resource): string => {
  switch (kind) {
    case 'aws':
      return `sessions of ${target.roleArn}`;
    case 'ssh':
      return `${target.osUser} on ${target.instanceId} at ${target.host}`;
    case 'eks':
      return `cluster ${target.cluster}`;
    default:
      return `database ${target.database} at ${target.host}`;
  }
};

/** What a grant's role may do: of a login, everything the template may or all but the sensitive columns; of runs, their class. */
export type Rights = 'connect' | 'connect_masked' | StatementClass;

/** Every role whose rights a grant can have on a target. */
export const templatesOf = ({
  templateRole,
  maskedTemplateRole,
  runRoles,
}: PostgresTargetAddress): readonly string[] => [
  ...new Set(
    [templateRole, maskedTemplateRole, ...Object.values(runRoles)].filter((role) => role !== undefined),
  ),
];

/** The template whose rights a grant's role inherits; undefined where configuration has none, which it refuses. */
export const templateFor = ({ target }: PostgresResource, rights: Rights): string | undefined => {
  if (rights === 'connect') return target.templateRole;
  return rights === 'connect_masked' ? target.maskedTemplateRole : target.runRoles[rights];
};

/** Written out in full so that nothing is looked up at run time; `npm run config -- resolve` prints it from RDS. */
export interface PostgresTargetAddress {
  readonly account: string;
  readonly region: string;
  /** `db-…` of an instance or `cluster-…`: what `rds-db:connect` is scoped to. */
  readonly resourceId: string;
  /** The instance's or writer's own endpoint; aliases, proxies, readers and custom endpoints break signatures or endings. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly auth: DatabaseAuth;
  /** The role that `vend` assumes to sign for `lk_…` users of this resource, and nothing else; undefined where they have passwords. */
  readonly roleArn: string | undefined;
  /** The role of the database's account by which `runner` signs for our administrator; undefined where it does as itself. */
  readonly administratorRoleArn: string | undefined;
  /** What both roles ask for; undefined where they need not. */
  readonly externalId: string | undefined;
  /** Where our administrator's password is; undefined where it signs in with IAM. */
  readonly adminSecretArn: string | undefined;
  /** The NOLOGIN role whose rights a grant's user inherits. */
  readonly templateRole: string;
  /**
   * The NOLOGIN role whose rights a grant's user inherits instead when policy does not unmask every category of
   * `sensitive`: it has rights to the other columns only.
   */
  readonly maskedTemplateRole: string | undefined;
  /** The NOLOGIN role that a run of each class has the rights of. */
  readonly runRoles: Readonly<Partial<Record<StatementClass, string>>>;
  /** Who receives what a grant's user created, so that work survives the end of its grant. */
  readonly objectOwner: string;
  readonly connectionLimit: number;
  /** PEM bundle pinned by `runner` and handed to the caller (`sslmode=verify-full`). */
  readonly caPem: string;
}
