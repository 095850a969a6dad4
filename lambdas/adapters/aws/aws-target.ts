import { DependencyUnavailable } from '../../app/ports.ts';
import type { Target } from '../../app/ports-of-targets.ts';
import { covers } from '../../core/aws/ended-policy.ts';
import { roleOfGrant, rolesOf } from '../../core/aws/role-shards.ts';
import type { AwsResource } from '../../core/config/resource.ts';
import { REHEARSAL_TTL_MS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { endedNow, type RoleOf, writeRole } from './deny-sessions.ts';
import { type EndTools, endSessions, witnessOf } from './end-sessions.ts';
import { readDenied } from './write-ended.ts';

/** A role whose sessions could not be ended, or whose end could not be proved. Its name says what it lacks. */
export class RoleNotReady extends Error {
  override readonly name: string;
  constructor(lack: 'probe_refused' | 'probe_unknown') {
    super(lack);
    this.name = `RoleNotReady:${lack}`;
  }
}

/**
 * The port `Target` for roles of AWS. A grant opens nothing there: sessions are given when they are asked for. But no grant
 * becomes active on a role that was not seen to be ready for its end.
 */
export const awsTarget = (tools: EndTools): Target<AwsResource> => {
  const rehearsed = new Map<string, EpochMs>();
  return {
    async open({ resource, grant, isStillWanted }) {
      const roleArn = roleOfGrant(resource.target, grant.id);
      if (tools.clock() - (rehearsed.get(roleArn) ?? 0) > REHEARSAL_TTL_MS) {
        await rehearse(tools, { resource, roleArn, grantId: grant.id, until: grant.expiresAt });
        rehearsed.set(roleArn, tools.clock());
      }
      return (await isStillWanted()) ? 'opened' : 'unwanted';
    },
    close: (ask) => endSessions(tools, ask),
    async inventory(resource) {
      const letIn: string[] = [];
      for (const roleArn of rolesOf(resource.target))
        letIn.push(...(await compare(tools, { resource, roleArn })));
      return letIn;
    },
  };
};

/**
 * The end, as far as it can be tried before there is anything to end: its writer reaches the deny policy, and a probe gets in,
 * so that a probe that is refused later says something.
 */
const rehearse = async (tools: EndTools, ending: Parameters<typeof witnessOf>[1]): Promise<void> => {
  const versions = await tools.versionsOf(ending.resource, ending.roleArn);
  const [{ denied }, witness] = await Promise.all([readDenied(versions), witnessOf(tools, ending)]);
  if (!denied) await writeRole(tools, ending);
  const outcome = await tools.probe(witness.keys, ending.resource.target.region);
  if (outcome === 'unknown') {
    // It may be AWS for a moment, or for good: an organization that denies the call.
    tools.log('error', 'a probe says nothing about its role', { roleArn: ending.roleArn });
    throw new DependencyUnavailable('target', new RoleNotReady('probe_unknown'));
  }
  if (outcome === 'refused') throw new RoleNotReady('probe_refused');
};

/**
 * Whose sessions a role's policy should deny and does not: it was written by somebody else, or by a deploy. It is written anew
 * at once; that they were let in is for the trail.
 */
const compare = async (tools: EndTools, role: RoleOf): Promise<readonly string[]> => {
  const wanted = await endedNow(tools, role);
  const { denied, isCluttered } = await readDenied(await tools.versionsOf(role.resource, role.roleArn));
  if (!denied) tools.log('error', 'a deny policy was written by somebody else', { roleArn: role.roleArn });
  const letIn = wanted.filter((one) => !denied || !covers(denied, one));
  if (!denied || isCluttered || letIn.length > 0) await writeRole(tools, role);
  return letIn.map(({ grantId }) => grantId);
};
