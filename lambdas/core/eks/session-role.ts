import { type PolicyJson, policyOf, requestTag, type Trusted, trusting } from '../aws/role-policies.ts';
import { MARK_TAG, PURPOSE_TAG, SESSION_TAGS } from '../aws/session-marks.ts';
import type { EksTargetAddress } from '../config/target-addresses.ts';

/**
 * Who may have a session of a cluster's role: `vend`, with the marks of a grant. The name of a session is what the cluster goes by, so
 * nobody else may choose one. The role itself has no rights at all.
 */
export const clusterTrust = (
  { externalId }: Pick<EksTargetAddress, 'externalId'>,
  trusted: Pick<Trusted, 'account' | 'vendRoleArn'>,
): PolicyJson => {
  const by = trusted.vendRoleArn;
  const marked = { [requestTag('latchkey:grant')]: 'false', [requestTag(MARK_TAG)]: 'false' };
  return policyOf(
    trusting(trusted, {
      action: 'sts:AssumeRole',
      by,
      when: {
        StringEquals: { 'sts:ExternalId': externalId },
        StringLike: { 'sts:RoleSessionName': 'g_*' },
        Null: { ...marked, [requestTag(PURPOSE_TAG)]: 'true' },
      },
    }),
    trusting(trusted, {
      action: 'sts:TagSession',
      by,
      when: { 'ForAllValues:StringEquals': { 'aws:TagKeys': [...SESSION_TAGS] } },
    }),
    trusting(trusted, { action: 'sts:SetSourceIdentity', by, when: {} }),
  );
};
