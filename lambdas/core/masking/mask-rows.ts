import type { ResultField } from '../sql/catalogue.ts';
import { isCard } from './detect/find-cards.ts';
import type { KeyedToken, MaskCounts } from './mask.ts';
import { maskMarker } from './mask-marker.ts';
import { maskText } from './mask-text.ts';
import { maskValue } from './mask-value.ts';
import type { ColumnPlan } from './plan-masks.ts';

/** A value in PostgreSQL's text format; null is SQL's NULL, and stays it. */
type Cell = string | null;

export interface Answer {
  readonly plans: readonly ColumnPlan[];
  readonly fields: readonly ResultField[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface MaskTools {
  readonly token: KeyedToken;
  /** Categories that policy unmasks for this caller. */
  readonly unmasked: ReadonlySet<string>;
}

export interface MaskedAnswer {
  readonly labels: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly masked: MaskCounts;
}

/** An answer as it may leave: columns by their plans, then whatever the detectors find in the rest, labels included. */
export const maskRows = ({ plans, fields, rows }: Answer, tools: MaskTools): MaskedAnswer => {
  const counts = new Map<string, number>();
  const count = (category: string): void => {
    counts.set(category, (counts.get(category) ?? 0) + 1);
  };
  const masks = fields.map((field, at) => cellMask(plans[at], field, { tools, count }));
  const labels = fields.map(({ name }) => detected(name, tools, count));
  const masked = rows.map((row) =>
    row.map((cell, at) => {
      const mask = masks[at];
      if (cell === null) return null;
      if (mask) return mask(cell);
      count('undecided');
      return maskMarker('undecided');
    }),
  );
  return { labels, rows: masked, masked: Object.fromEntries(counts) };
};

type Count = (category: string) => void;
type MaskCell = (cell: string) => string;

const cellMask = (
  plan: ColumnPlan | undefined,
  { typeOid }: ResultField,
  { tools, count }: { readonly tools: MaskTools; readonly count: Count },
): MaskCell | undefined => {
  if (plan === undefined || plan.kind === 'undecided') return undefined;
  if (plan.kind === 'sensitive')
    return (cell) => {
      count(plan.category);
      return maskValue(cell, plan, tools.token);
    };
  if (NEVER_TEXT.has(typeOid)) return (cell) => cell;
  if (LONG_NUMBERS.has(typeOid)) return (cell) => cardNumber(cell, tools, count);
  if (typeOid === BYTEA) return (cell) => bytes(cell, tools, count);
  return (cell) => detected(cell, tools, count);
};

/** bool, int2, int4, oid, float4, float8, money, date, time, timestamp, timestamptz, interval, timetz, uuid. */
const NEVER_TEXT: ReadonlySet<number> = new Set([
  ...[16, 21, 23, 26, 700, 701, 790, 1082, 1083, 1114, 1184, 1186, 1266, 2950],
]);
/** int8 and numeric: long enough for the number of a card. */
const LONG_NUMBERS: ReadonlySet<number> = new Set([20, 1700]);
const BYTEA = 17;

const detected = (text: string, { unmasked }: MaskTools, count: Count): string => {
  const masked = maskText(text, unmasked);
  for (const category of masked.categories) count(category);
  return masked.text;
};

const cardNumber = (cell: string, { unmasked }: MaskTools, count: Count): string => {
  if (cell.length < 13 || unmasked.has('card')) return cell;
  const digits = /^-?(\d+)(?:\.0*)?$/.exec(cell)?.[1];
  if (digits === undefined || !isCard(digits)) return cell;
  count('card');
  return maskMarker('card');
};

/** In `\x…` or, on old settings, in `\ooo` escapes; whole, since a part of encoded bytes would tell the rest. */
const bytes = (cell: string, { unmasked }: MaskTools, count: Count): string => {
  const octets = cell.startsWith('\\x') ? Buffer.from(cell.slice(2), 'hex') : unescaped(cell);
  const readings = [octets.toString('utf8'), octets.toString('latin1').replaceAll('\0', '')];
  for (const reading of readings) {
    const [category] = maskText(reading, unmasked).categories;
    if (category === undefined) continue;
    count(category);
    return maskMarker(category);
  }
  return cell;
};

const unescaped = (cell: string): Buffer =>
  Buffer.from(
    cell.replace(/\\(?:([0-7]{3})|\\)/g, (_, octal: string | undefined) =>
      octal === undefined ? '\\' : String.fromCharCode(Number.parseInt(octal, 8)),
    ),
    'latin1',
  );
