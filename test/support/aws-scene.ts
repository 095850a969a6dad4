import type { TestContext } from 'node:test';
import { awsIssuer } from '../../lambdas/adapters/aws/aws-issuer.ts';
import { awsTarget } from '../../lambdas/adapters/aws/aws-target.ts';
import type { EndTools } from '../../lambdas/adapters/aws/end-sessions.ts';
import type { AwsSession } from '../../lambdas/app/credential.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { AwsResource } from '../../lambdas/core/config/resource.ts';
import { endGrant } from '../../lambdas/core/grant/end-grant.ts';
import type { ActiveGrant } from '../../lambdas/core/grant/grant.ts';
import { countCredential } from '../../lambdas/core/grant/use-grant.ts';
import { REPORTS, startAwsAccount } from './aws-account.ts';
import { activeGrant } from './aws-grants.ts';
import { readAs } from './aws-reader.ts';
import { awsToolsOn } from './aws-tools.ts';
import { NOW } from './facts.ts';
import { startTables } from './tables.ts';

export interface SceneAsk {
  /** How much AWS's clock is ahead of ours. */
  readonly skewMs?: number;
  readonly template?: unknown;
  /** Where the template is deployed. */
  readonly account?: string;
  /** Our clock goes on by itself, instead of with the pauses of whoever waits. */
  readonly isRealTime?: boolean;
}

type Tools = Partial<EndTools>;

/** The functions of Latchkey that give and end sessions, with the adapters they have, on the embedded AWS. */
export const startAwsScene = async (ask: SceneAsk, context: TestContext) => {
  const { skewMs = 0, template, isRealTime = false } = ask;
  const time = isRealTime ? realTime() : { now: NOW };
  const clock = () => time.now;
  const tables = await startTables(clock);
  const account = await startAwsAccount(template, ask.account);
  context.after(() => Promise.all([account.close(), tables.close()]));
  account.sessions.clock = () => time.now + skewMs;
  const {
    ending: tools,
    issuing,
    said,
    overflown,
  } = awsToolsOn(account, {
    connection: tables.connection,
    time,
    isRealTime,
  });
  const target = awsTarget(tools);
  const issuer = awsIssuer(issuing);
  const grants = new Map<string, ActiveGrant>();
  const closeAsk = (grant: ActiveGrant, resource: AwsResource, since = time.now) => ({
    resource,
    grantId: grant.id,
    grant: endGrant(grants.get(grant.id) ?? grant, 'released_by_principal', time.now).next,
    since,
  });
  const openAsk = (grant: ActiveGrant, wanted: boolean) => ({
    resource: REPORTS,
    grant: { ...grant, state: 'activating' as const, activateBy: NOW + 60_000 },
    isStillWanted: async () => wanted,
  });
  return {
    ...account,
    time,
    tables,
    tools,
    target,
    issuer,
    /** What was said beside the trail. */
    said,
    /** Roles whose policy was about to deny by time of issue. */
    overflown,
    newGrant: async (change: Partial<ActiveGrant> = {}): Promise<ActiveGrant> =>
      activeGrant(nextGrant++, { expiresAt: time.now + 600_000, ...change }),
    /** A credential under it, which the grant keeps in mind. */
    issue: async (grant: ActiveGrant, resource: AwsResource = REPORTS): Promise<AwsSession> => {
      const issued = await issuer.issue({ resource, grant, id: 'c_1' });
      if (!issued.ok) throw new Error(issued.failure.code);
      const { content, expiresAt: until, roleArn } = issued.value;
      if (content.kind !== 'aws') throw new Error(content.kind);
      grants.set(grant.id, countCredential(grants.get(grant.id) ?? grant, { until, roleArn }));
      return content;
    },
    close: (grant: ActiveGrant, resource: AwsResource = REPORTS, since?: number) =>
      target.close(closeAsk(grant, resource, since)),
    /** The same with other tools. */
    closeWith: (changed: Tools, grant: ActiveGrant) =>
      awsTarget({ ...tools, ...changed }).close(closeAsk(grant, REPORTS)),
    open: (grant: ActiveGrant, wanted = true) => target.open(openAsk(grant, wanted)),
    openWith: (changed: Tools, grant: ActiveGrant) =>
      awsTarget({ ...tools, ...changed }).open(openAsk(grant, true)),
    /** What becomes of a read by whoever holds these keys. */
    read: (session: AwsSession, bucket?: string): Promise<string> => readAs(account, session, bucket),
    /** A dependency that does not answer. */
    away: (name: string) => async (): Promise<never> => {
      throw new DependencyUnavailable(name, new Error('away'));
    },
    /** Policies hold as they are for so long, whatever IAM is told meanwhile. */
    holdPolicies: (ms: number): void => {
      const until = time.now + ms;
      const { policies } = account.sessions;
      const held = new Map<string, ReturnType<typeof policies.document>>();
      const document = policies.document.bind(policies);
      policies.document = (arn) => {
        if (!held.has(arn)) held.set(arn, document(arn));
        return time.now < until ? held.get(arn) : document(arn);
      };
      for (const { managed = [] } of account.roles) managed.forEach((arn) => void policies.document(arn));
    },
  };
};

const realTime = () => {
  let since = NOW - performance.now();
  return {
    get now() {
      return Math.round(since + performance.now());
    },
    set now(at: number) {
      since = at - performance.now();
    },
  };
};

let nextGrant = 1;

export type AwsScene = Awaited<ReturnType<typeof startAwsScene>>;
