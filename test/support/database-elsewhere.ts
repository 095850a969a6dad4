import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { administratorKeys } from '../../lambdas/adapters/aws/administrator-keys.ts';
import { stsSessions } from '../../lambdas/adapters/aws/assume-role.ts';
import { ownRdsSigner } from '../../lambdas/adapters/database/own-rds-signer.ts';
import { rdsTokenSigner } from '../../lambdas/adapters/database/rds-token-signer.ts';
import type { SignOwn } from '../../lambdas/adapters/database/sign-own.ts';
import { userAt } from '../../lambdas/app/audit-target.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { Target } from '../../lambdas/app/ports-of-targets.ts';
import type { MysqlResource, PostgresResource } from '../../lambdas/core/config/resource.ts';
import type { AwsAccount } from './aws-account.ts';
import { ACTIVATING } from './facts.ts';
import { newGrantId } from './granted-roles.ts';

const PAGE = readFileSync('docs/targets/postgres.md', 'utf8');
/** What the page has to be said of a database in another account. */
export const { target: THERE } = parse(/```yaml\n(target:\n[\s\S]*?)```/.exec(PAGE)?.[1] ?? '');

type Database = PostgresResource | MysqlResource;

/** As the two functions sign on an account, each with keys of its own. */
export const signersOn = (account: AwsAccount) => ({
  runner: (): SignOwn =>
    ownRdsSigner(administratorKeys({ assume: stsSessions(account.keysOf('runner')), clock: Date.now })),
  vend: () => rdsTokenSigner({ assume: stsSessions(account.keysOf('vend')), clock: Date.now }),
  /** A token for the administrator by the role that is `vend`'s there. */
  adminAsVend: async (resource: Database): Promise<string> => {
    const { roleArn = '', externalId } = resource.target;
    const ask = { roleArn, externalId, sessionName: 'latchkey-vend', seconds: 900 };
    const { keys } = await stsSessions(account.keysOf('vend'))(ask);
    return ownRdsSigner(async () => keys)(resource, 'latchkey_admin');
  },
});

export const asksFor = <R extends Database>(resource: R, grantId: string) => ({
  open: {
    resource,
    grant: { ...ACTIVATING, kind: resource.kind, id: grantId },
    isStillWanted: async () => true,
  },
  close: { resource, grantId, grant: undefined, since: Date.now() },
});

/** Where the roles ask for another external id nothing is opened, and nothing counts as dead. */
export const assertConfusedIsRefused = async <R extends Database>(
  account: AwsAccount,
  resource: R,
  targetWith: (signOwn: SignOwn) => Target<R>,
): Promise<void> => {
  const { runner, vend } = signersOn(account);
  const confused: R = { ...resource, target: { ...resource.target, externalId: 'somebody-elses' } };
  const id = newGrantId();
  const { open, close } = asksFor(confused, id);
  await assert.rejects(targetWith(runner()).open(open), DependencyUnavailable);
  await assert.rejects(vend().sign(confused, userAt(resource, id)), DependencyUnavailable);
  assert.equal((await targetWith(runner()).close(close)).dead, false);
};
