import type * as z from 'zod';
import type { StillEnding } from '../app/list-containments.ts';
import type { Containment, PassFound, Word } from '../core/containment/containment.ts';
import { toIso } from '../core/time.ts';
import type { ContainmentView } from './containment-schemas.ts';

/** A stop as those see it who may. */
export const containmentView = (
  containment: Containment,
  stillEnding?: StillEnding,
): z.input<typeof ContainmentView> => ({
  id: containment.id,
  state: containment.state,
  scope: containment.scope.kind,
  key: containment.scope.key,
  names: containment.holders.map(({ name }) => name),
  placed: wordView(containment.placed),
  ...('settledAt' in containment && containment.settledAt !== undefined
    ? { settledAt: toIso(containment.settledAt) }
    : {}),
  ...(containment.state === 'lifted' ? { lifted: wordView(containment.lifted) } : {}),
  passes: containment.passes,
  ...(containment.lastPass ? { lastPass: passView(containment.lastPass) } : {}),
  ...(stillEnding ? { stillEnding: stillEndingView(stillEnding) } : {}),
});

const wordView = ({ by, why, at }: Word) => ({ by: { ...by }, why, at: toIso(at) });

const passView = ({ at, owed, ...ended }: PassFound) => ({ at: toIso(at), ended, owed });

const stillEndingView = ({ count, grants, runs }: StillEnding) => ({
  count,
  grants: grants.map(({ lastError, ...grant }) => ({
    ...grant,
    ...(lastError === undefined ? {} : { lastError }),
  })),
  runs: [...runs],
});
