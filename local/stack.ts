import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { synthesize } from '../bin/synthesize.ts';
import { type SlackStandIn, startSlackStandIn } from '../examples/slack/stand-in.ts';
import { readSettings } from '../lib/settings.ts';
import { type Assembly, type RoleSource, readAssembly } from './assembly.ts';
import { type LocalAws, startAws } from './aws.ts';
import { localCertificate } from './certificates.ts';
import { parsePolicy } from './iam.ts';
import { keptSecrets } from './kept-secrets.ts';
import { writeLocalConfig } from './local-config.ts';
import { closeServer, listenOnLoopback } from './loopback.ts';
import { type ClientId, CONSOLE_CLIENT, type LocalIssuer, startIssuer } from './oidc-provider.ts';
import { type LocalPostgres, startPostgres } from './postgres.ts';
import { startRdsFront } from './rds.ts';
import { SAMPLE_DATABASES } from './sample-databases.ts';

export interface StackOptions {
  /** Everything that must survive a restart, and nothing else. */
  readonly dataDir: string;
  /** The configuration to run; its addresses are replaced by local ones. */
  readonly configDir?: string;
  /** 0 or absent: free ones. */
  readonly ports?: Readonly<Partial<Record<'api' | 'console' | 'issuer' | 'database' | 'slack', number>>>;
  readonly onLog?: (functionName: string, line: string) => void;
  readonly onCall?: (call: { roleArn: string; action: string }) => void;
  /** Told what is being done, before it is. */
  readonly onProgress?: (what: string) => void;
}

export interface LocalStack {
  readonly baseUrl: string;
  /** The same gateway over https, which the console's cookies need. */
  readonly consoleUrl: string;
  /** Stands where Slack would, with a page of its own. */
  readonly slack: SlackStandIn;
  readonly issuer: LocalIssuer;
  readonly certPem: string;
  readonly caFile: string;
  readonly aws: LocalAws;
  readonly postgres: LocalPostgres;
  readonly tables: { readonly grants: string; readonly audit: string };
  /** Where payloads and their keys are. */
  readonly payloads: { readonly keysTable: string; readonly bucket: string };
  /** Environment of somebody who may read these and nothing else, as an auditor would have it. */
  readonly auditor: Readonly<Record<string, string>>;
  /** A token as the client would get it, by client credentials. */
  getToken(client: ClientId): Promise<string>;
  /** Runs the sweeper now instead of within the minute. */
  sweep(): Promise<unknown>;
  stop(): Promise<void>;
}

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const RESOURCE_ID = 'db-LOCAL00000000000000000000';
const STACK = 'latchkey';
/** Nothing is in it; the template wants names. */
const NO_VPC = {
  vpcId: 'vpc-00000000',
  subnetIds: ['subnet-00000000'],
  databaseSecurityGroupIds: ['sg-00000000'],
  dynamodbPrefixListId: 'pl-00000000',
  s3PrefixListId: 'pl-00000000',
};

/** Those of the people in the sample configuration. */
const SLACK = { teamId: 'T0123ABCD', appId: 'A0123ABCD' };
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:latchkey-approvals`;
const secretArn = (name: string) =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${STACK}-${name}-000000`;

const oidcOf = ({ issuer, jwksUri, tokenUrl, authorizationUrl }: LocalIssuer) => ({
  issuer,
  jwksUri,
  tokenEndpoint: tokenUrl,
  authorizationEndpoint: authorizationUrl,
  clientId: CONSOLE_CLIENT,
});

