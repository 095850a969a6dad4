import type { Change } from '../grant/change.ts';
import { SECOND_MS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import type {
  Containment,
  HoldingContainment,
  LiftedContainment,
  PassFound,
  SettledContainment,
  StandingContainment,
  Word,
} from './containment.ts';
import { CONTAINMENT_PASS_GAP_MS, CONTAINMENT_QUIET_SECONDS } from './limits.ts';

export const placeContainment = (
  asked: Pick<Containment, 'id' | 'scope' | 'holders'>,
  placed: Word,
): Change<HoldingContainment> => ({
  next: {
    ...asked,
    version: 0,
    state: 'holding',
    placed,
    passes: 0,
    lastPass: undefined,
    emptySince: undefined,
  },
  fact: {
    type: 'containment.placed',
    containment: asked.id,
    scope: asked.scope.kind,
    key: asked.scope.key,
    names: asked.holders.map(({ name }) => name),
    why: placed.why,
  },
});

/** From then on whatever read the register before the stop was placed has committed or never will. */
export const quietAt = ({ placed }: Pick<Containment, 'placed'>): EpochMs =>
  placed.at + CONTAINMENT_QUIET_SECONDS * SECOND_MS;

/**
 * What a pass makes of it: settled with the second that counts and finds nothing. Undefined where it found only what the
 * one before it had left behind, which is in the trail already.
 */
export const recordPass = (
  containment: HoldingContainment,
  found: PassFound,
): Change<HoldingContainment | SettledContainment> | undefined => {
  const isEmpty = endedIn(found) === 0 && found.owed === 0;
  const counts = isEmpty && found.at >= quietAt(containment);
  const { emptySince, ...core } = { ...containment, passes: containment.passes + 1, lastPass: found };
  if (counts && emptySince !== undefined)
    return found.at >= emptySince + CONTAINMENT_PASS_GAP_MS ? settled(core, found.at) : undefined;
  if (!counts && isOldNews(containment, found)) return undefined;
  const { at: _, ...counted } = found;
  return {
    next: { ...core, state: 'holding', emptySince: counts ? found.at : undefined },
    fact: { type: 'containment.pass', containment: core.id, pass: core.passes, ...counted, counts },
  };
};

const endedIn = ({ grants, runs, approvals, tasks }: PassFound): number => grants + runs + approvals + tasks;

const isOldNews = ({ lastPass, emptySince }: HoldingContainment, found: PassFound): boolean =>
  lastPass !== undefined && emptySince === undefined && endedIn(found) === 0 && found.owed === lastPass.owed;

const settled = (
  core: Omit<SettledContainment, 'state' | 'settledAt'>,
  at: EpochMs,
): Change<SettledContainment> => ({
  next: { ...core, state: 'settled', settledAt: at },
  fact: {
    type: 'containment.settled',
    containment: core.id,
    passes: core.passes,
    settledAfterMs: at - core.placed.at,
  },
});

/** Gives nothing back: what was ended under it stays ended, and what is still being ended goes on to its end. */
export const liftContainment = (
  containment: StandingContainment,
  lifted: Word,
): Change<LiftedContainment> => ({
  next: {
    id: containment.id,
    version: containment.version,
    scope: containment.scope,
    holders: containment.holders,
    placed: containment.placed,
    passes: containment.passes,
    lastPass: containment.lastPass,
    state: 'lifted',
    settledAt: containment.state === 'settled' ? containment.settledAt : undefined,
    lifted,
  },
  fact: {
    type: 'containment.lifted',
    containment: containment.id,
    scope: containment.scope.kind,
    key: containment.scope.key,
    from: containment.state,
    why: lifted.why,
  },
});
