import type { Detection } from './detection.ts';

const LOCAL_MAX_CHARACTERS = 64;
const LOCAL = /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
const EDGE = /[\p{L}\p{N}_]/u;
const DOMAIN = /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}\p{L}{2,24}/uy;

/** Addresses with a domain of two labels or more. */
export const findEmails = (text: string): readonly Detection[] => {
  const found: Detection[] = [];
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const start = startOf(text, at);
    if (start === at) continue;
    DOMAIN.lastIndex = at + 1;
    const domain = DOMAIN.exec(text);
    if (domain) found.push({ category: 'email', start, end: at + 1 + domain[0].length });
  }
  return found;
};

/** Quotes and braces before the first letter belong to what is around. */
const startOf = (text: string, at: number): number => {
  let start = at;
  while (start > 0 && at - start < LOCAL_MAX_CHARACTERS && LOCAL.test(text.charAt(start - 1))) start -= 1;
  while (start < at && !EDGE.test(text.charAt(start))) start += 1;
  return start;
};
