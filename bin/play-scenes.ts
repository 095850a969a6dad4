import { SECOND_MS } from '../lambdas/core/limits.ts';
import { toIso } from '../lambdas/core/time.ts';
import type { Scene } from './audit-replay.ts';
import { sceneLines } from './scene-lines.ts';
import { type Output, paint } from './terminal.ts';

/** Longer pauses are told, and cut to this: nobody sits through the hour in which an agent did nothing. */
export const PAUSE_MAX_MS = 10 * SECOND_MS;

export interface Pace {
  /** Pauses are divided by this. */
  readonly speed: number;
  /** Undefined: one scene right after the other. */
  readonly pause: ((milliseconds: number) => Promise<unknown>) | undefined;
}

/** Plays scenes with the pauses that lay between them, the time in front of each. */
export const playScenes = async (output: Output, scenes: readonly Scene[], pace: Pace): Promise<void> => {
  let last: number | undefined;
  for (const scene of scenes) {
    const { at } = scene.entry;
    const passed = Math.max(0, at - (last ?? at));
    last = at;
    if (passed > PAUSE_MAX_MS) output.write(`${paint(output, 'dim', `… ${seconds(passed)} pass`)}\n`);
    await pace.pause?.(Math.min(passed / pace.speed, PAUSE_MAX_MS));
    const [title = '', ...details] = sceneLines(output, scene);
    output.write(`${paint(output, 'dim', toIso(at))}  ${title}\n`);
    for (const detail of details) output.write(`  ${detail}\n`);
  }
};

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / SECOND_MS)} s`;

/**
 * One scene as a line of JSON: the entry's own fields, and beside them what the vault keeps. What could command a
 * terminal is escaped, so the line means the same to a program and is harmless to look at.
 */
export const sceneJson = ({ entry, ...kept }: Scene): string => {
  const { at, chain, seq, hash, event } = entry;
  return JSON.stringify({ at, chain, seq, hash, event, ...kept }).replace(COMMANDING, escaped);
};

const COMMANDING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
