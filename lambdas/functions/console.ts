import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import * as z from 'zod';
import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoContainments } from '../adapters/dynamo/dynamo-containments.ts';
import { dynamoSessions } from '../adapters/dynamo/dynamo-sessions.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { lambdaFirstPass } from '../adapters/lambda-first-pass.ts';
import { lambdaNotifier } from '../adapters/lambda-notifier.ts';
import { peopleIssuer } from '../adapters/people-issuer.ts';
import { secretReader } from '../adapters/read-secret.ts';
import { stepFunctionsSignals } from '../adapters/step-functions-workflow.ts';
import { systemBackoff, systemClock, systemRandom } from '../adapters/system-clock.ts';
import { connectVaults } from '../adapters/vault/connect-vaults.ts';
import { closeReview } from '../app/close-review.ts';
import { contain } from '../app/contain.ts';
import { decideApproval } from '../app/decide-approval.ts';
import { liftContainment } from '../app/lift-containment.ts';
import { listContainments, showContainment } from '../app/list-containments.ts';
import { listInbox } from '../app/list-inbox.ts';
import { listLiveGrants } from '../app/list-live-grants.ts';
import { revokeGrant } from '../app/revoke-grant.ts';
import { showApproval } from '../app/show-approval.ts';
import { unknownPage } from '../console/approvals.ts';
import { consoleHandler, consoleHandlers } from '../console/console-handler.ts';
import { consoleAddress } from '../console/place.ts';
import { createEngine } from '../core/policy/engine.ts';
import { loadParser } from '../core/sql/parser.ts';
import { ConsoleEnvironment } from './console.env.ts';
import { countAlarm } from './count-alarm.ts';
import { vaultPlaces } from './environment.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { rightsLines } from './rights-lines.ts';
import { slackEar } from './slack-ear.ts';
import { softwareOf } from './software.ts';

const environment = ConsoleEnvironment.parse(process.env);
const config = loadConfig('console');
const { log, beginInvocation } = createLogger('console');
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const dynamo = connectDynamo(tables);

const profile = config.issuers.find(({ issuer }) => issuer === environment.OIDC_ISSUER);
if (!profile) throw new Error('people sign in at an issuer that issuers.yaml does not know');

const Secrets = z.object({
  clientSecret: z.string().min(1).optional(),
  slackSigningSecret: z.string().min(1).optional(),
});
/** Without a secret, the console is a public client. */
const readSecrets = environment.CONSOLE_SECRET_ARN
  ? secretReader(environment.CONSOLE_SECRET_ARN, Secrets, systemClock)
  : async (): Promise<z.output<typeof Secrets>> => ({});

const deps = {
  store: dynamoStore(dynamo, systemClock),
  containments: dynamoContainments(dynamo),
  firstPass: lambdaFirstPass(environment.SWEEPER_FUNCTION),
  sessions: dynamoSessions(dynamo),
  vaults: connectVaults(dynamo.client, vaultPlaces(environment), {
    clock: systemClock,
    random: systemRandom,
  }),
  policy: { ...createEngine(config), groups: config.groups, categories: config.categories },
  resources: config.resources,
  principals: config.principals,
  workflow: stepFunctionsSignals(),
  notifier: lambdaNotifier(environment.NOTIFIER_FUNCTION),
  software: softwareOf('console', config.digest),
  rightsLines,
  loadParser,
  alarm: countAlarm,
  clock: systemClock,
  random: systemRandom,
  backoff: systemBackoff,
  log,
  address: consoleAddress(environment.CONSOLE_URL),
  issuer: peopleIssuer({
    profile,
    authorizationEndpoint: environment.OIDC_AUTHORIZATION_ENDPOINT,
    tokenEndpoint: environment.OIDC_TOKEN_ENDPOINT,
    jwksUri: environment.OIDC_JWKS_URI,
    clientId: environment.OIDC_CLIENT_ID,
    clientSecret: async () => (await readSecrets()).clientSecret,
    redirectUri: `${environment.CONSOLE_URL}/console/callback`,
    clock: systemClock,
  }),
};

const consoleDeps = {
  ...deps,
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

const signingSecret = async () => (await readSecrets()).slackSigningSecret;
const hear = slackEar(deps, { environment, dynamo, signingSecret });

const handle = consoleHandler(
  consoleHandlers(consoleDeps, hear ?? (async () => unknownPage(consoleDeps))),
  consoleDeps,
);

export const handler = (event: APIGatewayProxyEvent, context: Context) => {
  beginInvocation(context);
  return handle(event, context);
};
