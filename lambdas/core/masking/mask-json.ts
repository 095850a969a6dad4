import type { MaskedText } from './mask-text.ts';

type MaskInside = (text: string) => MaskedText;

/** The tokens of valid JSON that hold anything, and the colon that makes a string a key. */
const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON with its strings, keys and numbers masked one by one, and everything between them untouched: spaces, order, keys
 * that occur twice, numbers of any size. A number that is masked becomes a string. A value is looked at with its key
 * before it, which may say what it is.
 */
export const maskJson = (json: string, maskInside: MaskInside): MaskedText => {
  const categories: string[] = [];
  let key = '';
  const text = json.replace(TOKEN, (token: string, colon: string | undefined) => {
    const string = colon === undefined ? token : token.slice(0, token.length - colon.length);
    const value = string.startsWith('"') ? String(JSON.parse(string)) : string;
    const masked = colon === undefined ? maskWithKey(key, value, maskInside) : maskInside(value);
    key = colon === undefined ? '' : value;
    categories.push(...masked.categories);
    return masked.categories.length === 0 ? token : JSON.stringify(masked.text) + (colon ?? '');
  });
  return { text, categories };
};

/** Masked behind its key, unless that would hide a part of the key too; then by itself. */
const maskWithKey = (key: string, value: string, maskInside: MaskInside): MaskedText => {
  if (key === '') return maskInside(value);
  const prefix = `${key}=`;
  const own = maskInside(key).categories.length;
  const masked = own > 0 ? undefined : maskInside(prefix + value);
  if (!masked?.text.startsWith(prefix)) return maskInside(value);
  return { text: masked.text.slice(prefix.length), categories: masked.categories };
};
