import { normalise } from './detect/normalise.ts';

/** What stands in place of a value that was hidden. The category is a name of ours or of the configuration. */
export const maskMarker = (category: string, rest = ''): string =>
  rest === '' ? `[masked:${category}]` : `[masked:${category} ${rest}]`;

const BEGINNING = '[masked:';

/**
 * Whether a text holds what a mask left behind. A write of it would destroy the value that was hidden, so it is refused,
 * also when something on the way changed case, width or spaces.
 */
export const holdsMaskMarker = (text: string): boolean =>
  normalise(text).text.replace(/\s/g, '').toLowerCase().includes(BEGINNING);
