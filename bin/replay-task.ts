import { setTimeout as pause } from 'node:timers/promises';
import { TASK_ID_PATTERN } from '../lambdas/core/grant/ids.ts';
import { SealBroken } from '../lambdas/core/vault/seal.ts';
import { type ReplaySource, type Scene, scenesOf } from './audit-replay.ts';
import { connectReplay, type ReplayPlaces } from './connect-replay.ts';
import { Mistakes } from './mistakes.ts';
import { playScenes, sceneJson } from './play-scenes.ts';
import type { Output } from './terminal.ts';

export interface ReplayAsk {
  readonly task: string;
  /** As given to `--speed`. */
  readonly speed: string | undefined;
  readonly pauses: boolean;
  readonly json: boolean;
}

/** Reads with the person's own AWS credentials. */
export const replayTask = async (output: Output, ask: ReplayAsk, places: ReplayPlaces): Promise<void> => {
  const source = connectReplay(places);
  try {
    await replay(output, ask, source);
  } finally {
    source.close();
  }
};

/** Throws `Mistakes` before anything is read, or played. */
export const replay = async (output: Output, ask: ReplayAsk, source: ReplaySource): Promise<void> => {
  const { task, json } = ask;
  const speed = Number(ask.speed ?? 1);
  if (!TASK_ID_PATTERN.test(task)) throw mistake('replay', `\`${task}\` is not the id of a task.`);
  if (!(speed > 0 && Number.isFinite(speed)))
    throw mistake('--speed', `\`${ask.speed}\` is not a number above 0.`);
  const scenes = await read(source, task);
  if (scenes.length === 0) throw mistake(task, 'there is no such task.');
  if (json) for (const scene of scenes) output.write(`${sceneJson(scene)}\n`);
  // A pipe has nobody to wait for the next scene.
  else await playScenes(output, scenes, { speed, pause: ask.pauses && output.isTTY ? pause : undefined });
};

const read = async (source: ReplaySource, task: string): Promise<readonly Scene[]> => {
  try {
    return await scenesOf(source, task);
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    throw mistake(task, 'what is kept of it is not what the trail says: it was changed or exchanged.');
  }
};

const mistake = (path: string, message: string): Mistakes => new Mistakes([{ file: 'audit', path, message }]);
