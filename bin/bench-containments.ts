import { createHash } from 'node:crypto';
import { createApiClient, type Wire } from './api-client.ts';
import type { Bench } from './bench-crew.ts';
import type { RouteResult } from './bench-results.ts';
import { measure } from './bench-routes.ts';
import { expect } from './expect-status.ts';

/** Stops of nobody, one after the other, each lifted by a second person. Measured while little lives: reading one looks at all that does. */
export const measureContainments = async (bench: Bench): Promise<readonly RouteResult[]> => {
  const { baseUrl, getPersonToken } = bench.stack;
  const [ana, jonas] = await Promise.all(
    (['ana.silva', 'jonas.weber'] as const).map(async (name) =>
      createApiClient(baseUrl, await getPersonToken(name)),
    ),
  );
  if (!ana || !jonas) throw new TypeError('two people are needed');
  const ids: string[] = [];
  const at = (turn: number) => `/v1/containments/${ids[turn % ids.length]}`;
  return [
    await measure(bench, 'contain', async (turn) => {
      const stop = { scope: 'principal', key: keyOf(turn), why: 'benchmark' };
      const placed = expect(await ana.post<Wire['ContainmentView']>('/v1/containments', stop), 201);
      ids.push(placed.body.id);
      return placed;
    }),
    await measure(bench, 'listContainments', async () => expect(await ana.get('/v1/containments'), 200)),
    await measure(bench, 'readContainment', async (turn) => expect(await ana.get(at(turn)), 200)),
    await measure(bench, 'liftContainment', async (turn) =>
      expect(await jonas.end(at(turn), { why: 'benchmark' }), 200),
    ),
  ];
};

/** Of another nobody for each turn, so that nobody is stopped. */
const keyOf = (turn: number): string =>
  createHash('sha256').update(`nobody ${turn}`).digest('hex').slice(0, 32);
