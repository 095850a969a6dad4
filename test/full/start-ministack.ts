import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ChildServer, freePort, startChildServer } from '../../examples/targets/child-server.ts';
import { VENV_DIR } from './tools.ts';

export interface MiniStackOptions {
  readonly account: string;
  readonly region: string;
  /** Gets its temporary files, unpacked functions among them. */
  readonly workDir: string;
  /** PEM files: its own TLS certificate, which clients and its functions trust as their only further authority. */
  readonly caFile: string;
  readonly keyFile: string;
}

export interface MiniStack extends ChildServer {
  readonly endpoint: string;
  /** The environment of a client with all rights in the account: the CDK command line and the test itself. */
  readonly adminEnv: Readonly<Record<string, string>>;
}

const START_TIMEOUT_MS = 30_000;

/**
 * MiniStack, empty, on a port of 127.0.0.1, with signatures and IAM policies enforced (`AUTH`). That wants TLS: the
 * bucket that `cdk bootstrap` makes refuses anything else. With TLS it also takes port 443 of 127.0.0.1 where it can.
 */
export const startMiniStack = async (options: MiniStackOptions): Promise<MiniStack> => {
  const { account, region, workDir, caFile, keyFile } = options;
  const port = await freePort();
  const endpoint = `https://127.0.0.1:${port}`;
  const home = join(workDir, 'ministack');
  mkdirSync(home, { recursive: true });
  // It unpacks functions there, which would otherwise be taken for modules of this package.
  writeFileSync(join(home, 'package.json'), '{"type":"commonjs"}');
  const keys = {
    AWS_ACCESS_KEY_ID: 'admin',
    AWS_SECRET_ACCESS_KEY: 'admin-of-nothing-but-ministack',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  // `node` is the one that runs this, which is the runtime that the stack asks for.
  const path = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
  const server = await startChildServer({
    command: join(VENV_DIR, 'bin/ministack'),
    args: [],
    cwd: home,
    env: {
      ...keys,
      PATH: path,
      HOME: home,
      TMPDIR: home,
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_ACCOUNT_ID: account,
      MINISTACK_REGION: region,
      AUTH: 'true',
      USE_SSL: '1',
      MINISTACK_SSL_CERT: caFile,
      MINISTACK_SSL_KEY: keyFile,
      LAMBDA_EXECUTOR: 'local',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      NODE_EXTRA_CA_CERTS: caFile,
    },
    isUp: async () => (await fetch(`${endpoint}/_ministack/health`)).ok,
    startTimeoutMs: START_TIMEOUT_MS,
  });
  const adminEnv = {
    ...keys,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_CA_BUNDLE: caFile,
  };
  return { ...server, endpoint, adminEnv };
};
