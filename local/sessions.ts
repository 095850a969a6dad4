import { randomBytes } from 'node:crypto';
import type { RoleSource } from './assembly.ts';
import { type AccessRequest, allows } from './iam.ts';

/**
 * Keys that the local stack has given out, and what stands behind them. `expiration` is in milliseconds since 1970, and
 * a function's own keys have none; `arn` is `arn:aws:sts::<account>:assumed-role/<role>/<session>`; `context` holds
 * condition keys that every call of this session carries.
 */
export type Session = ReturnType<Sessions['issue']>;

interface Wanted {
  readonly roleArn: string;
  readonly name: string;
  readonly expiration?: number;
  readonly context?: AccessRequest['context'];
}

export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #roles: ReadonlyMap<string, RoleSource>;

  constructor(roles: readonly RoleSource[]) {
    this.#roles = new Map(roles.map((role) => [role.arn, role]));
  }

  role(arn: string): RoleSource | undefined {
    return this.#roles.get(arn);
  }

  lookup(accessKeyId: string): Session | undefined {
    return this.#sessions.get(accessKeyId);
  }

  issue({ roleArn, name, expiration, context }: Wanted) {
    const [account = '', path] = roleArn.replace(':iam:', ':sts:').split(':role/');
    const session = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(96).toString('base64'),
      expiration,
      roleArn,
      arn: `${account}:assumed-role/${path?.split('/').at(-1)}/${name}`,
      context: { ...context, 'aws:PrincipalArn': [roleArn] },
    };
    this.#sessions.set(session.accessKeyId, session);
    return session;
  }

  /** For a session, or for a service that acts with a role itself. Unknown roles may do nothing. */
  isAllowed(who: Session | string, request: AccessRequest): boolean {
    const { roleArn, context } = typeof who === 'string' ? { roleArn: who, context: {} } : who;
    const asked = { ...request, context: { ...context, ...request.context } };
    return allows(this.#roles.get(roleArn)?.policies ?? [], asked);
  }
}
