import type { Detection, Finder } from './detection.ts';
import { forEachMatch } from './detection.ts';
import { hasLongRun } from './has-long-run.ts';

interface Encoding {
  readonly mayBeIn: (text: string) => boolean;
  readonly run: RegExp;
  readonly decode: (run: string) => string;
}

/** Seven bytes in hexadecimal, ten in base64. */
const RUN_MIN_CHARACTERS = 14;

/** PostgreSQL breaks base64 into lines. A run is looked at once, and not again inside. */
const ENCODINGS: readonly Encoding[] = [
  {
    mayBeIn: (text) => hasLongRun(text, RUN_MIN_CHARACTERS),
    run: /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{14,}(?:\r?\n[A-Za-z0-9+/_-]+)*={0,2}/g,
    decode: (run) => Buffer.from(run, 'base64').toString('utf8'),
  },
  {
    mayBeIn: (text) => hasLongRun(text, RUN_MIN_CHARACTERS),
    run: /(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){7,}(?![0-9A-Fa-f])/g,
    decode: (run) => Buffer.from(run, 'hex').toString('utf8'),
  },
  {
    mayBeIn: (text) => text.includes('%'),
    run: /[^\s%"'<>]{0,64}(?:%[0-9A-Fa-f]{2}[^\s%"'<>]{0,64})+/g,
    decode: (run) =>
      run
        .replace(/\+/g, ' ')
        .replace(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) =>
          Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
        ),
  },
  {
    mayBeIn: (text) => /\\[unrtbf/"]/.test(text),
    run: /[^\s\\"]{0,64}(?:\\(?:u[0-9A-Fa-f]{4}|[nrtbf/"\\])[^\s\\"]{0,64})+/g,
    decode: (run) =>
      run.replace(/\\(?:u([0-9A-Fa-f]{4})|([nrtbf/"\\]))/g, (_, code: string | undefined, short: string) =>
        code === undefined
          ? /["/\\]/.test(short)
            ? short
            : ' '
          : String.fromCharCode(Number.parseInt(code, 16)),
      ),
  },
];

/** Shorter than any thing that is looked for. */
const DECODED_MIN_CHARACTERS = 7;

/** Runs that hide, once decoded, what `find` finds. The whole run is taken: a part of it would tell the rest. */
export const findEncoded = (text: string, find: Finder): readonly Detection[] =>
  ENCODINGS.flatMap((encoding) => (encoding.mayBeIn(text) ? runsOf(text, encoding, find) : []));

const runsOf = (text: string, { run, decode }: Encoding, find: Finder): readonly Detection[] => {
  const found: Detection[] = [];
  forEachMatch(text, run, (match) => {
    const decoded = decode(match[0]).replaceAll('\0', '');
    if (decoded.length < DECODED_MIN_CHARACTERS || !isReadable(decoded)) return;
    const [hit] = find(decoded);
    if (hit) found.push({ category: hit.category, start: match.index, end: match.index + match[0].length });
  });
  return found;
};

const SAMPLE_CHARACTERS = 4_096;

/** Bytes that are no text were something else. A long one is judged by its beginning. */
const isReadable = (decoded: string): boolean => {
  const sample = decoded.slice(0, SAMPLE_CHARACTERS);
  const unreadable = sample.replace(/[\t\n\r\x20-\x7e\u00a0-\ufffc]/g, '').length;
  return unreadable * 10 <= sample.length;
};
