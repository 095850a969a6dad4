import { randomBytes } from 'node:crypto';
import type { RoleSource } from './assembly.ts';
import { type AccessRequest, type PolicyDocument, refusalBy } from './iam.ts';
import { ManagedPolicies } from './managed-policies.ts';

/**
 * Keys that the local stack has given out, and what stands behind them. `expiration` is in milliseconds since 1970, and
 * a function's own keys have none; `arn` is `arn:aws:sts::<account>:assumed-role/<role>/<session>`; `context` holds
 * condition keys that every call of this session carries; `policy` is the session's own.
 */
export type Session = ReturnType<Sessions['issue']>;

interface Wanted {
  readonly roleArn: string;
  readonly name: string;
  readonly expiration?: number | undefined;
  readonly context?: AccessRequest['context'];
  readonly policy?: PolicyDocument;
}

export class Sessions {
  /** AWS's clock, which need not be ours. Tests turn it. */
  clock = (): number => Date.now();
  readonly policies: ManagedPolicies;
  readonly #sessions = new Map<string, Session>();
  readonly #roles: ReadonlyMap<string, RoleSource>;

  constructor(roles: readonly RoleSource[], policies = new ManagedPolicies([])) {
    this.#roles = new Map(roles.map((role) => [role.arn, role]));
    this.policies = policies;
  }

  /** Whole seconds, as STS has them, in milliseconds since 1970. */
  now(): number {
    return Math.floor(this.clock() / 1000) * 1000;
  }

  role(arn: string): RoleSource | undefined {
    return this.#roles.get(arn);
  }

  lookup(accessKeyId: string): Session | undefined {
    return this.#sessions.get(accessKeyId);
  }

  issue({ roleArn, name, expiration, context, policy }: Wanted) {
    const [account = '', path] = roleArn.replace(':iam:', ':sts:').split(':role/');
    const session = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(96).toString('base64'),
      expiration,
      roleArn,
      arn: `${account}:assumed-role/${path?.split('/').at(-1)}/${name}`,
      context: {
        ...context,
        'aws:PrincipalArn': [roleArn],
        'aws:TokenIssueTime': [new Date(this.now()).toISOString()],
      },
      policy,
    };
    this.#sessions.set(session.accessKeyId, session);
    return session;
  }

  /** For a session, or for a service that acts with a role itself. Unknown roles may do nothing. See `refusalBy`. */
  refusalOf(who: Session | string, request: AccessRequest): string | undefined {
    const { roleArn, context, policy } =
      typeof who === 'string' ? { roleArn: who, context: {}, policy: undefined } : who;
    const now = { 'aws:CurrentTime': [new Date(this.clock()).toISOString()] };
    const asked = { ...request, context: { ...now, ...context, ...request.context } };
    const { policies = [], managed = [], boundary } = this.#roles.get(roleArn) ?? {};
    const layers = {
      'identity-based policy': [...policies, ...this.#documents(managed)],
      'permissions boundary': boundary === undefined ? undefined : this.#documents([boundary]),
      'session policy': policy && [policy],
    };
    return refusalBy(layers, asked);
  }

  #documents = (arns: readonly string[]) => arns.flatMap((arn) => this.policies.document(arn) ?? []);

  isAllowed(who: Session | string, request: AccessRequest): boolean {
    return this.refusalOf(who, request) === undefined;
  }
}
