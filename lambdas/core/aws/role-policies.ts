import type { AwsStatement, AwsTargetAddress } from '../config/target-addresses.ts';
import { DENY_FLOOR } from './deny-floor.ts';
import { endedPolicyArn, rolesOf } from './role-shards.ts';
import { MARK_TAG, PROBE_PURPOSE, PURPOSE_TAG, SESSION_TAGS } from './session-marks.ts';
import { PROBED_ACTION } from './session-policy.ts';

/** A deployment of Latchkey as the account of a target knows it: its functions by the ARNs of their roles. */
export interface Trusted {
  readonly account: string;
  readonly vendRoleArn: string;
  readonly revokerRoleArn: string;
  readonly runnerRoleArn: string;
  /** The one document that `revoker` sends to machines. */
  readonly endSessionsDocument: string;
}

export interface PolicyJson {
  readonly Version: '2012-10-17';
  readonly Statement: readonly object[];
}

export const policyOf = (...statements: readonly object[]): PolicyJson => ({
  Version: '2012-10-17',
  Statement: statements,
});

/** A role that does not exist yet cannot be named as a principal; its account can, narrowed to the role's name. */
export const trusting = (
  { account, vendRoleArn }: Pick<Trusted, 'account' | 'vendRoleArn'>,
  what: { readonly action: string; readonly by: string | readonly string[]; readonly when: Conditions },
): object => ({
  Effect: 'Allow',
  Principal: { AWS: `arn:${vendRoleArn.split(':')[1]}:iam::${account}:root` },
  Action: what.action,
  Condition: { ArnEquals: { 'aws:PrincipalArn': what.by }, ...what.when },
});

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

const requestTag = (name: string): string => `aws:RequestTag/${name}`;

/** The marks by which sessions are ended, and found. */
const MARKED = { [requestTag('latchkey:grant')]: 'false', [requestTag(MARK_TAG)]: 'false' };

/**
 * Who may have a session of a target's role: `vend`, with the marks by which it can be ended, and `revoker`, to prove that one
 * has ended. STS asks for each right by itself, and only the first knows of the external id.
 */
export const trustPolicy = (target: AwsTargetAddress, trusted: Trusted): PolicyJson => {
  const { vendRoleArn: vend, revokerRoleArn: revoker } = trusted;
  const external = { 'sts:ExternalId': target.externalId };
  return policyOf(
    trusting(trusted, {
      action: 'sts:AssumeRole',
      by: vend,
      when: { StringEquals: external, Null: { ...MARKED, [requestTag(PURPOSE_TAG)]: 'true' } },
    }),
    trusting(trusted, {
      action: 'sts:AssumeRole',
      by: revoker,
      when: { StringEquals: { ...external, [requestTag(PURPOSE_TAG)]: PROBE_PURPOSE }, Null: MARKED },
    }),
    trusting(trusted, {
      action: 'sts:TagSession',
      by: [vend, revoker],
      when: { 'ForAllValues:StringEquals': { 'aws:TagKeys': [...SESSION_TAGS, PURPOSE_TAG] } },
    }),
    trusting(trusted, { action: 'sts:SetSourceIdentity', by: vend, when: {} }),
  );
};

/** A role of ours in the account of a target, and what has to be shown to assume it. */
export interface RoleThere {
  readonly roleArn: string;
  readonly externalId: string;
}

/** Who may have a session that is named and marked by a grant: `vend`, for each credential anew, and never as a probe. */
export const grantTrust = (
  { externalId }: Pick<RoleThere, 'externalId'>,
  trusted: Pick<Trusted, 'account' | 'vendRoleArn'>,
): PolicyJson => {
  const by = trusted.vendRoleArn;
  return policyOf(
    trusting(trusted, {
      action: 'sts:AssumeRole',
      by,
      when: {
        StringEquals: { 'sts:ExternalId': externalId },
        StringLike: NAMED_BY_GRANT,
        Null: { ...MARKED, [requestTag(PURPOSE_TAG)]: 'true' },
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

/** As the ids of grants begin. */
export const NAMED_BY_GRANT = { 'sts:RoleSessionName': 'g_*' };

/** Everything that some profile allows, each statement once. */
const allowedBy = ({ profiles }: AwsTargetAddress): readonly object[] => {
  const written = Object.values(profiles).flatMap(({ allow }) => allow.map(allowing));
  return [...new Map(written.map((statement) => [JSON.stringify(statement), statement])).values()];
};

const allowing = ({ actions, resources }: AwsStatement): object => ({
  Effect: 'Allow',
  Action: actions,
  Resource: resources,
});

const PROBE_ALLOWED = { Effect: 'Allow', Action: PROBED_ACTION, Resource: '*' };

/** A session of `revoker` proves by one call whether it is let in, and can do nothing else. */
const PROBE_LIMITED = {
  Effect: 'Deny',
  NotAction: PROBED_ACTION,
  Resource: '*',
  Condition: { StringEquals: { [`aws:PrincipalTag/${PURPOSE_TAG}`]: PROBE_PURPOSE } },
};

/** What the role may do: what its profiles allow between them. Each session has one of them. */
export const rightsPolicy = (target: AwsTargetAddress): PolicyJson =>
  policyOf(...allowedBy(target), PROBE_ALLOWED, PROBE_LIMITED);

/** What the role may do whatever is attached to it, and so the most that whoever writes its deny policy could give it. */
export const boundaryPolicy = (target: AwsTargetAddress): PolicyJson =>
  policyOf(...allowedBy(target), PROBE_ALLOWED, { Effect: 'Deny', Action: DENY_FLOOR, Resource: '*' });

/** Who may be the writer of the deny policies. */
export const endingTrust = (target: AwsTargetAddress, trusted: Trusted): PolicyJson =>
  policyOf(
    trusting(trusted, {
      action: 'sts:AssumeRole',
      by: trusted.revokerRoleArn,
      when: { StringEquals: { 'sts:ExternalId': target.externalId } },
    }),
  );

/** Versions of these policies, and nothing else in the account: neither what they are attached to nor any other policy. */
export const endingPolicy = (target: AwsTargetAddress): PolicyJson =>
  policyOf({
    Effect: 'Allow',
    Action: ['Create', 'Delete', 'SetDefault', 'Get']
      .map((verb) => `iam:${verb}PolicyVersion`)
      .concat('iam:ListPolicyVersions'),
    Resource: rolesOf(target).map(endedPolicyArn),
  });
