import type { Detection } from './detection.ts';
import { findAll, forEachMatch, whole } from './detection.ts';
import { hasLongRun } from './has-long-run.ts';

/** Keys that say by their beginning whose they are. */
const SPEAKING = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    '(?:AKIA|ASIA|ABIA|ACCA|AIDA|AROA|AGPA|ANPA|ANVA|APKA)[A-Z0-9]{16}(?![A-Za-z0-9])',
    'gh[pousr]_[A-Za-z0-9]{36,255}',
    'github_pat_[A-Za-z0-9_]{22,255}',
    'glpat-[A-Za-z0-9_-]{20,64}',
    'xox[abeoprs]-[A-Za-z0-9-]{10,250}',
    'xapp-[A-Za-z0-9-]{10,250}',
    '[srp]k_(?:live|test)_[A-Za-z0-9]{10,250}',
    'whsec_[A-Za-z0-9+/=]{24,64}',
    'AIza[A-Za-z0-9_-]{35}',
    'ya29\\.[A-Za-z0-9_-]{20,512}',
    'GOCSPX-[A-Za-z0-9_-]{20,64}',
    'sk-[A-Za-z0-9_-]{20,250}',
    'npm_[A-Za-z0-9]{36}',
    'SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,64}',
    'hooks\\.slack\\.com/services/[A-Za-z0-9/]{20,80}',
  ].join('|')})`,
  'g',
);
/** One of these is in every key above; looking for them is much faster than looking for keys. */
const SIGNS: readonly string[] = [
  ...[
    'AKIA',
    'ASIA',
    'ABIA',
    'ACCA',
    'AIDA',
    'AROA',
    'AGPA',
    'ANPA',
    'ANVA',
    'APKA',
    'AIza',
    'ya29.',
    'GOCSPX-',
  ],
  ...[
    'ghp_',
    'gho_',
    'ghu_',
    'ghs_',
    'ghr_',
    'github_pat_',
    'glpat-',
    'npm_',
    'whsec_',
    'k_live_',
    'k_test_',
    'sk-',
  ],
  ...['xox', 'xapp-', 'SG.', 'hooks.slack.com'],
];

const IN_ADDRESS = /(?<=:\/\/)[^\s:@/"'<>]{0,128}:[^\s@/"'<>]{1,256}@/g;
const NAMED =
  /(?:passw(?:or)?d|passwd|\bpwd|passphrase|secret|api[_-]?key|access[_-]?key|auth[_-]?token|\btoken)["']?[ ]{0,3}(?:=|(?<=["'][ ]{0,3}):)[ ]{0,3}(?:"[^"\n]{4,512}|'[^'\n]{4,512}|[^\s"',;&]{4,512})/gi;
const AWS_NAME = /aws|secret|access.?key|AKIA|ASIA/gi;
const AWS_SECRET_CHARACTERS = 40;
const AWS_SECRET = /(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;
/** An AWS secret looks like any 40 characters of base64, so its name or its key id must be this near. */
const NEAR_CHARACTERS = 100;

/** Access keys, passwords in addresses, and whatever is called a password or a secret. */
export const findKeys = (text: string): readonly Detection[] => [
  ...(SIGNS.some((sign) => text.includes(sign))
    ? findAll(text, SPEAKING, (match) => whole('key', match))
    : []),
  ...(text.includes('://')
    ? findAll(text, IN_ADDRESS, (match) => ({ ...whole('key', match), end: endOf(match) - 1 }))
    : []),
  ...(text.includes('=') || text.includes(':') ? findAll(text, NAMED, namedValue) : []),
  ...(hasLongRun(text, AWS_SECRET_CHARACTERS) ? awsSecrets(text) : []),
];

const endOf = (match: RegExpExecArray): number => match.index + match[0].length;

/** The name stays, so that a reader sees what was there. */
const namedValue = (match: RegExpExecArray): Detection => {
  const name = /^[^=:]{1,64}[=:][ ]{0,3}["']?/.exec(match[0])?.[0].length ?? 0;
  return { category: 'key', start: match.index + name, end: endOf(match) };
};

const awsSecrets = (text: string): readonly Detection[] => {
  const names: number[] = [];
  forEachMatch(text, AWS_NAME, ({ index }) => names.push(index));
  let next = 0;
  return findAll(text, AWS_SECRET, (match) => {
    while (next < names.length && (names[next] ?? 0) < match.index - NEAR_CHARACTERS) next += 1;
    const isNear = (names[next] ?? Number.POSITIVE_INFINITY) < endOf(match) + NEAR_CHARACTERS;
    return isNear && /\d/.test(match[0]) && /[A-Z]/.test(match[0]) ? whole('key', match) : undefined;
  });
};
