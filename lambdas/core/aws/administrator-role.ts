import { type PolicyJson, policyOf, type RoleThere, type Trusted, trusting } from './role-policies.ts';

/** Of a target in a network of yours. */
interface Administrated {
  readonly account: string;
  /** The role of its account that `runner` is there; undefined where it is itself. */
  readonly administratorRoleArn?: string | undefined;
  readonly externalId?: string | undefined;
}

/** As whom `runner` opens and ends access in another account; undefined where it does as itself. */
export const administratorOf = ({
  administratorRoleArn,
  externalId,
}: Administrated): RoleThere | undefined =>
  administratorRoleArn === undefined || externalId === undefined
    ? undefined
    : { roleArn: administratorRoleArn, externalId };

/** Its sessions are kept and used for one grant after the other, so they have the name of who they are of. */
export const ADMINISTRATOR_SESSION = 'latchkey-runner';

/** Who may be the administrator: `runner`, with the external id. */
export const administratorTrust = ({ externalId }: RoleThere, trusted: Trusted): PolicyJson =>
  policyOf(
    trusting(trusted, {
      action: 'sts:AssumeRole',
      by: trusted.runnerRoleArn,
      when: {
        StringEquals: { 'sts:ExternalId': externalId, 'sts:RoleSessionName': ADMINISTRATOR_SESSION },
      },
    }),
  );
