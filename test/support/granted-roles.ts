import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { postgresTarget } from '../../lambdas/adapters/postgres/postgres-target.ts';
import type { CloseReport } from '../../lambdas/app/ports-of-targets.ts';
import type { PostgresResource } from '../../lambdas/core/config/resource.ts';
import { databaseUser, grantId, taskId } from '../../lambdas/core/grant/ids.ts';
import { ACTIVATING } from './facts.ts';
import { startDatabase, type TestDatabase } from './postgres.ts';

export interface GrantedRole {
  readonly id: string;
  readonly user: string;
  /** A session as the caller would have it. */
  logIn(change?: object): Promise<Client>;
  close(): Promise<CloseReport>;
}

export interface GrantedRoles {
  readonly database: TestDatabase;
  readonly resource: PostgresResource;
  readonly newGrantId: () => string;
  /** With the rights of the resource's template, unless another one is named. */
  open(template?: string): Promise<GrantedRole>;
  /** One statement of the instance's own superuser: its first row. */
  look(text: string, values?: unknown[]): Promise<Record<string, unknown> | undefined>;
  /** Several statements of the same, for their effect. */
  run(text: string): Promise<void>;
  exists(user: string): Promise<boolean>;
  stop(): Promise<void>;
}

export const newGrantId = (): string => grantId(taskId(randomBytes(20)), randomBytes(12));

/** A database with the port on it, and whatever grants a test opens. Every session is closed with it. */
export const startGrantedRoles = async (auth: 'iam' | 'password' = 'iam'): Promise<GrantedRoles> => {
  const database = await startDatabase(undefined, auth);
  const { resource, signOwn } = database;
  const target = postgresTarget({ signOwn, clock: Date.now });
  const superuser = await database.postgres.asSuperuser('orders');
  const sessions: Client[] = [superuser];
  const look: GrantedRoles['look'] = async (text, values = []) =>
    (await superuser.query<Record<string, unknown>>(text, values)).rows[0];
  return {
    database,
    resource,
    newGrantId,
    look,
    run: async (text) => void (await superuser.query(text)),
    async open(template = resource.target.templateRole) {
      const id = newGrantId();
      await target.open({
        resource: { ...resource, target: { ...resource.target, templateRole: template } },
        grant: { ...ACTIVATING, id },
        isStillWanted: async () => true,
      });
      return {
        id,
        user: databaseUser(id),
        async logIn(change = {}) {
          const session = await database.logIn(databaseUser(id), change);
          sessions.push(session);
          return session;
        },
        close: () => target.close({ resource, grantId: id, grant: undefined, since: Date.now() }),
      };
    },
    exists: async (user) => (await look('SELECT FROM pg_roles WHERE rolname = $1', [user])) !== undefined,
    async stop() {
      for (const session of sessions) await session.end().catch(() => undefined);
      await database.stop();
    },
  };
};
