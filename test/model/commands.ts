import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { AWS_CLOCK_SKEW_MS, SECOND_MS } from '../../lambdas/core/limits.ts';
import type { Interruption } from '../support/kill-at.ts';
import { broughtFor, KINDS } from '../support/kinds.ts';
import { assertHolds, known } from './holds.ts';
import { learn } from './learn.ts';
import { type Given, type Model, mayLive } from './model.ts';
import type { Came, Deed, GrantDeed, World } from './world.ts';

type Command = fc.AsyncCommand<Model, World>;

interface Event {
  readonly told: string;
  readonly isPossible?: (model: Model) => boolean;
  readonly play: (model: Model, world: World) => Promise<void>;
}

const command = ({ told, isPossible = () => true, play }: Event): Command => ({
  check: isPossible,
  run: play,
  toString: () => told,
});

/** The latest is the first: what has just begun is the most likely to go wrong, and to be left when a failure is made smaller. */
const latest = <T>(things: Iterable<T>, pick: number): T => {
  const all = [...things];
  const found = all.at(-1 - (pick % all.length));
  assert.ok(found !== undefined);
  return found;
};

const pick = fc.nat(9);
/** Before or after any of the calls that such a deed makes, of which it has about so many. */
const interruption = (calls: number): fc.Arbitrary<Interruption | undefined> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        point: fc.integer({ min: 1, max: 2 * calls }),
        how: fc.constantFrom('paused', 'killed'),
      }),
    },
  );

const toldOf = (stop: Interruption | undefined): string => (stop ? ` (${stop.how} at ${stop.point})` : '');

const doAndLearn = async (
  model: Model,
  world: World,
  { deed, stop }: { readonly deed: Deed; readonly stop: Interruption | undefined },
): Promise<Came> => {
  const before = model.seen;
  const came = await world.perform(deed, stop);
  await learn(model, world, { deed, came, before, isWhole: stop === undefined || came.came === 'refused' });
  return came;
};

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

const hasTasks = ({ tasks }: Model) => tasks.size > 0;
const hasGrants = ({ grants }: Model) => grants.size > 0;

const openTask = deeds(fc.constantFrom(undefined, 30, 600), {
  calls: 1,
  told: (leaseSeconds) => `open a task${leaseSeconds === undefined ? '' : ` for ${leaseSeconds} s`}`,
  deed: (_, leaseSeconds) => ({ what: 'open task', leaseSeconds }),
});

const ofTask = (what: 'heartbeat' | 'end task') =>
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

const ofGrant = (what: GrantDeed) =>
  deeds(pick, {
    calls: CALLS[what],
    told: (which) => `${what} ${which}`,
    isPossible: hasGrants,
    deed: ({ grants }, which) => ({ what, grant: latest(grants.keys(), which) }),
  });

const vendTo = (model: Model, grant: string): Deed => ({
  what: 'vend',
  grant,
  ...broughtFor(known(model, grant).kind, grant),
});

const vend = deeds(pick, {
  calls: 4,
  told: (which) => `vend ${which}`,
  isPossible: hasGrants,
  deed: (model, which) => vendTo(model, latest(model.grants.keys(), which)),
});

/** Somebody who has one grant brings the key of another. */
const vendWithKeyOf = deeds(fc.record({ which: pick, whose: pick }), {
  calls: 4,
  told: ({ which, whose }) => `vend ${which} with the key of ${whose}`,
  isPossible: hasGrants,
  deed: (model, { which, whose }) => {
    const keyed = [...model.grants.values()].filter(({ kind }) => kind === 'ssh').map(({ id }) => id);
    if (keyed.length === 0) return vendTo(model, latest(model.grants.keys(), which));
    return { what: 'vend', grant: latest(keyed, which), ...broughtFor('ssh', latest(keyed, whose)) };
  },
});

const ask = (kinds: readonly ResourceKind[]) =>
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

const sweep = deeds(fc.constant(undefined), {
  calls: 20,
  told: () => 'sweep',
  deed: () => ({ what: 'sweep' }),
});

/** What is around us changes; everything that held must hold still. */
const around = <A>(
  drawn: fc.Arbitrary<A>,
  what: {
    readonly told: (drawn: A) => string;
    readonly change: (model: Model, world: World, drawn: A) => void;
  },
): fc.Arbitrary<Command> =>
  drawn.map((given) =>
    command({
      told: what.told(given),
      async play(model, world) {
        what.change(model, world, given);
        await assertHolds(model, world);
      },
    }),
  );

