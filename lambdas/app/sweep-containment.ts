import type { EventContext } from '../core/audit/event.ts';
import type { Containment, PassFound } from '../core/containment/containment.ts';
import { recordPass } from '../core/containment/containment-life.ts';
import { CONTAINMENT_SETTLE_MAX_MS } from '../core/containment/limits.ts';
import { decideUntilCommitted } from './attempts.ts';
import { type EndWithinDeps, endWithin } from './end-within.ts';
import type { Containments } from './ports-of-containment.ts';
import { recordContainment } from './record-containment.ts';

export interface SweepContainmentDeps extends EndWithinDeps {
  readonly containments: Pick<Containments, 'find' | 'read' | 'commit'>;
}

export interface SweepContainmentsDeps extends SweepContainmentDeps {
  readonly containments: SweepContainmentDeps['containments'] & Pick<Containments, 'list'>;
}

/** A pass of each that holds. Answers how many have something in them that does not end. */
export const sweepContainments = async (
  deps: SweepContainmentsDeps,
  tolerate: (about: string, act: () => Promise<unknown>) => Promise<void>,
  context: EventContext,
): Promise<number> => {
  let unsettled = 0;
  for (const { id, state, placed } of await deps.containments.list()) {
    if (state !== 'holding') continue;
    const isLate = deps.clock() >= placed.at + CONTAINMENT_SETTLE_MAX_MS;
    let swept: Containment | undefined;
    await tolerate(id, async () => {
      swept = await sweepContainment(deps, id, context);
    });
    // Also when the pass itself failed.
    if (isLate && (swept === undefined || swept.state === 'holding')) unsettled += 1;
  }
  return unsettled;
};

/** One pass of a stop that holds, as it is afterwards. Two at a time do no harm: what one ends, the other finds ended. */
export const sweepContainment = async (
  deps: SweepContainmentDeps,
  id: string,
  context: EventContext,
): Promise<Containment | undefined> => {
  const containment = await deps.containments.find(id);
  if (containment?.state !== 'holding') return containment;
  const found = await endWithin(deps, containment, context);
  return decideUntilCommitted(() => keepPass(deps, { id, found }, context), deps.backoff);
};

/** By now it may have been lifted, or another pass have come first: what was ended stays ended all the same. */
const keepPass = async (
  deps: SweepContainmentDeps,
  { id, found }: { readonly id: string; readonly found: PassFound },
  context: EventContext,
): Promise<Containment | undefined | 'lost'> => {
  const { head, containments } = await deps.containments.read();
  const containment = containments.find((one) => one.id === id);
  if (containment?.state !== 'holding') return containment;
  const change = recordPass(containment, found);
  if (!change) return containment;
  const { state, entry } = recordContainment(change, head, { context, at: deps.clock() });
  const outcome = await deps.containments.commit({ containment: state, entry });
  return outcome === 'lost' ? 'lost' : state;
};
