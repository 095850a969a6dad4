import { randomBytes } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { dynamoSessions } from '../../lambdas/adapters/dynamo/dynamo-sessions.ts';
import { peopleIssuer } from '../../lambdas/adapters/people-issuer.ts';
import type { ApprovalPage } from '../../lambdas/app/show-approval.ts';
import type { Visitor } from '../../lambdas/app/visitor.ts';
import { consoleHandler, consoleHandlers } from '../../lambdas/console/console-handler.ts';
import { consoleAddress } from '../../lambdas/console/place.ts';
import type { ConsoleUseCases } from '../../lambdas/console/use-cases.ts';
import type { ConsoleDeps } from '../../lambdas/console/visit.ts';
import type { DecisionRefusal } from '../../lambdas/core/approval/decision-refusal.ts';
import type { PrincipalEntry } from '../../lambdas/core/config/issuer.ts';
import { DECISION_SIGN_IN_MAX_AGE_SECONDS } from '../../lambdas/core/limits.ts';
import { fail, ok } from '../../lambdas/core/result.ts';
import { eventOf, openBrowser, type Send } from '../support/browser.ts';
import { SOFTWARE } from '../support/facts.ts';
import { CLIENT_ID, CLIENT_SECRET, startPeopleProvider } from '../support/people-provider.ts';
import { PROFILE } from '../support/sample-identity.ts';
import { startTables } from '../support/tables.ts';
import { APPROVAL_ID, OTHER_APPROVAL_ID, SHOWN } from './sample-approval.ts';

export const CONSOLE_URL = 'https://console.example.com/live';

/** What the console asked the use cases to do, by whom. */
export interface Asked {
  readonly use: 'decide' | 'review' | 'revoke' | 'contain' | 'lift';
  readonly by: string;
  readonly ask: object;
}

/**
 * The console with a real identity provider, the real table and use cases that remember what they were asked. Its clock is
 * the machine's, as the provider's is, and a test can put it forward.
 */
export const startConsole = async () => {
  const time = { aheadMs: 0 };
  const clock = () => Date.now() + time.aheadMs;
  const tables = await startTables(clock);
  const provider = await startPeopleProvider(`${CONSOLE_URL}/console/callback`);
  const asked: Asked[] = [];
  const shown = new Map<string, ApprovalPage>([APPROVAL_ID, OTHER_APPROVAL_ID].map((id) => [id, about(id)]));
  const lines: Record<string, unknown>[] = [];
  const profile = {
    ...PROFILE,
    issuer: provider.issuer,
    algorithms: ['ES256'] as const,
    groupsClaim: ['groups'],
    defaultType: 'human' as const,
  };
  const principals: PrincipalEntry[] = [
    { ...PERSON, name: 'Alice', issuer: provider.issuer, subject: 'alice' },
    { ...PERSON, name: 'crew', type: 'agent', issuer: provider.issuer, subject: 'crew' },
  ];
  const deps: ConsoleDeps = {
    address: consoleAddress(CONSOLE_URL),
    store: tables.store,
    sessions: dynamoSessions(tables.connection),
    issuer: peopleIssuer({
      profile,
      authorizationEndpoint: `${provider.issuer}/auth`,
      tokenEndpoint: `${provider.issuer}/token`,
      jwksUri: `${provider.issuer}/jwks`,
      clientId: CLIENT_ID,
      clientSecret: async () => CLIENT_SECRET,
      redirectUri: `${CONSOLE_URL}/console/callback`,
      clock,
    }),
    principals,
    software: SOFTWARE,
    useCases: rememberedUseCases({ asked, shown, clock }),
    clock,
    random: (count) => randomBytes(count),
    log: (level, message, fields) => void lines.push({ level, message, ...fields }),
  };
  const handle = (changed: Partial<ConsoleDeps> = {}): Send => {
    const all = { ...deps, ...changed };
    const slack = async () => ({ statusCode: 200, body: 'slack' });
    const handler = consoleHandler(consoleHandlers(all, slack), all);
    return (sent) => handler(eventOf(sent), { awsRequestId: 'i' } as Context);
  };
  const send = handle();
  return {
    time,
    tables,
    provider,
    asked,
    shown,
    lines,
    deps,
    handle,
    send,
    browser: (by: Send = send) => openBrowser(by, CONSOLE_URL),
    stored: async () => {
      const items = [...(await tables.items('grants')), ...(await tables.items('audit'))];
      return items.map((item) => JSON.stringify(item)).sort();
    },
    async stop() {
      await provider.stop();
      await tables.close();
    },
  };
};

export type ConsoleScene = Awaited<ReturnType<typeof startConsole>>;

const PERSON = { type: 'human', claims: {}, groups: [], owners: [] } as const;

const about = (id: string): ApprovalPage => ({
  ...SHOWN,
  approval: { ...SHOWN.approval, id, asked: { ...SHOWN.approval.asked, approval: id } },
});

interface Remembered {
  readonly asked: Asked[];
  readonly shown: ReadonlyMap<string, ApprovalPage>;
  readonly clock: () => number;
}

const rememberedUseCases = ({ asked, shown, clock }: Remembered): ConsoleUseCases => {
  const remember = (use: Asked['use'], visitor: Visitor, ask: object): DecisionRefusal | undefined => {
    if (clock() - visitor.authenticatedAt > DECISION_SIGN_IN_MAX_AGE_SECONDS * 1_000)
      return { code: 'sign_in_again' };
    asked.push({ use, by: visitor.principal.subject, ask });
    return undefined;
  };
  const answered = (id: string, refusal: DecisionRefusal | undefined) => {
    const approval = shown.get(id)?.approval;
    if (refusal) return fail(refusal);
    return approval ? ok(approval) : fail({ code: 'not_found' } as const);
  };
  return {
    showApproval: async (_visitor, id) => {
      const page = shown.get(id);
      return page ? ok(page) : fail({ code: 'not_found' });
    },
    decideApproval: async (visitor, ask) => answered(ask.approvalId, remember('decide', visitor, ask)),
    closeReview: async (visitor, ask) => answered(ask.approvalId, remember('review', visitor, ask)),
    listInbox: async () => ({ waiting: [...shown.values()].map(({ approval }) => approval), reviews: [] }),
    listLiveGrants: async () => [],
    revokeGrant: async (visitor, ask) => fail(remember('revoke', visitor, ask) ?? { code: 'not_found' }),
    listContainments: async () => ok([]),
    showContainment: async () => fail({ code: 'not_found' }),
    contain: async (visitor, ask) =>
      fail(remember('contain', visitor, ask) ? { code: 'sign_in_again' } : { code: 'not_allowed' }),
    liftContainment: async (visitor, ask) =>
      fail(remember('lift', visitor, ask) ? { code: 'sign_in_again' } : { code: 'not_allowed' }),
  };
};
