import { NOTICE_LIST_MAX_COUNT, NOTICE_NAME_MAX_CHARACTERS } from '../limits.ts';
import type { NoticeFacts } from './notice-facts.ts';
import { visibleText } from './visible-text.ts';

/** Names of environments that everybody takes for the real thing; policy guards by name and needs no such guess. */
const PRODUCTION = /^prod(uction)?$/i;

/** What should make a person look twice, the worst first; in our own words but for names of columns. */
export const risksOf = ({ approval, resource }: NoticeFacts): readonly string[] => {
  const { statements, action } = approval.asked;
  return [
    ...(PRODUCTION.test(resource.env) ? ['Production'] : []),
    ...(action === 'postgres:ddl' || statements.some((statement) => statement.class === 'ddl')
      ? ['Changes definitions (DDL)']
      : []),
    ...(statements.some(({ class: kind, bounded }) => kind === 'write' && !bounded)
      ? ['Unbounded write: nothing limits which rows it changes']
      : []),
    ...estimates(approval.found?.estimatedRows ?? []),
    ...sensitive(approval.found?.maskedColumns ?? []),
    ...(action === 'postgres:connect' ? ['A login: what is done with it is not shown beforehand'] : []),
  ];
};

const estimates = (rows: readonly (number | null)[]): readonly string[] => {
  if (rows.length === 0) return [];
  const known = rows.filter((count) => count !== null);
  if (known.length === 0) return ['The database could not estimate how many rows'];
  const sum = known.reduce((total, count) => total + count, 0);
  const rest = known.length < rows.length ? ', and statements that nobody could estimate' : '';
  const about = Math.round(sum);
  return [`About ${about} ${about === 1 ? 'row' : 'rows'}, as the database estimates${rest}`];
};

const sensitive = (columns: readonly string[]): readonly string[] => {
  if (columns.length === 0) return [];
  const named = columns
    .slice(0, NOTICE_LIST_MAX_COUNT)
    .map((column) => visibleText(column, NOTICE_NAME_MAX_CHARACTERS));
  return [`Sensitive columns: ${named.join(', ')}${moreThan(columns)}`];
};

/** The end of a list that shows only its beginning. */
export const moreThan = (list: readonly unknown[]): string =>
  list.length > NOTICE_LIST_MAX_COUNT ? ` and ${list.length - NOTICE_LIST_MAX_COUNT} more` : '';
