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
}

export type Resource = PostgresResource;
export type ResourceKind = Resource['kind'];

/** The action names the mode too: `connect` vends a credential. */
export type ResourceAction = 'postgres:connect';
export const RESOURCE_ACTIONS: readonly ResourceAction[] = ['postgres:connect'];

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
