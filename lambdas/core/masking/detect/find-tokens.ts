import type { Detection } from './detection.ts';
import { findAll, whole } from './detection.ts';

const JWT = /(?<![\w-])eyJ[\w-]{5,4096}\.[\w-]{2,65536}(?:\.[\w-]*){1,3}/g;

/** Signed and encrypted tokens: a header that is JSON, and two parts or more behind it. */
export const findJwts = (text: string): readonly Detection[] =>
  text.includes('eyJ')
    ? findAll(text, JWT, (match) => (hasHeader(match[0]) ? whole('jwt', match) : undefined))
    : [];

const hasHeader = (token: string): boolean => {
  try {
    const header = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8');
    return typeof JSON.parse(header) === 'object';
  } catch {
    return false;
  }
};

const BEGIN = '-----BEGIN ';
const END = '-----END ';

/** PEM blocks. One that was cut goes on to the end of the text, or begins at its start. */
export const findPems = (text: string): readonly Detection[] => {
  const found: Detection[] = [];
  let from = 0;
  let begin = text.indexOf(BEGIN);
  for (let end = text.indexOf(END); end !== -1; end = text.indexOf(END, from)) {
    const stop = endOfLabel(text, end + END.length);
    found.push({ category: 'pem', start: begin === -1 || begin > end ? from : begin, end: stop });
    from = stop;
    if (begin !== -1 && begin < from) begin = text.indexOf(BEGIN, from);
  }
  if (begin !== -1) found.push({ category: 'pem', start: begin, end: text.length });
  return found;
};

const endOfLabel = (text: string, start: number): number => {
  const label = /^[A-Z0-9 ]{0,40}-{0,5}/.exec(text.slice(start, start + 64))?.[0] ?? '';
  return start + label.length;
};
