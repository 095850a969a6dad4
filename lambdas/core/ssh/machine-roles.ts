import { partitionOf } from '../aws/partition.ts';
import {
  NAMED_BY_GRANT,
  type PolicyJson,
  policyOf,
  type RoleThere,
  type Trusted,
  trusting,
} from '../aws/role-policies.ts';
import type { SshResource } from '../config/resource.ts';
import type { SshTargetAddress } from '../config/target-addresses.ts';

/** A machine that is reached by roles of the account where it is, and by no right of ours. */
export type MachineElsewhere = SshResource & { readonly target: SshTargetAddress & RoleThere };

export const isElsewhere = (machine: SshResource): machine is MachineElsewhere =>
  machine.target.roleArn !== undefined && machine.target.externalId !== undefined;

const arnOf = (service: string, { region, account }: SshTargetAddress, name: string): string =>
  `arn:${partitionOf(region)}:${service}:${region}:${account}:${name}`;

export const instanceArn = (target: SshTargetAddress): string =>
  arnOf('ec2', target, `instance/${target.instanceId}`);

/**
 * What `revoker` sends: where machines are beside Latchkey one document for all, and elsewhere one for each, since each is
 * made in a stack of its own.
 */
export const documentFor = (deploymentsOwn: string, machine: SshResource): string =>
  isElsewhere(machine) ? `${deploymentsOwn}-${machine.id}` : deploymentsOwn;

/** Whom `vend` may let in by the role: one user of one machine. Without the condition it could be any user, root among them. */
export const pushingRights = (target: SshTargetAddress): PolicyJson =>
  policyOf({
    Effect: 'Allow',
    Action: 'ec2-instance-connect:SendSSHPublicKey',
    Resource: instanceArn(target),
    Condition: { StringEquals: { 'ec2:osuser': target.osUser } },
  });

/** Who may be what ends sessions: `revoker`, with the external id, for a grant. */
export const endingMachineTrust = ({ externalId }: RoleThere, trusted: Trusted): PolicyJson =>
  policyOf(
    trusting(trusted, {
      action: 'sts:AssumeRole',
      by: trusted.revokerRoleArn,
      when: { StringEquals: { 'sts:ExternalId': externalId }, StringLike: NAMED_BY_GRANT },
    }),
  );

/** One document, to one machine. The answers of commands are no resources to IAM; they hold codes and numbers. */
export const endingMachineRights = (machine: MachineElsewhere, trusted: Trusted): PolicyJson =>
  policyOf(
    {
      Effect: 'Allow',
      Action: 'ssm:SendCommand',
      Resource: [
        arnOf('ssm', machine.target, `document/${documentFor(trusted.endSessionsDocument, machine)}`),
        instanceArn(machine.target),
      ],
    },
    { Effect: 'Allow', Action: 'ssm:GetCommandInvocation', Resource: '*' },
  );
