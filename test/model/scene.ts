import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { NOW } from '../support/facts.ts';
import { rememberedPlaces } from '../support/kinds.ts';
import { assertRecorded } from './holds.ts';
import type { World } from './world.ts';

type Around = Pick<
  World,
  | 'kinds'
  | 'now'
  | 'pass'
  | 'setSkew'
  | 'setAway'
  | 'setWorkflows'
  | 'setPolicy'
  | 'use'
  | 'usable'
  | 'left'
  | 'secretOf'
>;

export interface Signal {
  readonly grant: string;
  readonly step: 'activate' | 'end access';
}

/** What happens around us, where targets only remember: clocks, outages, and what a holder does with a credential. */
export const newScene = (kinds: readonly ResourceKind[]) => {
  const time = { now: NOW };
  const clock = () => time.now;
  const places = rememberedPlaces(clock);
  const all = Object.values(places);
  const switches = { workflows: true, gives: true, policies: 1 };
  /** What the workflows that are started or signalled have still to do. */
  const signals: Signal[] = [];
  const signal = async (grant: string, step: Signal['step']): Promise<void> => {
    if (switches.workflows) signals.push({ grant, step });
  };
  const around: Around = {
    kinds,
    now: clock,
    pass(ms) {
      time.now += ms;
    },
    setSkew(kind, ms) {
      places[kind].control.skewMs = ms;
    },
    setAway(kind, isAway) {
      places[kind].control.isAway = isAway;
    },
    setWorkflows(work) {
      switches.workflows = work;
    },
    setPolicy(gives) {
      if (gives !== switches.gives) switches.policies += 1;
      switches.gives = gives;
    },
    use: async (credential) => all.some((place) => place.use(credential) !== undefined),
    usable: async (credentials) => all.flatMap((place) => place.usable(credentials)),
    left: async () => all.flatMap(({ made }) => [...made]),
    secretOf: (credential) =>
      all.flatMap((place) => place.credentials.get(credential)?.secret ?? [])[0] ?? '',
  };
  return {
    time,
    clock,
    places,
    switches,
    signals,
    signal,
    around,
    /** Checks each credential that is pushed, at the instant at which it becomes usable. */
    watchReleases(trail: World['trail']) {
      for (const { control } of all) control.onRelease = (credential) => assertRecorded(trail, credential);
    },
    /** Of the policies that are deployed now. */
    digest: () => String(switches.policies).padStart(64, 'd'),
  };
};

export type Scene = ReturnType<typeof newScene>;
