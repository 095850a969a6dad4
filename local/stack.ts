import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join, resolve } from 'node:path';
import { auditorEnvironment, auditorRole } from '../bin/local-auditor.ts';
import { synthesize } from '../bin/synthesize.ts';
import { REPORTS_BUCKET } from '../examples/buckets/reports-bucket.ts';
import { tokensAt } from '../examples/people/fetch-tokens.ts';
import { CONSOLE_CLIENT, startIssuer } from '../examples/people/oidc-provider.ts';
import { startSlackStandIn } from '../examples/slack/stand-in.ts';
import type { ServerMake } from '../examples/targets/mysql/find-mariadb.ts';
import { startSampleClusters } from '../examples/targets/sample-clusters.ts';
import { startSampleMachines } from '../examples/targets/sample-machines.ts';
import { startSampleServers } from '../examples/targets/sample-servers.ts';
import { readSettings } from '../lib/settings.ts';
import { type Assembly, readAssembly } from './assembly.ts';
import { type LocalAws, startAws } from './aws.ts';
import { localCertificate } from './certificates.ts';
import { keptSecrets } from './kept-secrets.ts';
import { writeLocalConfig } from './local-config.ts';
import { closeServer, listenOnLoopback } from './loopback.ts';

export interface StackOptions {
  /** Everything that must survive a restart, and nothing else. */
  readonly dataDir: string;
  /** The configuration to run; its addresses are replaced by local ones. */
  readonly configDir?: string;
  /** 0 or absent: free ones. */
  readonly ports?: Readonly<
    Partial<Record<'api' | 'console' | 'issuer' | 'cluster' | 'machine' | 'slack' | DatabasePort, number>>
  >;
  /** For databases with MariaDB, which are left out without one. */
  readonly mariadb?: ServerMake | undefined;
  readonly onLog?: (functionName: string, line: string) => void;
  readonly onCall?: (call: { roleArn: string; action: string }) => void;
  /** Told what is being done, before it is. */
  readonly onProgress?: (what: string) => void;
}