/** The whole product on this machine: what `cdk deploy` would deploy, run as synthesized, on loopback only. */
export const startStack = async (options: StackOptions): Promise<LocalStack> => {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    return { ...(await startParts(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const startParts = async (
  options: StackOptions,
  stops: (() => Promise<void>)[],
): Promise<Omit<LocalStack, 'stop'>> => {
  const { dataDir, ports = {}, onProgress = () => undefined } = options;
  onProgress('starting the OpenID provider and PostgreSQL');
  const certificate = await localCertificate(dataDir);
  const { certPem } = certificate;
  // They listen before anything is deployed, so that it can be told their addresses.
  const gateways = [createServer(), createSecureServer({ key: certificate.keyPem, cert: certPem })] as const;
  stops.push(async () => void (await Promise.all(gateways.map(closeServer))));
  const apiPort = await listenOnLoopback(gateways[0], ports.api);
  const consoleUrl = `https://localhost:${await listenOnLoopback(gateways[1], ports.console)}`;
  const issuer = await startIssuer({ directory: dataDir, certificate, port: ports.issuer ?? 0, consoleUrl });
  stops.push(issuer.stop);
  const postgres = await startPostgres({ directory: join(dataDir, 'postgres'), databases: SAMPLE_DATABASES });
  stops.push(postgres.stop);
  const secrets = keptSecrets(dataDir, ['slackSigningSecret', 'slackBotToken', 'webhookSecret']);
  const { slackSigningSecret, slackBotToken, webhookSecret } = secrets;
  const slack = await startSlackStandIn({
    ...SLACK,
    signingSecret: slackSigningSecret,
    interactionsUrl: `http://127.0.0.1:${apiPort}/console/slack`,
    port: ports.slack ?? 0,
  });
  stops.push(slack.stop);
  let aws: LocalAws | undefined;
  const instance = { account: ACCOUNT, region: REGION, resourceId: RESOURCE_ID };
  const sessions = () => aws?.sessions;
  const front = await startRdsFront({
    certificate,
    postgres,
    sessions,
    ...instance,
    port: ports.database ?? 0,
  });
  // Not waited for: a client that is still connected goes when PostgreSQL does.
  stops.push(async () => void front.close());
  onProgress('synthesizing the stack and bundling its functions');
  const { port: databasePort } = front.address() as AddressInfo;
  const localConfig = join(dataDir, 'config');
  writeLocalConfig(options.configDir ?? 'config', localConfig, {
    issuer,
    certPem,
    databasePort,
    ...instance,
  });
  const assembly = await synthesizeLocally(join(dataDir, 'cdk.out'), localConfig, {
    console: {
      url: consoleUrl,
      oidc: oidcOf(issuer),
      secretArn: secretArn('console'),
    },
    notifications: {
      slack: { ...SLACK, apiUrl: slack.apiUrl },
      secretArn: secretArn('notifier'),
      snsTopicArn: TOPIC,
    },
  });
  onProgress('starting the functions, the gateway, the tables and the workflow');
  aws = await startAws({
    assembly,
    dataDir,
    localCaPem: certPem,
    otherRoles: [auditorRole(assembly)],
    onLog: options.onLog ?? (() => undefined),
    ...(options.onCall ? { onCall: options.onCall } : {}),
    secrets: {
      [secretArn('console')]: JSON.stringify({
        clientSecret: issuer.secretOf(CONSOLE_CLIENT),
        slackSigningSecret,
      }),
      [secretArn('notifier')]: JSON.stringify({ slackBotToken, webhookSecret }),
    },
    gateways,
  });
  stops.push(aws.stop);
  const { schedule } = aws;
  const sweep = () => Promise.all(assembly.schedules.map(({ arn }) => schedule.runNow(arn)));
  // On AWS the schedule has long been running when the first request comes.
  await sweep();
  return {
    baseUrl: aws.baseUrl,
    consoleUrl,
    slack,
    issuer,
    certPem,
    caFile: resolve(dataDir, 'ca.pem'),
    aws,
    postgres,
    tables: tablesOf(assembly),
    payloads: payloadsOf(assembly),
    auditor: auditorOf(aws),
    getToken: (client) => fetchToken(issuer, client, certPem),
    sweep,
  };
};

const synthesizeLocally = async (outdir: string, configDir: string, places: object): Promise<Assembly> => {
  const settings = readSettings({
    stackName: STACK,
    account: ACCOUNT,
    region: REGION,
    createTargetRoles: true,
    vpc: NO_VPC,
    ...places,
  });
  if (!settings.ok) throw new TypeError(JSON.stringify(settings.errors));
  await synthesize({ outdir, settings: settings.value, configDir, check: false });
  return readAssembly(outdir, STACK);
};

/** As the functions find them in their environment. */
const placeOf = ({ functions }: Assembly, name: string): string =>
  functions.find(({ environment }) => name in environment)?.environment[name] ?? '';

const tablesOf = (assembly: Assembly): LocalStack['tables'] => ({
  grants: placeOf(assembly, 'GRANTS_TABLE'),
  audit: placeOf(assembly, 'AUDIT_TABLE'),
});

const payloadsOf = (assembly: Assembly): LocalStack['payloads'] => ({
  keysTable: placeOf(assembly, 'VAULT_KEYS_TABLE'),
  bucket: placeOf(assembly, 'PAYLOAD_BUCKET'),
});

const AUDITOR = `arn:aws:iam::${ACCOUNT}:role/local-auditor`;

/** The trail, and for a replay what is sealed beside it. */
const auditorRole = (assembly: Assembly): RoleSource => {
  const policy = (...Statement: object[]) => parsePolicy({ Version: '2012-10-17', Statement });
  const arns = assembly.tables.map(({ arn }) => arn);
  const tables = {
    Effect: 'Allow',
    Action: ['dynamodb:Scan', 'dynamodb:Query', 'dynamodb:GetItem'],
    Resource: arns,
  };
  const objects = assembly.buckets.map(({ arn }) => `${arn}/*`);
  const payloads = { Effect: 'Allow', Action: 's3:GetObject', Resource: objects };
  return { arn: AUDITOR, policies: [policy(tables, payloads)], trust: policy(), maxSessionSeconds: 3_600 };
};

const auditorOf = ({ sessions, endpointUrl }: LocalAws): LocalStack['auditor'] => {
  const keys = sessions.issue({ roleArn: AUDITOR, name: 'auditor' });
  return {
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  };
};

const fetchToken = async (issuer: LocalIssuer, client: ClientId, ca: string): Promise<string> => {
  const auth = `${client}:${issuer.secretOf(client)}`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const asked = request(issuer.tokenUrl, { method: 'POST', ca, auth, headers });
  const [answer] = await once(asked.end('grant_type=client_credentials'), 'response');
  return JSON.parse(await text(answer)).access_token;
};
