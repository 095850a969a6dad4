import type { AwsResource } from '../../lambdas/core/config/resource.ts';
import type { ActiveGrant } from '../../lambdas/core/grant/grant.ts';
import { REPORTS } from './aws-account.ts';
import { ACTIVATING, NOW } from './facts.ts';

/** The same resource on four roles. */
export const SHARDED: AwsResource = { ...REPORTS, target: { ...REPORTS.target, shards: 4 } };

const { activateBy: _, ...CORE } = ACTIVATING;

/** A grant on it that may be used. Its id is the number's. */
export const activeGrant = (number: number, change: Partial<ActiveGrant> = {}): ActiveGrant => ({
  ...CORE,
  id: `g_k3v9q2m7xw4b8r1nd6hz_${String(number).padStart(12, '0')}`,
  kind: 'aws',
  action: 'aws:assume',
  resource: REPORTS.id,
  profile: 'read',
  state: 'active',
  activatedAt: NOW,
  expiresAt: NOW + 600_000,
  credentialsIssued: 0,
  ...change,
});
