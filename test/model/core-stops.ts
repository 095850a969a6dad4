import type { ContainmentsRead } from '../../lambdas/app/ports-of-containment.ts';
import { recordContainment } from '../../lambdas/app/record-containment.ts';
import type { Containment, ContainmentScope, PassFound } from '../../lambdas/core/containment/containment.ts';
import { isStanding } from '../../lambdas/core/containment/containment.ts';
import {
  liftContainment,
  placeContainment,
  recordPass,
} from '../../lambdas/core/containment/containment-life.ts';
import { registerOf, registerWith, registerWithout } from '../../lambdas/core/containment/register.ts';
import type { Change } from '../../lambdas/core/grant/change.ts';
import { owesEnding } from '../../lambdas/core/grant/end-grant.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import { containmentId } from '../../lambdas/core/grant/ids.ts';
import { type ContainmentRegister, isContained } from '../../lambdas/core/grant/use-grant.ts';
import { again, CONTEXT, end, type Life, newRandom, refused } from './core-life.ts';
import { tombstone } from './core-tasks.ts';
import type { Came } from './world.ts';

const wordOf = (name: string, { scene }: Life) => ({
  by: { issuer: 'https://id.example.com', subject: name, name },
  why: 'it misbehaves',
  at: scene.clock(),
});

const write = async (
  { tables, pass, scene }: Life,
  { head, stored }: ContainmentsRead,
  { change, next }: { readonly change: Change<Containment>; readonly next?: ContainmentRegister },
): Promise<Containment | 'lost'> => {
  const { state, entry } = recordContainment(change, head, { context: CONTEXT, at: scene.clock() });
  const register = next ? { register: { was: stored, next } } : {};
  const outcome = await pass(() =>
    tables.stops.containments.commit({ containment: state, entry, ...register }),
  );
  return outcome === 'lost' ? 'lost' : state;
};

const readStops = ({ tables, pass }: Life) => pass(() => tables.stops.containments.read());

export const placeStop = async (life: Life, scope: ContainmentScope): Promise<Came> => {
  const placed = await again(async () => {
    const read = await readStops(life);
    const again = read.containments.find((one) => isStanding(one) && one.scope.key === scope.key);
    if (again) return again;
    const change = placeContainment(
      { id: containmentId(newRandom()), scope, holders: [] },
      wordOf('dora', life),
    );
    return write(life, read, { change, next: registerWith(read.stored.register, scope) });
  });
  await life.pass(() => life.scene.signal(placed.id, 'pass'));
  return { came: 'done', made: placed.id };
};

export const liftStop = (life: Life, id: string): Promise<Came> =>
  again(async () => {
    const read = await readStops(life);
    const stop = read.containments.find((one) => one.id === id);
    if (!stop || !isStanding(stop)) return refused('over');
    const others = read.containments.filter((one) => isStanding(one) && one.id !== id);
    const scopes = others.map(({ scope }) => scope);
    const next = registerWithout(read.stored.register, stop.scope, scopes);
    const change = liftContainment(stop, wordOf('eve', life));
    return (await write(life, read, { change, next })) === 'lost' ? 'lost' : { came: 'done' };
  });

/** Whatever lives within is ended; the second look that finds nothing, long enough after the stop, settles it. */
export const passOver = async (life: Life, id: string): Promise<void> => {
  const stop = await life.pass(() => life.tables.stops.containments.find(id));
  if (stop?.state !== 'holding') return;
  const found = await endWithin(life, stop.scope);
  await again(async () => {
    const read = await readStops(life);
    const now = read.containments.find((one) => one.id === id);
    const change = now?.state === 'holding' ? recordPass(now, found) : undefined;
    return change ? write(life, read, { change }) : now;
  });
};

const endWithin = async (life: Life, scope: ContainmentScope): Promise<PassFound> => {
  const { tables, pass, scene } = life;
  const found = { at: scene.clock(), grants: 0, runs: 0, approvals: 0, tasks: 0, owed: 0 };
  if (scope.kind !== 'resource')
    for (const task of await pass(async () => [...tables.tasks.values()]))
      if (task.state === 'open' && (scope.kind !== 'task' || scope.key === task.id)) {
        await tombstone(life, task.id, 'contained');
        found.tasks += 1;
      }
  for (const grant of await pass(async () => [...tables.grants.values()])) {
    if (!isContained(registerOf(scope), grant)) continue;
    if (!isOver(grant)) found.grants += 1;
    const now = isOver(grant) ? grant : await end(life, grant.id, 'contained');
    if (now && owesEnding(now)) found.owed += 1;
  }
  return found;
};
