import type { Rule } from './kubernetes-objects.ts';
import { KUBERNETES_REVIEWS_MAX_COUNT } from './limits.ts';

/** One right, as a `LocalSubjectAccessReview` asks about it. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly verb: string;
  /** Of one object; undefined: of any. */
  readonly name: string | undefined;
}

/** Asked about whatever the role gave, so that a role that is gone, or empty, still leaves something to prove. */
const ALWAYS: readonly Right[] = [
  { group: '', resource: 'pods', subresource: '', verb: 'list', name: undefined },
  { group: '', resource: 'secrets', subresource: '', verb: 'get', name: undefined },
  { group: '', resource: 'pods', subresource: 'exec', verb: 'create', name: undefined },
];

/**
 * Rights that a user of these rules has, to be asked about when it must not have them any more. At most so many as one proof asks: of
 * each rule the first ones, so that none is left out.
 */
export const rightsToAskAbout = (rules: readonly Rule[]): readonly Right[] => {
  const byRule = [...rules.map(rightsOf), [...ALWAYS]];
  const longest = Math.max(...byRule.map(({ length }) => length));
  const inTurns = Array.from({ length: longest }, (_, turn) =>
    byRule.flatMap((rights) => rights[turn] ?? []),
  );
  const once = new Map(inTurns.flat().map((right) => [JSON.stringify(right), right]));
  return [...once.values()].slice(0, KUBERNETES_REVIEWS_MAX_COUNT);
};

const rightsOf = ({ apiGroups, resources, verbs, resourceNames }: Rule): Right[] => {
  const names = resourceNames.length > 0 ? resourceNames : [undefined];
  return apiGroups.flatMap((group) =>
    resources.flatMap((full) => {
      const [resource = '', subresource = ''] = full.split('/');
      return verbs.flatMap((verb) => names.map((name) => ({ group, resource, subresource, verb, name })));
    }),
  );
};
