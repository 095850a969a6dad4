import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Backoff, Clock, RandomBytes, Sleep } from '../app/ports.ts';
import { COMMIT_BACKOFF_MS } from '../core/limits.ts';

/** Time and chance, the two things the inner layers never take for themselves. */
export const systemClock: Clock = () => Date.now();

export const systemSleep: Sleep = (ms) => pause(ms);

export const systemBackoff: Backoff = (tried) => pause(Math.random() * COMMIT_BACKOFF_MS * 2 ** tried);

export const systemRandom: RandomBytes = (count) => randomBytes(count);