const pass = around(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 * SECOND_MS }) },
    { weight: 3, arbitrary: fc.constantFrom(60 * SECOND_MS, 75 * SECOND_MS) },
    { weight: 1, arbitrary: fc.constantFrom(610 * SECOND_MS, 3_700 * SECOND_MS) },
  ),
  { told: (ms) => `${ms} ms pass`, change: (_, world, ms) => world.pass(ms) },
);

const skew = (kinds: readonly ResourceKind[]) =>
  around(
    fc.record({
      kind: fc.constantFrom(...kinds),
      ms: fc
        .constantFrom(-AWS_CLOCK_SKEW_MS, 0, AWS_CLOCK_SKEW_MS)
        .chain((most) => fc.integer({ min: Math.min(0, most), max: Math.max(0, most) })),
    }),
    {
      told: ({ kind, ms }) => `the clock of ${kind} is ${ms} ms ahead`,
      change: (model, world, { kind, ms }) => {
        model.skews.set(kind, ms);
        world.setSkew(kind, ms);
      },
    },
  );

/** The target's clock is as far behind as it may be when the window of a grant is over by ours. */
const justAfterWindow = fc
  .record({ which: pick, lateMs: fc.integer({ min: 0, max: AWS_CLOCK_SKEW_MS + SECOND_MS }) })
  .map(({ which, lateMs }) =>
    command({
      told: `${lateMs} ms after the window of grant ${which}, by a clock that is behind`,
      isPossible: hasGrants,
      async play(model, world) {
        const { kind, windowEnd = 0 } = known(model, latest(model.grants.keys(), which));
        model.skews.set(kind, -AWS_CLOCK_SKEW_MS);
        world.setSkew(kind, -AWS_CLOCK_SKEW_MS);
        if (windowEnd > world.now()) world.pass(windowEnd + lateMs - world.now());
        await assertHolds(model, world);
      },
    }),
  );

const away = (kinds: readonly ResourceKind[]) =>
  around(fc.record({ kind: fc.constantFrom(...kinds), isAway: fc.boolean() }), {
    told: ({ kind, isAway }) => `${kind} is ${isAway ? 'away' : 'back'}`,
    change: (model, world, { kind, isAway }) => {
      if (isAway) model.away.add(kind);
      else model.away.delete(kind);
      world.setAway(kind, isAway);
    },
  });

const mostly = fc.constantFrom(true, true, false);

/** For long enough that it is tried again and again, ever less often. */
const outage = (kinds: readonly ResourceKind[]) =>
  fc
    .record({ kind: fc.constantFrom(...kinds), rounds: fc.integer({ min: 3, max: 10 }) })
    .map(({ kind, rounds }) =>
      command({
        told: `${kind} is away for ${rounds} rounds`,
        isPossible: hasGrants,
        async play(model, world) {
          model.away.add(kind);
          world.setAway(kind, true);
          for (let round = 0; round < rounds; round += 1) {
            world.pass(2 ** round * 10 * SECOND_MS);
            await doAndLearn(model, world, { deed: { what: 'sweep' }, stop: undefined });
          }
          model.away.delete(kind);
          world.setAway(kind, false);
        },
      }),
    );

const workflows = around(mostly, {
  told: (work) => `workflows and signals ${work ? 'arrive' : 'are lost'}`,
  change: (model, world, work) => {
    model.workflowsWork = work;
    world.setWorkflows(work);
  },
});

const policy = around(mostly, {
  told: (gives) => `policy gives ${gives ? 'it' : 'nothing'}`,
  change: (model, world, gives) => {
    if (gives !== model.gives) model.notGiven = new Set(gives ? [] : model.grants.keys());
    model.gives = gives;
    world.setPolicy(gives);
  },
});

