import type { SensitiveColumn } from '../masking/mask.ts';
import type { StatementClass } from '../sql/statement.ts';

/** What `resources.yaml` says about one thing that can be reached, after compilation. */
export interface PostgresResource {
  readonly id: string;
  readonly kind: 'postgres';
  readonly description: string;
  /** Groups resources for policy: `Env::"prod"`. */
  readonly env: string;
  readonly actions: readonly ResourceAction[];
  readonly maxDurationSeconds: number;
  /** What is masked in answers, and left out of logins, unless policy unmasks its category. */
  readonly sensitive: readonly SensitiveColumn[];
  readonly target: PostgresTargetAddress;
  /** How people are asked about requests for it. */
  readonly approvals?: ApprovalSettings | undefined;
}

export interface ApprovalSettings {
  /** Slack's id of the channel in which people are asked: `C…`. */
  readonly slackChannel?: string | undefined;
  readonly remindAfterSeconds?: number | undefined;
}

export type Resource = PostgresResource;
export type ResourceKind = Resource['kind'];

/** The action names the mode too: `connect` vends a credential; with the others Latchkey executes statements itself. */
export type ResourceAction = 'postgres:connect' | RunAction;

/** Actions whose operations Latchkey executes itself, one for each class of statement. */
export type RunAction = `postgres:${StatementClass}`;

export const RUN_ACTIONS: readonly RunAction[] = ['postgres:read', 'postgres:write', 'postgres:ddl'];
export const RESOURCE_ACTIONS: readonly ResourceAction[] = ['postgres:connect', ...RUN_ACTIONS];

export const isRunAction = (action: string): action is RunAction => RUN_ACTIONS.some((run) => run === action);

export const classOf = (action: RunAction): StatementClass => CLASSES[action];

const CLASSES: Readonly<Record<RunAction, StatementClass>> = {
  'postgres:read': 'read',
  'postgres:write': 'write',
  'postgres:ddl': 'ddl',
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
  /** The role that `vend` assumes to sign for `lk_…` users of this resource, and nothing else. */
  readonly roleArn: string;
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
