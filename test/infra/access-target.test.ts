import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { AccessTarget } from '../../lib/access-target.ts';
import { REPORTS, TRUSTED } from '../support/aws-account.ts';
import { clusterResource } from '../support/cluster-scene.ts';
import { MACHINE, ORDERS } from './sample-settings.ts';
import { scratchDir } from './scratch-dir.ts';

const HERE = { account: '111122223333', region: 'eu-central-1' };
const sample = clusterResource('https://ABC.gr7.eu-central-1.eks.amazonaws.com', 'pem');
const SHOP: Resource = { ...sample, target: { ...sample.target, ...HERE } };

const makeIn = (env: { account?: string; region?: string } | undefined, resource: Resource) => () => {
  const app = new App({ outdir: scratchDir(), builtinCloudFormationValidation: false });
  new AccessTarget(new Stack(app, 'Target', env ? { env } : {}), 'Target', { resource, trusted: TRUSTED });
};

describe('what a resource needs', () => {
  const kinds: readonly Resource[] = [ORDERS, REPORTS, MACHINE, SHOP];
  for (const resource of kinds) {
    test(`is made in its own account and in a stack of no account: ${resource.kind}`, () => {
      for (const env of [HERE, undefined, { account: HERE.account }]) makeIn(env, resource)();
    });

    test(`is not made in another account, where nobody would look for it: ${resource.kind}`, () =>
      assert.throws(
        makeIn({ ...HERE, account: '999988887777' }, resource),
        new RegExp(
          `^Error: ${resource.id} is in account 111122223333, but the stack Target is of 999988887777`,
        ),
      ));
  }

  for (const resource of [MACHINE, SHOP])
    test(`is not made in another region: ${resource.kind}`, () =>
      assert.throws(
        makeIn({ ...HERE, region: 'us-east-1' }, resource),
        /in region eu-central-1, but the stack Target is of us-east-1/,
      ));

  for (const resource of [ORDERS, REPORTS])
    test(
      `is made from any region where it is of none: ${resource.kind}`,
      makeIn({ ...HERE, region: 'us-east-1' }, resource),
    );
});