const use = pick.map((which) =>
  command({
    told: `use credential ${which}`,
    isPossible: ({ given }) => given.length > 0,
    async play(model, world) {
      const one = latest(model.given, which);
      const isIn = await world.use(one.credential);
      model.tell(isIn ? 'a credential opens something' : 'a credential is refused');
      if (mustOpen(model, one, world.now())) assert.ok(isIn, `${one.credential} opens nothing`);
      await assertHolds(model, world);
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

const proceed = async (
  model: Model,
  world: World,
  { which, as }: { readonly which: number; readonly as: 'resumed' | 'killed' },
): Promise<void> => {
  const { deed, goOn } = latest(world.paused, which);
  const before = model.seen;
  await learn(model, world, { deed, came: await goOn(as), before, isWhole: false });
};

const goOn = fc.record({ which: pick, as: fc.constantFrom('resumed', 'killed') }).map((how) =>
  command({
    told: `what is paused (${how.which}) is ${how.as}`,
    isPossible: ({ pausedCount }) => pausedCount() > 0,
    play: (model, world) => proceed(model, world, how),
  }),
);

type Racer = GrantDeed | 'vend' | 'end task' | 'sweep';

const aboutGrant = (model: Model, what: Racer, grant: string): Deed => {
  if (what === 'sweep') return { what };
  if (what === 'vend') return vendTo(model, grant);
  return what === 'end task' ? { what, task: known(model, grant).task } : { what, grant };
};

/** Two at a time about one grant: one stands still somewhere while the other comes and goes, and then goes on. */
const race = fc
  .record({
    which: pick,
    slow: fc.constantFrom<Racer>('vend', 'vend', 'activate', 'end access', 'sweep'),
    quick: fc.constantFrom<Racer>('release', 'revoke', 'end task', 'end access', 'activate', 'vend', 'sweep'),
    point: fc.integer({ min: 1, max: 14 }),
    killedAt: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 }) },
    ),
  })
  .map(({ which, killedAt, ...racers }) => {
    const stop: Interruption | undefined =
      killedAt === undefined ? undefined : { point: killedAt, how: 'killed' };
    return command({
      told: `${racers.slow} ${which} (paused at ${racers.point}), meanwhile ${racers.quick}${toldOf(stop)}`,
      isPossible: hasGrants,
      play: (model, world) =>
        raceWith(model, world, { ...racers, grant: latest(model.grants.keys(), which), stop }),
    });
  });

interface Race {
  readonly grant: string;
  readonly slow: Racer;
  readonly quick: Racer;
  /** Where the slow one stands still, and where the quick one dies, if it does. */
  readonly point: number;
  readonly stop?: Interruption | undefined;
}

const raceWith = async (
  model: Model,
  world: World,
  { grant, slow, quick, point, stop }: Race,
): Promise<void> => {
  const before = world.paused.length;
  await doAndLearn(model, world, { deed: aboutGrant(model, slow, grant), stop: { point, how: 'paused' } });
  await doAndLearn(model, world, { deed: aboutGrant(model, quick, grant), stop });
  if (world.paused.length > before) await proceed(model, world, { which: 0, as: 'resumed' });
};

/** The same of one that is only now asked for, which nobody else activates. */
const raceToActive = (kinds: readonly ResourceKind[]) =>
  fc
    .record({
      kind: fc.constantFrom(...kinds),
      quick: fc.constantFrom<Racer>('release', 'revoke', 'end task', 'end access', 'activate', 'sweep'),
      point: fc.integer({ min: 1, max: 16 }),
    })
    .map(({ kind, quick, point }) =>
      command({
        told: `ask ${kind}, activate (paused at ${point}), meanwhile ${quick}`,
        isPossible: hasTasks,
        async play(model, world) {
          const work = model.workflowsWork;
          world.setWorkflows(false);
          model.workflowsWork = false;
          const task = latest(model.tasks.keys(), 0);
          const asked = await doAndLearn(model, world, {
            deed: { what: 'ask', task, kind, seconds: 600 },
            stop: undefined,
          });
          world.setWorkflows(work);
          model.workflowsWork = work;
          if (asked.came !== 'done' || asked.made === undefined) return;
          await raceWith(model, world, { grant: asked.made, slow: 'activate', quick, point });
        },
      }),
    );

const times = <A>(count: number, one: A): A[] => Array.from({ length: count }, () => one);

/** Everything that may happen, some of it more often. */
export const events = (kinds: readonly ResourceKind[]): fc.Arbitrary<Command>[] => [
  openTask,
  ofTask('heartbeat'),
  ofTask('end task'),
  ...times(5, ask(kinds)),
  ofGrant('activate'),
  ofGrant('end access'),
  ...times(5, vend),
  vendWithKeyOf,
  ...times(4, use),
  ofGrant('release'),
  ofGrant('revoke'),
  ...times(2, sweep),
  ...times(2, pass),
  skew(kinds),
  justAfterWindow,
  away(kinds),
  outage(kinds),
  workflows,
  policy,
  ...times(2, goOn),
  ...times(3, race),
  ...times(2, raceToActive(kinds)),
];

/** A task and some grants, or most of what may happen would happen to nothing. */
export const begin = async (
  model: Model,
  world: World,
  {
    leaseSeconds,
    kinds,
  }: { readonly leaseSeconds: number | undefined; readonly kinds: readonly ResourceKind[] },
): Promise<void> => {
  await doAndLearn(model, world, { deed: { what: 'open task', leaseSeconds }, stop: undefined });
  for (const kind of kinds) {
    const [task = ''] = model.tasks.keys();
    await doAndLearn(model, world, { deed: { what: 'ask', task, kind, seconds: 600 }, stop: undefined });
  }
};
