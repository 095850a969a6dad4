import type { Detection } from './detect/detection.ts';
import { detect } from './detectors.ts';
import { maskJson } from './mask-json.ts';
import { maskMarker } from './mask-marker.ts';

/** `categories` has one member for each thing that was hidden. */
export interface MaskedText {
  readonly text: string;
  readonly categories: readonly string[];
}

/**
 * Free text with what the detectors find replaced: errors, notices, labels, plans, values. What is JSON stays JSON.
 * Categories that policy unmasks are left as they are.
 */
export const maskText = (text: string, unmasked: ReadonlySet<string>): MaskedText => {
  const found = detect(text, unmasked);
  if (found.length === 0) return { text, categories: [] };
  return isJson(text) ? maskDocument(text, unmasked) : replace(text, found);
};

/** String by string; and whole, as a string, when what is left still tells something that no string tells alone. */
const maskDocument = (json: string, unmasked: ReadonlySet<string>): MaskedText => {
  const inside = maskJson(json, (text) => maskPlain(text, unmasked));
  const left = detect(inside.text, unmasked).filter(({ start }) => !inside.text.startsWith(MARKER, start));
  if (left.length === 0) return inside;
  const masked = replace(inside.text, left);
  const categories = [...inside.categories, ...masked.categories];
  if (isJson(masked.text)) return { text: masked.text, categories };
  return { text: JSON.stringify(maskMarker(left[0]?.category ?? 'undecided')), categories };
};

/** What every marker begins with: one that stands behind the name of a secret looks like the secret. */
const MARKER = '[masked:';

const maskPlain = (text: string, unmasked: ReadonlySet<string>): MaskedText => {
  const found = detect(text, unmasked);
  return found.length === 0 ? { text, categories: [] } : replace(text, found);
};

const replace = (text: string, found: readonly Detection[]): MaskedText => {
  let masked = '';
  let at = 0;
  for (const { category, start, end } of found) {
    masked += text.slice(at, start) + maskMarker(category);
    at = end;
  }
  return { text: masked + text.slice(at), categories: found.map(({ category }) => category) };
};

const isJson = (text: string): boolean => {
  if (!/^\s*[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
