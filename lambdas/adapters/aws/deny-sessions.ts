import type { Backoff, Clock, Sleep } from '../../app/ports.ts';
import { covers, type DeniedSessions, type EndedSessions, stillDenied } from '../../core/aws/ended-policy.ts';
import type { AwsResource } from '../../core/config/resource.ts';
import { ENDED_POLL_MAX_MS, ENDED_POLL_MIN_MS, ENDED_WAIT_MS } from '../../core/limits.ts';
import type { EndedMarks } from '../dynamo/ended-marks.ts';
import type { VersionsOf } from './ending-keys.ts';
import { writeEnded } from './write-ended.ts';

/** One role of a resource, of which sessions are given. */
export interface RoleOf {
  readonly resource: AwsResource;
  readonly roleArn: string;
}

export interface DenyTools {
  readonly versionsOf: VersionsOf;
  readonly marks: EndedMarks;
  readonly overflows: (role: RoleOf, denied: DeniedSessions) => Promise<void>;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly backoff: Backoff;
}

/**
 * Has a role's deny policy deny somebody who is in the table by now. Writers take turns, so that a hundred ends in one instant
 * are a few writes: whoever waits finds itself written by another. False when there was too much to wait for.
 */
export const denySessions = async (
  tools: DenyTools,
  role: RoleOf,
  ended: EndedSessions,
): Promise<boolean> => {
  const { marks, clock, sleep } = tools;
  const until = clock() + ENDED_WAIT_MS;
  for (let pause = ENDED_POLL_MIN_MS; ; pause = Math.min(2 * pause, ENDED_POLL_MAX_MS)) {
    const denied = await marks.lastDenied(role.roleArn);
    if (denied && covers(denied, ended)) return true;
    if (await marks.takeTurn(role.roleArn, clock())) return write(tools, role, ended);
    if (clock() >= until) return false;
    await sleep(pause);
  }
};

/** A turn is given back whatever came of it; one that is lost with its function ends by itself. */
const write = async (tools: DenyTools, role: RoleOf, ended: EndedSessions): Promise<boolean> => {
  let denied: DeniedSessions | undefined;
  try {
    denied = await writeRole(tools, role);
    return denied !== undefined && covers(denied, ended);
  } finally {
    await tools.marks.giveTurn(role.roleArn, denied);
  }
};

/** Writes it for everybody who is in the table, in turn or not: turns only save work. */
export const writeRole = async (tools: DenyTools, role: RoleOf): Promise<DeniedSessions | undefined> =>
  writeEnded({
    versions: await tools.versionsOf(role.resource, role.roleArn),
    ended: () => endedNow(tools, role),
    overflows: (denied) => tools.overflows(role, denied),
    backoff: tools.backoff,
  });

export const endedNow = async (
  { marks, clock }: DenyTools,
  { roleArn }: RoleOf,
): Promise<readonly EndedSessions[]> => stillDenied(await marks.list(roleArn), clock());
