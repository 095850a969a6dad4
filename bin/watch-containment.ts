import { setTimeout as pause } from 'node:timers/promises';
import type { Wire } from './api-client.ts';
import { endingLines, progressLine } from './containment-lines.ts';
import type { Operator } from './operator-client.ts';
import { type Output, paint } from './terminal.ts';

const LOOK_EVERY_MS = 2_000;

/** Tells what changes until the stop has settled or somebody has lifted it. Who goes away leaves it standing. */
export const watchContainment = async (operator: Operator, id: string, output: Output): Promise<void> => {
  for (let told = ''; ; await pause(LOOK_EVERY_MS)) {
    const seen = await lookAt(operator, id);
    const lines = statusLines(output, seen);
    if (lines !== told) output.write(`${lines}\n`);
    told = lines;
    if (seen.state !== 'holding') return;
  }
};

export const lookAt = ({ client, ask }: Operator, id: string): Promise<Wire['ContainmentView']> =>
  ask(client.get<Wire['ContainmentView']>(`/v1/containments/${id}`));

/** How far it is, what is still being ended, and what has become of it. */
export const statusLines = (output: Output, seen: Wire['ContainmentView']): string =>
  [
    progressLine(seen),
    ...endingLines(output, seen),
    ...(seen.state === 'holding' ? [] : [endOf(output, seen)]),
  ].join('\n');

const endOf = (output: Output, { state, lifted }: Wire['ContainmentView']): string =>
  state === 'settled'
    ? paint(
        output,
        'green',
        'Settled: two passes have found nothing left. The stop stands until somebody else lifts it.',
      )
    : `Lifted by ${lifted?.by.name}: access is given again to what asks anew.`;
