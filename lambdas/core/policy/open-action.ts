import type { PolicySource } from '../config/compiled.ts';
import { parsePolicy } from './parse-policy.ts';

/** Whether a policy names no action in its head, and so speaks of every action there is. */
export const isActionOpen = ({ text }: PolicySource): boolean => parsePolicy(text).action.op === 'All';

/**
 * A permit for every action would also show every category as it is: `unmask` is an action like the others, and no guard
 * rail could tell that nobody meant it. A forbid may leave them out, and takes `unmask` away with the rest.
 */
export const isOpenPermit = (policy: PolicySource): boolean =>
  isActionOpen(policy) && parsePolicy(policy.text).effect === 'permit';

export const NAME_THE_ACTIONS =
  'Name the actions, as in `action == Action::"postgres:read"` or `action in [Action::"postgres:read", Action::"postgres:write"]`: a permit for any action is one for `unmask` too, and shows what is sensitive.';

/** For a forbid that asks the context for what only some actions have there. */
export const OPEN_ACTION_HINT =
  'Without actions in its head the policy is about `unmask` and about what people may do too, of which the context knows other things: name the actions.';
