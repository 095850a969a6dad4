import * as z from 'zod';
import { type ActivateDeps, activateGrant } from '../app/activate-grant.ts';
import type { Invocation, Software } from '../app/caller.ts';
import { systemContext } from '../app/caller.ts';
import { type EndAccessDeps, endAccess } from '../app/end-access.ts';
import { type ReconcileDeps, reconcileTarget } from '../app/reconcile-target.ts';
import type { Grant } from '../core/grant/grant.ts';
import { GRANT_ID_PATTERN } from '../core/grant/ids.ts';
import type { ActivateAnswer, EndAnswer } from './grant-task.ts';
import { TaskError } from './task-error.ts';

export const GrantId = z.string().regex(GRANT_ID_PATTERN);

/** What every function does that reaches targets. Ids only: what is to be done with a grant is read from the grant. */
export const TargetTaskSchema = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('activate'), grantId: GrantId }),
  z.strictObject({ step: z.literal('end'), grantId: GrantId }),
  z.strictObject({ step: z.literal('reconcile'), resourceId: z.string().max(64) }),
]);

export type TargetDeps = ActivateDeps & EndAccessDeps & ReconcileDeps & { readonly software: Software };

export const targetTask =
  (deps: TargetDeps) => async (task: z.output<typeof TargetTaskSchema>, invocation: Invocation) => {
    const context = systemContext(invocation, deps.software);
    switch (task.step) {
      case 'activate':
        return activateAnswer(await activateGrant(deps, task.grantId, context));
      case 'end':
        return endAnswer(await endAccess(deps, task.grantId, context));
      case 'reconcile': {
        const resource = deps.resources.find(({ id }) => id === task.resourceId);
        if (!resource) throw new TaskError('refused', 'no such resource');
        return { orphans: await reconcileTarget(deps, resource, context) };
      }
      default:
        return task satisfies never;
    }
  };

const activateAnswer = (activated: Awaited<ReturnType<typeof activateGrant>>): ActivateAnswer =>
  activated ? { active: true, ...activated } : { active: false, waitSeconds: 1, leaseSeconds: 0 };

/** Not dead yet is an error, so that the machine tries again with its own patience before it leaves it to the sweeper. */
const endAnswer = (grant: Grant | undefined): EndAnswer => {
  if (!grant) throw new TaskError('refused', 'no such grant');
  const ending = 'ending' in grant ? grant.ending.status : 'none';
  if (ending === 'pending' || ending === 'quarantined') throw new TaskError('notDead', ending);
  return { state: grant.state, ending };
};
