import { API_FUNCTION_TIMEOUT_SECONDS } from '../limits.ts';

/**
 * What read the register before a stop was placed may still commit for this long: the longest call of the API, and the
 * difference that clocks of ours may have. Until then, that nothing is found says nothing.
 */
export const CONTAINMENT_QUIET_SECONDS = API_FUNCTION_TIMEOUT_SECONDS + 7;
/** Two passes that find nothing lie at least this far apart: the index that they look into lags, by less than a second. */
export const CONTAINMENT_PASS_GAP_MS = 10_000;
/** Things that one pass looks at at once. It reaches no target: workflows do, in their own time. */
export const CONTAINMENT_CONCURRENCY = 10;
/** Stops that stand at a time: the register is read with every use, so it stays small. One of everything does for all. */
export const CONTAINMENTS_MAX_COUNT = 200;
/** What was lifted is shown for this long; the trail keeps it. */
export const CONTAINMENT_KEPT_SECONDS = 90 * 24 * 3_600;
/** A stop that has not settled after this long has something in it that does not end. */
export const CONTAINMENT_SETTLE_MAX_MS = 10 * 60_000;
/** Ids that an answer lists of what is still being ended; it counts all of them. */
export const STILL_ENDING_LISTED_MAX_COUNT = 100;
