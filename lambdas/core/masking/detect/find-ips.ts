import type { Detection } from './detection.ts';
import { findAll, whole } from './detection.ts';

const V4 = /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\w|\.\d)/g;
const V6 = /(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])/g;
const GROUPS = 8;

/** Addresses of both kinds, private ones too: they draw a map of the inside. */
export const findIps = (text: string): readonly Detection[] => [
  ...findAll(text, V4, (match) => whole('ip', match)),
  ...(text.includes(':')
    ? findAll(text, V6, (match) => (isV6(match[0]) ? whole('ip', match) : undefined))
    : []),
];

/** Eight groups, or fewer with one gap. A gap alone is a cast or a namespace, so there it takes digits too. */
const isV6 = (text: string): boolean => {
  const [left = '', right, more] = text.split('::');
  const groups = [...left.split(':'), ...(right ?? '').split(':')].filter((group) => group !== '');
  const isWell = groups.every((group) => group.length <= 4 || group.includes('.'));
  const count = groups.length + (text.includes('.') ? 1 : 0);
  if (!isWell || more !== undefined || (left.endsWith(':') && right === undefined)) return false;
  if (right === undefined) return count === GROUPS && !text.startsWith(':') && !text.endsWith(':');
  return count < GROUPS && count > 0 && /\d/.test(text) && (count > 1 || left === '');
};
