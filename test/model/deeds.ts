import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { broughtFor, KINDS } from '../support/kinds.ts';
import {
  type Command,
  command,
  doAndLearn,
  hasGrants,
  hasTasks,
  interruption,
  latest,
  pick,
  proceed,
  toldOf,
} from './command.ts';
import { assertHolds, known } from './holds.ts';
import { type Given, type Model, mayLive } from './model.ts';
import type { Deed, GrantDeed, World } from './world.ts';

const deeds = <A>(
  drawn: fc.Arbitrary<A>,
  what: {
    readonly calls: number;
    readonly told: (drawn: A) => string;
    readonly isPossible?: (model: Model) => boolean;
    readonly deed: (model: Model, drawn: A) => Deed;
  },
): fc.Arbitrary<Command> =>
  fc.tuple(drawn, interruption(what.calls)).map(([given, stop]) =>
    command({
      told: `${what.told(given)}${toldOf(stop)}`,
      ...(what.isPossible ? { isPossible: what.isPossible } : {}),
      async play(model, world) {
        await doAndLearn(model, world, { deed: what.deed(model, given), stop });
      },
    }),
  );

export const openTask = deeds(fc.constantFrom(undefined, 30, 600), {
  calls: 1,
  told: (leaseSeconds) => `open a task${leaseSeconds === undefined ? '' : ` for ${leaseSeconds} s`}`,
  deed: (_, leaseSeconds) => ({ what: 'open task', leaseSeconds }),
});

export const ofTask = (what: 'heartbeat' | 'end task') =>
  deeds(pick, {
    calls: what === 'heartbeat' ? 4 : 12,
    told: (which) => `${what} ${which}`,
    isPossible: hasTasks,
    deed: ({ tasks }, which) => ({ what, task: latest(tasks.keys(), which) }),
  });

const CALLS: Readonly<Record<GrantDeed, number>> = {
  activate: 8,
  'end access': 5,
  release: 5,
  revoke: 4,
};

export const ofGrant = (what: GrantDeed) =>
  deeds(pick, {
    calls: CALLS[what],
    told: (which) => `${what} ${which}`,
    isPossible: hasGrants,
    deed: ({ grants }, which) => ({ what, grant: latest(grants.keys(), which) }),
  });

export const vendTo = (model: Model, grant: string): Deed => ({
  what: 'vend',
  grant,
  ...broughtFor(known(model, grant).kind, grant),
});

export const vend = deeds(pick, {
  calls: 4,
  told: (which) => `vend ${which}`,
  isPossible: hasGrants,
  deed: (model, which) => vendTo(model, latest(model.grants.keys(), which)),
});

/** Somebody who has one grant brings the key of another. */
export const vendWithKeyOf = deeds(fc.record({ which: pick, whose: pick }), {
  calls: 4,
  told: ({ which, whose }) => `vend ${which} with the key of ${whose}`,
  isPossible: hasGrants,
  deed: (model, { which, whose }) => {
    const keyed = [...model.grants.values()].filter(({ kind }) => kind === 'ssh').map(({ id }) => id);
    if (keyed.length === 0) return vendTo(model, latest(model.grants.keys(), which));
    return { what: 'vend', grant: latest(keyed, which), ...broughtFor('ssh', latest(keyed, whose)) };
  },
});

export const ask = (kinds: readonly ResourceKind[]) =>
  deeds(
    fc.record({ which: pick, kind: fc.constantFrom(...kinds), seconds: fc.constantFrom(60, 600, 3_600) }),
    {
      calls: 3,
      told: ({ which, kind, seconds }) => `ask ${kind} for ${seconds} s in task ${which}`,
      isPossible: hasTasks,
      deed: ({ tasks }, { which, kind, seconds }) => ({
        what: 'ask',
        task: latest(tasks.keys(), which),
        kind,
        seconds,
      }),
    },
  );

export const sweep = deeds(fc.constant(undefined), {
  calls: 20,
  told: () => 'sweep',
  deed: () => ({ what: 'sweep' }),
});

const useLatest = async (model: Model, world: World, which: number): Promise<void> => {
  const one = latest(model.given, which);
  const isIn = await world.use(one.credential);
  model.tell(isIn ? 'a credential opens something' : 'a credential is refused');
  if (mustOpen(model, one, world.now())) assert.ok(isIn, `${one.credential} opens nothing`);
  await assertHolds(model, world);
};

export const use = pick.map((which) =>
  command({
    told: `use credential ${which}`,
    isPossible: ({ given }) => given.length > 0,
    play: (model, world) => useLatest(model, world, which),
  }),
);

/** Access as it is meant to be. */
export const askAndUse = (kinds: readonly ResourceKind[]): fc.Arbitrary<Command> =>
  fc.constantFrom(...kinds).map((kind) =>
    command({
      told: `ask ${kind}, vend and use it`,
      isPossible: hasTasks,
      async play(model, world) {
        const task = latest(model.tasks.keys(), 0);
        const deed = { what: 'ask', task, kind, seconds: 600 } as const;
        const asked = await doAndLearn(model, world, { deed, stop: undefined });
        if (asked.came !== 'done' || asked.made === undefined) return;
        const vended = vendTo(model, asked.made);
        const came = await doAndLearn(model, world, { deed: vended, stop: undefined });
        if (came.came === 'done') await useLatest(model, world, 0);
      },
    }),
  );

/** What is fresh, of a grant that lives, at a target whose clock does not matter: if it opened nothing, nothing would be shown. */
const mustOpen = (model: Model, { grantId, at, skewMs }: Given, now: number): boolean => {
  const grant = known(model, grantId);
  const theirs = now + skewMs;
  return (
    mayLive(model, grant, now) &&
    model.seen.grants.get(grantId)?.state === 'active' &&
    !model.away.has(grant.kind) &&
    now === at &&
    skewMs === (model.skews.get(grant.kind) ?? 0) &&
    theirs < Math.min(at + KINDS[grant.kind].nature.opensForMs, grant.windowEnd ?? 0)
  );
};

export const goOn = fc.record({ which: pick, as: fc.constantFrom('resumed', 'killed') }).map((how) =>
  command({
    told: `what is paused (${how.which}) is ${how.as}`,
    isPossible: ({ pausedCount }) => pausedCount() > 0,
    play: (model, world) => proceed(model, world, how),
  }),
);
