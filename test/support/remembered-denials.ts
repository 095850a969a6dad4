import { deniedBy, type EndedSessions, stillDenied } from '../../lambdas/core/aws/ended-policy.ts';
import { markOf } from '../../lambdas/core/grant/ids.ts';

export interface Denials {
  /** Everything of this grant is refused from here on. `until` is when the last of it ends by itself; `at` is by the target's clock. */
  end(ended: { readonly grantId: string; readonly until: number; readonly at: number }): void;
  refuse(one: { readonly grantId: string; readonly issuedAt: number }): boolean;
}

/** A role's deny policy, written anew from the list of what has ended whenever it is asked, as the schedule does each minute. */
export const rememberedDenials = (clock: () => number): Denials => {
  const ended: EndedSessions[] = [];
  return {
    end: ({ grantId, until, at }) =>
      void ended.push({ grantId, mark: markOf(grantId), until, issuedBefore: at }),
    refuse({ grantId, issuedAt }) {
      const { marks, issuedBefore } = deniedBy(stillDenied(ended, clock()));
      return marks.includes(markOf(grantId)) || (issuedBefore !== undefined && issuedAt < issuedBefore);
    },
  };
};
