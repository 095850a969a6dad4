import type { KindResult } from './bench-results.ts';
import { ms, table } from './bench-table.ts';
import type { MeasuredName } from './kind-access.ts';

/** What AWS itself does about access of a kind, stated: no figure of this machine can be better on AWS than it lets it be. */
const AWS_LIMITS: Readonly<Record<MeasuredName, string>> = {
  postgres: 'a login token opens sessions for 15 min, and cuts none',
  'postgres, passwords': 'a password opens sessions until it is changed',
  'mysql, passwords': 'a password opens sessions until it is changed',
  aws: 'no session is shorter than 15 min; a deny takes IAM seconds to minutes',
  ssh: 'a pushed key opens sessions for 60 s, and cuts none; Run Command takes seconds',
  eks: 'a token lives 15 min, and cannot be recalled',
};

export const KIND_TABLE_HEADER = [
  'kind',
  'time to credential p50',
  'p99',
  'time to dead p50',
  'p99',
  'max',
  'AWS’s own limit',
] as const;

/** One row for each kind, and for each way to prove oneself where it has two. */
export const kindRows = (kinds: readonly KindResult[]): readonly (readonly string[])[] =>
  kinds.map(({ name, credential, deadAfter }) => [
    name,
    ...[credential.p50, credential.p99].map(ms),
    ...[deadAfter.p50, deadAfter.p99, deadAfter.max].map(ms),
    AWS_LIMITS[name],
  ]);

/** What `docs/benchmarks.md` and `docs/revocation.md` both show. */
export const kindTable = (kinds: readonly KindResult[]): string => table(KIND_TABLE_HEADER, kindRows(kinds));

const FROM = '<!-- npm run bench writes this table -->';
const TO = '<!-- and goes no further -->';

/** A page with the table between its marks replaced. Throws where there is no place for it. */
export const withKindTable = (page: string, written: string): string => {
  const [before, rest, ...others] = page.split(FROM);
  const [, after, ...more] = (rest ?? '').split(TO);
  if (before === undefined || after === undefined || others.length + more.length > 0)
    throw new TypeError('the page has not just one place for the table');
  return `${before}${FROM}\n\n${written}\n\n${TO}${after}`;
};

/** What stands between the marks. */
export const kindTableIn = (page: string): string => page.split(FROM)[1]?.split(TO)[0]?.trim() ?? '';
