import type { PrincipalEntry } from '../core/config/issuer.ts';
import type { Resource } from '../core/config/resource.ts';
import type { ContainedHolder, ContainmentScope } from '../core/containment/containment.ts';
import { EVERYTHING } from '../core/containment/containment.ts';
import { TASK_ID_PATTERN } from '../core/grant/ids.ts';
import type { Task } from '../core/grant/task.ts';
import { principalKey } from '../core/identity/principal.ts';
import type { Stop } from './containment-rights.ts';
import type { Store } from './ports.ts';

export interface FindStopDeps {
  readonly store: Pick<Store, 'readTask' | 'listTasks'>;
  readonly principals: readonly PrincipalEntry[];
  readonly resources: readonly Pick<Resource, 'id'>[];
}

/** What somebody wants to stop. A principal is named as `principals.yaml` names it, or by its key. */
export type StopAsk = ContainmentScope;

/** Undefined: there is no such thing, and a stop of it would stop nothing. A key may be of somebody who has never been here. */
export const findStop = async (deps: FindStopDeps, ask: StopAsk): Promise<Stop | undefined> => {
  switch (ask.kind) {
    case 'everything':
      return { scope: EVERYTHING, holders: [] };
    case 'resource':
      return deps.resources.some(({ id }) => id === ask.key) ? { scope: ask, holders: [] } : undefined;
    case 'task':
      return findTask(deps, ask);
    case 'principal':
      return findPrincipal(deps, ask);
  }
};

const findTask = async (deps: FindStopDeps, scope: ContainmentScope): Promise<Stop | undefined> => {
  const task = TASK_ID_PATTERN.test(scope.key) ? await deps.store.readTask(scope.key) : undefined;
  return task && { scope, holders: [holderOf(task)] };
};

const PRINCIPAL_KEY = /^[0-9a-f]{32}$/;

const findPrincipal = async (deps: FindStopDeps, ask: ContainmentScope): Promise<Stop | undefined> => {
  const named = deps.principals.find(({ name }) => name === ask.key);
  const key = keyOf(named) ?? (PRINCIPAL_KEY.test(ask.key) ? ask.key : undefined);
  if (key === undefined) return undefined;
  const listed = deps.principals.flatMap((entry) =>
    keyOf(entry) === key && entry.subject !== undefined ? [{ ...entry, subject: entry.subject }] : [],
  );
  // Those whom the file knows by their claims alone, and those whom it does not know.
  const seen = (await deps.store.listTasks(key, undefined)).items.map(holderOf);
  return { scope: { kind: 'principal', key }, holders: distinct([...listed.map(ofEntry), ...seen]) };
};

/** An entry that is matched by claims alone says nothing of which subject that will be. */
const keyOf = (entry: PrincipalEntry | undefined): string | undefined =>
  entry?.subject === undefined ? undefined : principalKey({ issuer: entry.issuer, subject: entry.subject });

const ofEntry = ({
  issuer,
  subject,
  type,
  name,
  owners,
}: PrincipalEntry & { readonly subject: string }): ContainedHolder => ({
  issuer,
  subject,
  type,
  name,
  owners,
});

const holderOf = ({ principal, owners }: Task): ContainedHolder => ({ ...principal, owners });

/** By what a caller is known as; the first of its kind is the one that the file has. */
const distinct = (holders: readonly ContainedHolder[]): readonly ContainedHolder[] =>
  holders.filter(
    (holder, index) =>
      holders.findIndex(({ type, name }) => type === holder.type && name === holder.name) === index,
  );
