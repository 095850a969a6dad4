import { createHash } from 'node:crypto';
import type { AwsTargetAddress } from '../config/target-addresses.ts';

type ShardedRole = Pick<AwsTargetAddress, 'roleArn' | 'shards'>;

/** In order: the others are named after the first, `…-2`, `…-3`. */
export const rolesOf = ({ roleArn, shards }: ShardedRole): readonly string[] =>
  Array.from({ length: shards }, (_, index) => (index === 0 ? roleArn : `${roleArn}-${index + 1}`));

/** The one role that a grant's sessions are of, by its id: the same whenever and by whomever it is asked. */
export const roleOfGrant = (target: ShardedRole, grantId: string): string => {
  const shard = createHash('sha256').update(grantId).digest().readUInt32BE(0) % target.shards;
  return rolesOf(target)[shard] ?? target.roleArn;
};

/** `arn:aws:iam::111122223333:role/path/name` → `name`. */
export const roleName = (roleArn: string): string => roleArn.split('/').at(-1) ?? '';

const inAccountOf = (roleArn: string): string => roleArn.split(':').slice(0, 5).join(':');

/** The managed policy of one role that says whose sessions have ended. */
export const endedPolicyArn = (roleArn: string): string =>
  `${inAccountOf(roleArn)}:policy/latchkey-ended-${roleName(roleArn)}`;

/** The managed policy that bounds every role of a target. */
export const boundaryPolicyArn = ({ roleArn }: Pick<AwsTargetAddress, 'roleArn'>): string =>
  `${inAccountOf(roleArn)}:policy/latchkey-boundary-${roleName(roleArn)}`;

/** The role by which `revoker` ends what a target's others have opened, and which does nothing else. */
export const endingRoleArn = ({ roleArn }: Pick<ShardedRole, 'roleArn'>): string => `${roleArn}-ending`;
