import type { ResourceKind } from '../lambdas/core/config/resource.ts';
import type { LocalStack } from '../local/stack.ts';
import { AWS_ACCESS } from './access-aws.ts';
import { EKS_ACCESS } from './access-eks.ts';
import { MYSQL_ACCESS } from './access-mysql.ts';
import { POSTGRES_ACCESS, POSTGRES_PASSWORD_ACCESS } from './access-postgres.ts';
import { SSH_ACCESS } from './access-ssh.ts';

/** Something that was opened with a vended credential, by the tools that its holder would use. */
export interface OpenAccess {
  /** Uses it. Throws what refuses it. */
  use(): Promise<void>;
  /** Resolves when it was cut (`performance.now()`): where each use is asked about by itself, when one was refused. */
  cut(): Promise<number>;
  close(): Promise<void>;
}

/** What a caller does with access of one kind, in the sample configuration on this machine. */
export interface KindAccess {
  /** Beside task, duration and reason. */
  readonly request: { readonly resource: string; readonly action: string; readonly profile?: string };
  /** For one credential: what is sent with the request for it, and how what is answered opens something. */
  newHolder(): {
    readonly body?: object;
    open(stack: LocalStack, credential: unknown): Promise<OpenAccess>;
  };
}

/** What is measured, by the name of its row: each kind, and each way to prove oneself where one has two. */
export const MEASURED = {
  postgres: { kind: 'postgres', access: POSTGRES_ACCESS },
  'postgres, passwords': { kind: 'postgres', access: POSTGRES_PASSWORD_ACCESS },
  'mysql, passwords': { kind: 'mysql', access: MYSQL_ACCESS },
  aws: { kind: 'aws', access: AWS_ACCESS },
  ssh: { kind: 'ssh', access: SSH_ACCESS },
  eks: { kind: 'eks', access: EKS_ACCESS },
} as const satisfies Readonly<Record<string, { readonly kind: ResourceKind; readonly access: KindAccess }>>;

export type MeasuredName = keyof typeof MEASURED;
export const MEASURED_NAMES = Object.keys(MEASURED) as readonly MeasuredName[];

/** One of each kind, which the model plays. */
export const KIND_ACCESS: Readonly<Record<ResourceKind, KindAccess>> = {
  postgres: POSTGRES_ACCESS,
  mysql: MYSQL_ACCESS,
  aws: AWS_ACCESS,
  ssh: SSH_ACCESS,
  eks: EKS_ACCESS,
};

/** Whose target is on this stack: MySQL needs a server that npm does not bring. */
export const kindsOn = ({ servers }: Pick<LocalStack, 'servers'>): readonly ResourceKind[] =>
  (Object.keys(KIND_ACCESS) as ResourceKind[]).filter(
    (kind) => kind !== 'mysql' || servers.has(KIND_ACCESS.mysql.request.resource),
  );
