import { setTimeout as pause } from 'node:timers/promises';
import { DATABASE_FULL_PAUSE_MAX_MS, DATABASE_FULL_PAUSE_MS } from '../../core/database/limits.ts';

export interface RoomWish<T> {
  readonly attempt: () => Promise<T>;
  /** Whether this error means that the server, the database or the user has no connection left. */
  readonly isFull: (error: unknown) => boolean;
  readonly waitMs: number;
}

/** Does what connects again until there is room, for so long at most. Throws what the server said last. */
export const whenRoom = async <T>({ attempt, isFull, waitMs }: RoomWish<T>): Promise<T> => {
  const until = performance.now() + waitMs;
  for (let tried = 0; ; tried += 1)
    try {
      return await attempt();
    } catch (error) {
      if (!isFull(error) || performance.now() > until) throw error;
      await pauseBefore(tried);
    }
};

/** So that many who wait do not ask all at once, nor keep the server busy with asking. */
export const pauseBefore = (attempt: number): Promise<void> =>
  pause(Math.random() * Math.min(DATABASE_FULL_PAUSE_MS * 2 ** attempt, DATABASE_FULL_PAUSE_MAX_MS));
