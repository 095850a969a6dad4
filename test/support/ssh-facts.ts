import type { SshResource } from '../../lambdas/core/config/resource.ts';
import type { ActivatingGrant } from '../../lambdas/core/grant/grant.ts';
import { ACTIVATING } from './facts.ts';

/** One valid object of each kind. A test changes the one thing it is about. */
export const SSH_RESOURCE: SshResource = {
  id: 'build-host',
  kind: 'ssh',
  description: 'Builds and deploys the shop',
  env: 'staging',
  actions: ['ssh:connect'],
  maxDurationSeconds: 3_600,
  sensitive: [],
  target: {
    account: '000000000000',
    region: 'us-east-1',
    instanceId: 'i-0123456789abcdef0',
    host: '10.0.1.20',
    port: 22,
    osUser: 'agent',
    hostKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEbhwCDj+qOKGCTyIR5nCJz8oDd7DDY7CvjNbHBpmgBW'],
    endpointId: undefined,
    roleArn: undefined,
    externalId: undefined,
  },
};

export const SSH_ACTIVATING: ActivatingGrant = {
  ...ACTIVATING,
  resource: SSH_RESOURCE.id,
  kind: 'ssh',
  action: 'ssh:connect',
};

/** Nobody has the private halves. */
export const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG3y6InSn6/pClPZq1bOxs/oNhJT+LqtZ+mRTgW8Cxmh';
export const OTHER_PUBLIC_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFdSEh+TfPQ/vCtCXvyO+5dS3AgDE+zuBxxIiVdAETt1';
