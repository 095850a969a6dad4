/** Milliseconds since 1970 UTC. On the wire times are ISO 8601 strings in UTC with milliseconds. */
export type EpochMs = number;

export const toIso = (at: EpochMs): string => new Date(at).toISOString();
