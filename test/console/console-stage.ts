import type { Context } from 'aws-lambda';
import { dynamoSessions } from '../../lambdas/adapters/dynamo/dynamo-sessions.ts';
import { closeReview } from '../../lambdas/app/close-review.ts';
import { contain } from '../../lambdas/app/contain.ts';
import { decideApproval } from '../../lambdas/app/decide-approval.ts';
import { liftContainment } from '../../lambdas/app/lift-containment.ts';
import { listContainments, showContainment } from '../../lambdas/app/list-containments.ts';
import { listInbox } from '../../lambdas/app/list-inbox.ts';
import { listLiveGrants } from '../../lambdas/app/list-live-grants.ts';
import { revokeGrant } from '../../lambdas/app/revoke-grant.ts';
import { showApproval } from '../../lambdas/app/show-approval.ts';
import { cookieHash } from '../../lambdas/app/sign-in-person.ts';
import { consoleHandler, consoleHandlers } from '../../lambdas/console/console-handler.ts';
import { consoleAddress } from '../../lambdas/console/place.ts';
import type { Principal } from '../../lambdas/core/identity/principal.ts';
import { rightsLines } from '../../lambdas/functions/rights-lines.ts';
import type { App } from '../support/app.ts';
import { type Browser, eventOf, openBrowser } from '../support/browser.ts';
import { PRINCIPAL, SOFTWARE } from '../support/facts.ts';

const CONSOLE_URL = 'https://console.example.com';
const ELSEWHERE = () => Promise.reject(new Error('nobody signs in here'));

/** The console on the real use cases, with people who have signed in just now, each in the group `dba`. */
export const consoleOf = (app: App): ((subject: string) => Promise<Browser>) => {
  let ordinal = 0;
  const deps = { ...app.deps, rightsLines };
  const consoleDeps = {
    ...deps,
    sessions: dynamoSessions(app.tables.connection),
    address: consoleAddress(CONSOLE_URL),
    issuer: { authorizationUrl: ELSEWHERE, redeem: ELSEWHERE },
    useCases: {
      showApproval: showApproval.bind(undefined, deps),
      decideApproval: decideApproval.bind(undefined, deps),
      closeReview: closeReview.bind(undefined, deps),
      listInbox: listInbox.bind(undefined, deps),
      listLiveGrants: listLiveGrants.bind(undefined, deps),
      revokeGrant: revokeGrant.bind(undefined, deps),
      listContainments: listContainments.bind(undefined, deps),
      showContainment: showContainment.bind(undefined, deps),
      contain: contain.bind(undefined, deps),
      liftContainment: liftContainment.bind(undefined, deps),
    },
  };
  const handler = consoleHandler(
    consoleHandlers(consoleDeps, async () => ({ statusCode: 200, body: '' })),
    consoleDeps,
  );
  return async (subject) => {
    const authenticatedAt = app.deps.clock();
    ordinal += 1;
    const cookie = `${subject}-${ordinal}`.padEnd(43, '-');
    await consoleDeps.sessions.begin(cookieHash(cookie), {
      principal: person(subject),
      authenticatedAt,
      formSecret: secretOf(subject),
      expiresAt: authenticatedAt + 3_600_000,
      policyDigest: SOFTWARE.policyDigest,
    });
    const browser = openBrowser(
      (sent) => handler(eventOf(sent), { awsRequestId: 'i' } as Context),
      CONSOLE_URL,
    );
    browser.jar.set('__Host-latchkey-session', cookie);
    return browser;
  };
};

export const secretOf = (subject: string): string => `secret of ${subject}`;

const person = (subject: string): Principal => ({
  ...PRINCIPAL,
  type: 'human',
  subject,
  name: subject,
  groups: { known: true, names: ['dba'] },
  owners: [],
});
