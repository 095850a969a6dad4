import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SAMPLE_DATABASES } from '../../examples/databases/sample-databases.ts';
import { type LocalIssuer, startIssuer } from '../../examples/people/oidc-provider.ts';
import { type LocalPostgres, startPostgres } from '../../examples/targets/postgres.ts';
import { createRdsFront } from '../../examples/targets/rds-front.ts';
import { type LocalCertificate, localCertificate } from '../../local/certificates.ts';
import { writeLocalConfig } from '../../local/local-config.ts';
import { listenOnLoopback, portOf } from '../../local/loopback.ts';
import { concede } from './cloud-assembly.ts';
import { isLoginToken } from './login-token.ts';
import { runCdk } from './run-cdk.ts';
import { type MiniStack, startMiniStack } from './start-ministack.ts';
import { WORK_DIR } from './tools.ts';

/** The one account whose databases may be on this machine. */
export const ACCOUNT = '000000000000';
export const REGION = 'eu-central-1';
export const STACK_NAME = 'latchkey';
const ROOT = resolve(import.meta.dirname, '../..');

export interface Deployment {
  /** Of the deployed stage, without a slash at its end. */
  readonly baseUrl: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly ministack: MiniStack;
  readonly issuer: LocalIssuer;
  readonly postgres: LocalPostgres;
  /** CDK's command line, in the directory of this deployment and with all rights in the account. */
  readonly cdk: (...args: readonly string[]) => Promise<string>;
  readonly outdir: string;
  /** Milliseconds. */
  readonly times: Readonly<Record<'synth' | 'bootstrap' | 'deploy', number>>;
  readonly stop: () => Promise<void>;
}

/**
 * The sample configuration, with its issuer and databases moved to this machine, synthesized, bootstrapped and
 * deployed to a fresh MiniStack by CDK's own command line.
 */
export const deployStack = async (name: string): Promise<Deployment> => {
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    return { ...(await deployParts(join(WORK_DIR, name), stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const deployParts = async (workDir: string, stops: (() => unknown)[]): Promise<Omit<Deployment, 'stop'>> => {
  rmSync(workDir, { recursive: true, force: true });
  mkdirSync(workDir, { recursive: true });
  const certificate = await localCertificate(workDir);
  setDefaultCACertificates([...getCACertificates('default'), certificate.certPem]);
  const places = await startPlaces(workDir, certificate, stops);
  const ministack = await startMiniStack({
    account: ACCOUNT,
    region: REGION,
    workDir,
    caFile: join(workDir, 'ca.pem'),
    keyFile: join(workDir, 'ca.key'),
  });
  stops.push(ministack.stop);
  const cdk = (...args: readonly string[]) => runCdk({ args, cwd: workDir, env: ministack.adminEnv });
  const outdir = join(workDir, 'cdk.out');
  const times = await deploy({ workDir, outdir, cdk });
  const outputs = JSON.parse(readFileSync(join(workDir, 'outputs.json'), 'utf8'))[STACK_NAME];
  return { ...places, ministack, outputs, baseUrl: baseUrlOf(ministack, outputs.ApiUrl), cdk, outdir, times };
};

/** The issuer and the databases that the configuration is then written for. */
const startPlaces = async (workDir: string, certificate: LocalCertificate, stops: (() => unknown)[]) => {
  const issuer = await startIssuer({ directory: workDir, certificate });
  stops.push(issuer.stop);
  const postgres = await startPostgres({ directory: join(workDir, 'postgres'), databases: SAMPLE_DATABASES });
  stops.push(postgres.stop);
  const front = createRdsFront({
    certificate,
    upstream: join(postgres.socketDir, `.s.PGSQL.${postgres.port}`),
    admits: async ({ user, token }) =>
      isLoginToken(token, {
        user,
        endpoint: `localhost:${(front.address() as AddressInfo).port}`,
        now: Date.now(),
      }),
  });
  await listenOnLoopback(front);
  stops.push(() => void front.close());
  writeLocalConfig(join(ROOT, 'config'), join(workDir, 'config'), {
    issuer,
    certPem: certificate.certPem,
    clusters: new Map([['shop-cluster', { endpoint: 'https://localhost:1' }]]),
    databases: new Map(['orders-db', 'billing-db'].map((id) => [id, { port: portOf(front) }])),
    account: ACCOUNT,
    region: REGION,
    resourceId: 'db-DEPLOYTEST',
    // Nobody goes there in this test: MiniStack has no machines.
    machines: new Map([['reports-host', { port: 22, hostKey: SAMPLE_HOST_KEY }]]),
  });
  return { issuer, postgres };
};

const SAMPLE_HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBT6CUbTzZBKOtxHn9NrXOabAjqloCRk6etFIeEBp2cn';

interface Deploying {
  readonly workDir: string;
  readonly outdir: string;
  readonly cdk: (...args: readonly string[]) => Promise<string>;
}

const deploy = async ({ workDir, outdir, cdk }: Deploying): Promise<Deployment['times']> => {
  const { context, ...rest } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
  const latchkey = {
    ...context.latchkey,
    stackName: STACK_NAME,
    account: ACCOUNT,
    region: REGION,
    configDir: join(workDir, 'config'),
    createTargetRoles: true,
  };
  const app = `node ${join(ROOT, 'bin/app.ts')}`;
  writeFileSync(
    join(workDir, 'cdk.json'),
    JSON.stringify({ ...rest, app, context: { ...context, latchkey } }),
  );
  const synth = await timeOf(() => cdk('synth', '--quiet'));
  concede(outdir, STACK_NAME);
  const bootstrap = await timeOf(() => cdk('bootstrap', `aws://${ACCOUNT}/${REGION}`, '--app', outdir));
  const deployed = await timeOf(() =>
    cdk(...deployArgs(outdir), '--outputs-file', join(workDir, 'outputs.json')),
  );
  return { synth, bootstrap, deploy: deployed };
};

/** After another `synth`. */
export const concedeAgain = (outdir: string): void => void concede(outdir, STACK_NAME);

export const deployArgs = (outdir: string): string[] => [
  ...['deploy', '--app', outdir, '--require-approval', 'never', '--progress', 'events'],
];

const timeOf = async (task: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await task();
  return performance.now() - startedAt;
};

/** The address in the outputs is AWS's; MiniStack serves the same API and stage under a path. */
const baseUrlOf = ({ endpoint }: MiniStack, apiUrl: string): string => {
  const { hostname, pathname } = new URL(apiUrl);
  return `${endpoint}/_aws/execute-api/${hostname.split('.')[0]}${pathname.replace(/\/$/, '')}`;
};
