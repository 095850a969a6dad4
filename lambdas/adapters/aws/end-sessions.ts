import { DependencyUnavailable, type Log } from '../../app/ports.ts';
import type { CloseAsk, CloseReport } from '../../app/ports-of-targets.ts';
import type { EndedSessions } from '../../core/aws/ended-policy.ts';
import { roleOfGrant, rolesOf } from '../../core/aws/role-shards.ts';
import { PROBE_PURPOSE, PURPOSE_TAG } from '../../core/aws/session-marks.ts';
import { probePolicy } from '../../core/aws/session-policy.ts';
import type { AwsResource } from '../../core/config/resource.ts';
import { markOf } from '../../core/grant/ids.ts';
import {
  AWS_CLOCK_SKEW_MS,
  ENDED_POLL_MAX_MS,
  ENDED_POLL_MIN_MS,
  ENDED_PROBE_WAIT_MS,
  ENDED_PROPAGATION_MAX_MS,
  ENDED_REFUSALS_COUNT,
  SECOND_MS,
  SESSION_MAX_SECONDS,
  SESSION_MIN_SECONDS,
} from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { NotDead, type TakeStep, takeSteps } from '../ending-steps.ts';
import type { AssumedSession, AssumeRole, SessionKeys } from './assume-role.ts';
import { type DenyTools, denySessions, type RoleOf } from './deny-sessions.ts';
import type { ProbeOutcome } from './probe-session.ts';

export interface EndTools extends DenyTools {
  readonly assume: AssumeRole;
  readonly probe: (keys: SessionKeys, region: string) => Promise<ProbeOutcome>;
  readonly log: Log;
}

type Ask = CloseAsk<AwsResource>;

/** Ends the sessions of one grant at every role that they are of, and proves it at each. Can be repeated from any point. */
export const endSessions = (tools: EndTools, ask: Ask): Promise<CloseReport> => {
  const { since, grant } = ask;
  const timing = { since, clock: tools.clock, codeOf: () => undefined };
  return takeSteps(timing, async (take) => {
    // Nothing was committed as issued, so nothing has left the function that made it.
    if (grant?.credentialsIssued === 0) return take('sessions', async () => 'none_issued');
    const endings = await endingsOf(tools, ask);
    if (endings.length === 0) return take('sessions', async () => 'absent');
    for (const one of endings) await endAtRole(tools, { ...one, since }, take);
  });
};

interface Ending extends RoleOf {
  readonly grantId: string;
  /** When the last session ends by itself. */
  readonly until: EpochMs;
}

/** Of an orphan only the table knows where its sessions are, and until when. */
const endingsOf = async (tools: EndTools, { resource, grantId, grant }: Ask): Promise<readonly Ending[]> => {
  if (grant) {
    const until = grant.credentialsUntil ?? tools.clock() + SESSION_MAX_SECONDS * SECOND_MS;
    const roles = grant.issuedFrom ?? [roleOfGrant(resource.target, grantId)];
    return roles.map((roleArn) => ({ resource, roleArn, grantId, until }));
  }
  const endings: Ending[] = [];
  for (const roleArn of rolesOf(resource.target))
    for (const one of await tools.marks.list(roleArn))
      if (one.grantId === grantId) endings.push({ resource, roleArn, grantId, until: one.until });
  return endings;
};

type Timed = Ending & Pick<Ask, 'since'>;

/** What has ended by itself is only proved; whatever has not is denied, and then proved. */
const endAtRole = async (tools: EndTools, ending: Timed, take: TakeStep): Promise<void> => {
  if (tools.clock() >= ending.until && (await hasRunOut(tools, ending))) {
    await take('expire', async () => 'done');
    return take('probe', async () => 'refused');
  }
  // Before it is denied, so that it is one of those that a denial by time of issue covers as well.
  const witness = await witnessOf(tools, ending).catch(onlyUnavailable);
  const ended: EndedSessions = {
    grantId: ending.grantId,
    mark: markOf(ending.grantId),
    until: ending.until,
    // In doubt too late: that denies others for a while, and too early would let somebody in.
    issuedBefore: witness ? witness.issuedAt + SECOND_MS : tools.clock() + AWS_CLOCK_SKEW_MS,
  };
  await take('deny', async () => {
    await tools.marks.put(ending.roleArn, ended);
    if (!(await denySessions(tools, ending, ended))) throw new NotDead('contended');
    return 'done';
  });
  await take('probe', () => proveRefused(tools, ending, witness));
};

/** By AWS's clock, which decides; ours may be ahead of it. */
const hasRunOut = async (tools: EndTools, ending: Timed): Promise<boolean> => {
  const witness = await witnessOf(tools, ending).catch(onlyUnavailable);
  return witness !== undefined && (await isRefused(tools, ending, witness)) === 'refused';
};

/** A session of ours with the grant's mark and dates: whatever refuses it refuses the grant's. */
export const witnessOf = (
  { assume }: Pick<EndTools, 'assume'>,
  { resource, roleArn, grantId, until }: Ending,
): Promise<AssumedSession> =>
  assume({
    roleArn,
    externalId: resource.target.externalId,
    sessionName: grantId,
    seconds: SESSION_MIN_SECONDS,
    policy: probePolicy(until + SECOND_MS - 1),
    tags: { 'latchkey:grant': grantId, 'latchkey:mark': markOf(grantId), [PURPOSE_TAG]: PROBE_PURPOSE },
  });

const onlyUnavailable = (error: unknown): undefined => {
  if (!(error instanceof DependencyUnavailable)) throw error;
};

/** Asked again for as long as IAM may need, which cannot be hurried. */
const proveRefused = async (
  tools: EndTools,
  ending: Timed,
  witness: AssumedSession | undefined,
): Promise<string> => {
  if (!witness) throw new NotDead('unavailable');
  const until = tools.clock() + ENDED_PROBE_WAIT_MS;
  for (let pause = ENDED_POLL_MIN_MS; ; pause = Math.min(2 * pause, ENDED_POLL_MAX_MS)) {
    const outcome = await isRefused(tools, ending, witness);
    if (outcome === 'refused') return outcome;
    if (tools.clock() >= until) throw new NotDead(failureOf(outcome, tools.clock() - ending.since));
    await tools.sleep(pause);
  }
};

/** AWS says minutes. Only after these is somebody called to look at it. */
const failureOf = (outcome: ProbeOutcome, sinceMs: number): string =>
  outcome === 'got_in' && sinceMs < ENDED_PROPAGATION_MAX_MS ? 'not_yet' : outcome;

export const isRefused = async (
  { probe }: Pick<EndTools, 'probe'>,
  { resource }: Pick<Ending, 'resource'>,
  { keys }: AssumedSession,
): Promise<ProbeOutcome> => {
  for (let refusals = 0; refusals < ENDED_REFUSALS_COUNT; refusals += 1) {
    const outcome = await probe(keys, resource.target.region);
    if (outcome !== 'refused') return outcome;
  }
  return 'refused';
};