type DatabasePort = 'database' | 'passwordDatabase' | 'mysql';
type Stop = () => Promise<unknown>;
export type LocalStack = Awaited<ReturnType<typeof startParts>> & { readonly stop: () => Promise<void> };

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const INSTANCE = { account: ACCOUNT, region: REGION, resourceId: 'db-LOCAL00000000000000000000' };
const STACK = 'latchkey';
/** Nothing is in it; the template wants names. */
const NO_VPC = {
  vpcId: 'vpc-00000000',
  subnetIds: ['subnet-00000000'],
  databaseSecurityGroupIds: ['sg-00000000'],
  clusterSecurityGroupIds: ['sg-00000001'],
  dynamodbPrefixListId: 'pl-00000000',
  s3PrefixListId: 'pl-00000000',
};
/** Of the people in the sample configuration. */
const SLACK = { teamId: 'T0123ABCD', appId: 'A0123ABCD' };
const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${STACK}`;
const SECRET_ARNS = {
  console: `${SECRET}/console-000000`,
  notifier: `${SECRET}/notifier-000000`,
  passwordKey: `${SECRET}/passwords-000000`,
};
const TOPIC_ARN = `arn:aws:sns:${REGION}:${ACCOUNT}:${STACK}-approvals`;

/** The whole product on this machine: what `cdk deploy` would deploy, run as synthesized, on loopback only. */
export const startStack = async (options: StackOptions): Promise<LocalStack> => {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const stops: Stop[] = [];
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

const startParts = async (options: StackOptions, stops: Stop[]) => {
  const { dataDir, ports = {}, onProgress = () => undefined } = options;
  onProgress('starting the OpenID provider and PostgreSQL');
  const certificate = await localCertificate(dataDir);
  const { certPem } = certificate;
  // They listen before anything is deployed, which is told their addresses.
  const gateways = [createServer(), createSecureServer({ key: certificate.keyPem, cert: certPem })] as const;
  stops.push(() => Promise.all(gateways.map(closeServer)));
  const apiPort = await listenOnLoopback(gateways[0], ports.api);
  const consoleUrl = `https://localhost:${await listenOnLoopback(gateways[1], ports.console)}`;
  const issuer = await startIssuer({ directory: dataDir, certificate, port: ports.issuer, consoleUrl });
  stops.push(issuer.stop);
  const { slackSigningSecret, ...notifying } = keptSecrets(dataDir, SLACK_SECRETS);
  const { databaseKeySeed } = keptSecrets(dataDir, ['databaseKeySeed']);
  const slack = await startSlackStandIn({
    ...SLACK,
    signingSecret: slackSigningSecret,
    interactionsUrl: `http://127.0.0.1:${apiPort}/console/slack`,
    port: ports.slack ?? 0,
    botToken: notifying.slackBotToken,
  });
  stops.push(slack.stop);
  let aws: LocalAws | undefined;
  const sessions = () => aws?.sessions;
  const { configDir = 'config', mariadb } = options;
  const admins = new Map<string, string>();
  const adminOf = (id: string) => {
    const secretArn = `${SECRET}/${id}-admin-000000`;
    const name: string = `${id}-admin`;
    const { [name]: password = '' } = keptSecrets(dataDir, [name]);
    admins.set(secretArn, JSON.stringify({ password }));
    return { secretArn, password };
  };
  const rds = { certificate, sessions, ...INSTANCE, ports, dataDir, adminOf, stops, mariadb };
  const { postgres, servers } = await startSampleServers(configDir, rds);
  const machines = await startSampleMachines(configDir, ports.machine);
  stops.push(() => Promise.all([...machines.values()].map((machine) => machine.stop())));
  const runnerRole = `arn:aws:iam::${ACCOUNT}:role/${STACK}-runner`;
  const clusterOptions = { certificate, sessions, account: ACCOUNT, region: REGION, runnerRole };
  const clusters = await startSampleClusters(configDir, { ...clusterOptions, port: ports.cluster });
  stops.push(() => Promise.all([...clusters.values()].map((cluster) => cluster.stop())));
  onProgress('synthesizing the stack and bundling its functions');
  const localConfig = join(dataDir, 'config');
  const places = { issuer, certPem, databases: servers, clusters, machines, ...INSTANCE };
  writeLocalConfig(configDir, localConfig, places);
  const assembly = await synthesizeLocally(join(dataDir, 'cdk.out'), localConfig, {
    console: { url: consoleUrl, oidc: issuer.oidc, secretArn: SECRET_ARNS.console },
    notifications: {
      slack: { ...SLACK, apiUrl: slack.apiUrl },
      secretArn: SECRET_ARNS.notifier,
      snsTopicArn: TOPIC_ARN,
    },
    databases: { passwordSecretArn: SECRET_ARNS.passwordKey },
  });
  onProgress('starting the functions, the gateway, the tables and the workflow');
  const clientSecret = issuer.secretOf(CONSOLE_CLIENT);
  aws = await startAws({
    onLog: () => undefined,
    ...options,
    assembly,
    localCaPem: certPem,
    otherRoles: [auditorRole(assembly)],
    machines: [...machines.values()],
    otherBuckets: [REPORTS_BUCKET],
    secrets: {
      [SECRET_ARNS.console]: JSON.stringify({ clientSecret, slackSigningSecret }),
      [SECRET_ARNS.notifier]: JSON.stringify(notifying),
      [SECRET_ARNS.passwordKey]: JSON.stringify({ passwordKey: keyOf(databaseKeySeed) }),
      ...Object.fromEntries(admins),
    },
    gateways,
  });
  stops.push(aws.stop);
  const { schedule } = aws;
  const sweep = () => Promise.all(assembly.schedules.map(({ arn }) => schedule.runNow(arn)));
  // On AWS the schedule has long been running when the first request comes.
  await sweep();
  const environments = assembly.functions.map(({ environment }) => environment);
  /** As a function finds it in its environment. */
  const place = (name: string) => environments.find((one) => name in one)?.[name] ?? '';
  return {
    baseUrl: aws.baseUrl,
    /** The same gateway over https, which the console's cookies need. */
    consoleUrl,
    /** Stands where Slack would, with a page of its own. */
    slack,
    issuer,
    certPem,
    caFile: resolve(dataDir, 'ca.pem'),
    aws,
    postgres,
    /** Of databases, by the ids of their resources. */
    servers,
    /** By the ids of their resources. */
    clusters,
    machines,
    tables: { grants: place('GRANTS_TABLE'), audit: place('AUDIT_TABLE') },
    /** Where payloads and their keys are. */
    payloads: { keysTable: place('VAULT_KEYS_TABLE'), bucket: place('PAYLOAD_BUCKET') },
    /** Environment of somebody who may read these and nothing else, as an auditor would have it. */
    auditor: auditorEnvironment(assembly, aws),
    ...tokensAt(issuer, certPem),
    /** Runs the sweeper now instead of within the minute. */
    sweep,
  };
};

/** 32 bytes, as passwords of grants are made with. */
const keyOf = (seed: string): string => createHash('sha256').update(seed).digest('base64');

const SLACK_SECRETS = ['slackSigningSecret', 'slackBotToken', 'webhookSecret'] as const;

const synthesizeLocally = async (outdir: string, configDir: string, places: object): Promise<Assembly> => {
  const here = { stackName: STACK, account: ACCOUNT, region: REGION, createTargetRoles: true, vpc: NO_VPC };
  const settings = readSettings({ ...here, ...places });
  if (!settings.ok) throw new TypeError(JSON.stringify(settings.errors));
  await synthesize({ outdir, settings: settings.value, configDir, check: false });
  return readAssembly(outdir, STACK);
};
