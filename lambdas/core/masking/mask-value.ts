import type { KeyedToken, MaskForm } from './mask.ts';
import { maskMarker } from './mask-marker.ts';

/** 80 bits: two values of one task meet by chance in none of the tasks that will ever be. */
const TOKEN_CHARACTERS = 20;

export interface ValueMask {
  readonly category: string;
  readonly form: MaskForm;
}

/** A whole value in its form. `keep_last` keeps nothing of a value that is at most twice as long as what it keeps. */
export const maskValue = (value: string, { category, form }: ValueMask, token: KeyedToken): string => {
  if (form.kind === 'token') return maskMarker(category, `tk_${token(value).slice(0, TOKEN_CHARACTERS)}`);
  if (form.kind === 'redact') return maskMarker(category);
  const characters = [...value];
  if (form.count <= 0 || characters.length <= 2 * form.count) return maskMarker(category);
  return maskMarker(category, `…${characters.slice(-form.count).join('')}`);
};
