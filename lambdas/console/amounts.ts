import { SECOND_MS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { toIso } from '../core/time.ts';
import { type Html, html } from './html.ts';

/** `900 seconds (15 minutes)`: the exact number and one that people think in. */
export const duration = (seconds: number): string => {
  const spoken = spokenDuration(seconds);
  const exact = seconds === 1 ? '1 second' : `${seconds} seconds`;
  return spoken === exact ? exact : `${exact} (${spoken})`;
};

/** `2 h 5 min`, cut and not rounded, since nothing should seem longer than it is. */
export const spokenDuration = (seconds: number): string => {
  if (seconds < 120) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${seconds % 60 === 0 ? '' : 'over '}${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
};

/** A page without a script cannot know where its reader is, so times are UTC and say how far away they are. */
export const instant = (at: EpochMs, now: EpochMs): Html =>
  html`<time datetime="${toIso(at)}">${toIso(at).slice(0, 19).replace('T', ' ')} UTC</time> (${distance(at, now)})`;

const distance = (at: EpochMs, now: EpochMs): string => {
  const exact = Math.floor(Math.abs(at - now) / SECOND_MS);
  const seconds = exact < 120 ? exact : exact - (exact % 60);
  return at >= now ? `in ${spokenDuration(seconds)}` : `${spokenDuration(seconds)} ago`;
};

/** `1 person`, `3 people` */
export const counted = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`;
