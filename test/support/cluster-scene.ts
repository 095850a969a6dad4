import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { asThemselves } from '../../lambdas/adapters/aws/administrator-keys.ts';
import { stsSessions } from '../../lambdas/adapters/aws/assume-role.ts';
import { eksIssuer } from '../../lambdas/adapters/eks/eks-issuer.ts';
import { eksTarget } from '../../lambdas/adapters/eks/eks-target.ts';
import { ownEksToken } from '../../lambdas/adapters/eks/own-eks-token.ts';
import type { Target } from '../../lambdas/app/ports-of-targets.ts';
import type { EksResource } from '../../lambdas/core/config/resource.ts';
import type { ActivatingGrant, ActiveGrant, EndedGrant } from '../../lambdas/core/grant/grant.ts';
import { grantId, taskId } from '../../lambdas/core/grant/ids.ts';
import type { LocalCertificate } from '../../local/certificates.ts';
import type { Sessions } from '../../local/sessions.ts';
import { eksAccess } from './eks-access.ts';
import { ACTIVATING } from './facts.ts';

export const ADMIN_ROLE = 'arn:aws:iam::000000000000:role/latchkey-runner';
export const TARGET_ROLE = 'arn:aws:iam::000000000000:role/latchkey-target-shop-cluster';
export const CLUSTER = 'shop';
export const REGION = 'us-east-1';

/** The access entries that an infra team applies. */
export const ENTRIES = eksAccess('000000000000', {
  RoleName: 'latchkey-target-shop-cluster',
  ExternalId: 'latchkey-test',
}).entries;

export interface ClusterAnswer {
  readonly status: number;
  readonly body: string;
}

export interface ClusterCall {
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
}

/** A cluster that the tests of endings run against, whichever stands behind it. */
export interface ClusterScene {
  readonly resource: EksResource;
  readonly target: Target<EksResource>;
  readonly sessions: Sessions;
  readonly certificate: LocalCertificate;
  /** What `runner` shows. */
  adminToken(): Promise<string>;
  /** As whoever made the cluster. */
  asMaster(call: ClusterCall): Promise<ClusterAnswer>;
  stop(): Promise<void>;
}

/** Nobody looks at the address of these until they are started. */
export const clusterResource = (endpoint: string, caPem: string): EksResource => ({
  id: 'shop-cluster',
  kind: 'eks',
  description: 'The cluster of the shop',
  env: 'staging',
  actions: ['eks:connect'],
  maxDurationSeconds: 3_600,
  sensitive: [],
  target: {
    account: '000000000000',
    region: REGION,
    cluster: CLUSTER,
    endpoint,
    caPem,
    roleArn: TARGET_ROLE,
    externalId: 'latchkey-test',
    administratorRoleArn: undefined,
    profiles: {
      'logs-reader': {
        description: 'Read pods and their logs',
        namespace: 'shop',
        role: { kind: 'Role', name: 'logs-reader' },
        mayFollowLogs: true,
      },
      'config-editor': {
        description: 'Change settings',
        namespace: 'shop',
        role: { kind: 'Role', name: 'config-editor' },
      },
    },
  },
});

/** The administrator signs in with a session of its own role, as `runner` does with what Lambda puts into its environment. */
export const administrator = (sessions: Sessions, clock: () => number = Date.now) => {
  const keys = sessions.issue({ roleArn: ADMIN_ROLE, name: 'latchkey-runner' });
  process.env.AWS_ACCESS_KEY_ID = keys.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = keys.secretAccessKey;
  process.env.AWS_SESSION_TOKEN = keys.sessionToken;
  const signInOwn = ownEksToken({ keysOf: asThemselves, clock });
  return { target: eksTarget({ signInOwn, clock }), signInOwn };
};

const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));

export const newGrant = (profile = 'logs-reader', task = taskId(random(20))): ActivatingGrant => ({
  ...ACTIVATING,
  id: grantId(task, random(12)),
  task,
  kind: 'eks',
  action: 'eks:connect',
  resource: 'shop-cluster',
  profile,
  expiresAt: Date.now() + 3_600_000,
});

const { activateBy: _, ...CORE } = ACTIVATING;

/** The same grant when its window is over. */
export const endedOf = (grant: ActivatingGrant): EndedGrant => {
  const { activateBy: _by, ...core } = grant;
  return {
    ...core,
    state: 'expired',
    cause: 'window_over',
    endedAt: Date.now(),
    activatedAt: undefined,
    credentialsIssued: 0,
    ending: { status: 'pending', attempts: 0, nextAttemptAt: 0, lastError: undefined },
  };
};

/** What `vend` would answer for it now. STS is asked where `AWS_ENDPOINT_URL_STS` says. */
export const tokenOf = async (
  resource: EksResource,
  grant: ActivatingGrant,
  clock: () => number = Date.now,
): Promise<string> => {
  const active: ActiveGrant = {
    ...CORE,
    ...grant,
    state: 'active',
    activatedAt: Date.now(),
    credentialsIssued: 0,
  };
  const assume = stsSessions();
  const issued = await eksIssuer({ clock, assume }).issue({ resource, grant: active, id: 'c_1' });
  if (!issued.ok) throw new TypeError(issued.failure.code);
  return issued.value.secret;
};

/** One call as whoever shows this token, to the address and authority of the resource. */
export const callCluster = async (
  { target }: EksResource,
  token: string,
  { method = 'GET', path, body, contentType = 'application/json' }: ClusterCall,
): Promise<ClusterAnswer> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(body ? { 'content-type': contentType } : {}) };
    const sent = request(new URL(path, target.endpoint), { method, ca: target.caPem, headers }, (answer) => {
      text(answer).then((told) => resolve({ status: answer.statusCode ?? 0, body: told }), reject);
    });
    sent.on('error', reject).end(body && JSON.stringify(body));
  });
