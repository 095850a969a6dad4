import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { parse } from 'yaml';
import { type LocalCluster, startCluster } from '../../../examples/targets/kubernetes.ts';
import { administratorKeys } from '../../../lambdas/adapters/aws/administrator-keys.ts';
import { stsSessions } from '../../../lambdas/adapters/aws/assume-role.ts';
import { eksIssuer } from '../../../lambdas/adapters/eks/eks-issuer.ts';
import { eksTarget } from '../../../lambdas/adapters/eks/eks-target.ts';
import { inCluster } from '../../../lambdas/adapters/eks/kubernetes-api.ts';
import { ownEksToken } from '../../../lambdas/adapters/eks/own-eks-token.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import type { EksResource } from '../../../lambdas/core/config/resource.ts';
import { localCertificate } from '../../../local/certificates.ts';
import { trusts } from '../../../local/iam.ts';
import { FUNCTIONS } from '../../infra/sample-settings.ts';
import { scratchDir } from '../../infra/scratch-dir.ts';
import { type AwsAccount, actAs, startAwsAccount, TRUSTED, templateOf } from '../../support/aws-account.ts';
import {
  CLUSTER,
  callCluster,
  clusterResource,
  endedOf,
  newGrant,
  REGION,
} from '../../support/cluster-scene.ts';
import { identitiesIn, type MadeResources } from '../../support/identities-in.ts';

const PAGE = readFileSync('docs/targets/eks.md', 'utf8');
/** What the page has to be said of a cluster in another account. */
const { target: THERE } = parse(/```yaml\n(target:\n[\s\S]*?)```/.exec(PAGE)?.[1] ?? '');

let account: AwsAccount;
let cluster: LocalCluster;
let resource: EksResource;
const environment = { ...process.env };

before(async () => {
  const certificate = await localCertificate(scratchDir());
  const sample = clusterResource('https://localhost:1', certificate.certPem);
  const shop: EksResource = { ...sample, target: { ...sample.target, ...THERE, region: REGION } };
  const made = templateOf(shop) as MadeResources;
  account = await startAwsAccount(identitiesIn(made), THERE.account);
  cluster = await startCluster({
    ...{ certificate, cluster: CLUSTER, region: REGION },
    sessions: () => account.sessions,
    entries: Object.values(made.Resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::EKS::AccessEntry'
        ? [{ roleArn: String(Properties.PrincipalArn), username: String(Properties.Username) }]
        : [],
    ),
  });
  cluster.apply(readFileSync('docs/targets/eks.yaml', 'utf8'));
  resource = { ...shop, target: { ...shop.target, endpoint: cluster.endpoint } };
  actAs(account, 'runner');
});
after(async () => {
  process.env = environment;
  await cluster.stop();
  await account.close();
});
beforeEach(() => {
  account.calls.length = 0;
});

const time = { skippedMs: 0 };
const clock = () => Date.now() + time.skippedMs;
const signInAs = (who: 'runner' | 'vend') =>
  ownEksToken({
    keysOf: administratorKeys({ assume: stsSessions(account.keysOf(who)), clock }),
    clock: Date.now,
  });
const target = () => eksTarget({ signInOwn: signInAs('runner'), clock: Date.now });
const changed = (change: Partial<EksResource['target']>): EksResource => ({
  ...resource,
  target: { ...resource.target, ...change },
});

describe('a grant on a cluster of another account', () => {
  test('lives and ends by the roles and entries that the construct makes there', async () => {
    const grant = newGrant();
    const runner = target();
    assert.equal(await runner.open({ resource, grant, isStillWanted: async () => true }), 'opened');
    const { activateBy: _, ...core } = grant;
    const active = { ...core, state: 'active', activatedAt: Date.now(), credentialsIssued: 0 } as const;
    const issuer = eksIssuer({ assume: stsSessions(account.keysOf('vend')), clock: Date.now });
    const issued = await issuer.issue({ resource, grant: active, id: 'c_1' });
    assert.ok(issued.ok);
    const read = () => callCluster(resource, issued.value.secret, { path: '/api/v1/namespaces/shop/pods' });
    assert.equal((await read()).status, 200);
    const since = Date.now();
    const report = await runner.close({ resource, grantId: grant.id, grant: endedOf(grant), since });
    assert.equal(report.dead, true);
    assert.equal((await read()).status, 403);
  });

  test('has runner ask STS once, and again after a quarter of an hour', async () => {
    const runner = target();
    await runner.inventory(resource);
    await runner.inventory(resource);
    assert.deepEqual(account.calls, ['sts:AssumeRole']);
    time.skippedMs = 16 * 60_000;
    await runner.inventory(resource);
    time.skippedMs = 0;
    assert.deepEqual(account.calls, ['sts:AssumeRole', 'sts:AssumeRole']);
  });

  test('is refused where the role asks for another external id, and nothing counts as dead', async () => {
    const confused = changed({ externalId: 'somebody-elses' });
    const grant = newGrant();
    await assert.rejects(
      target().open({ resource: confused, grant, isStillWanted: async () => true }),
      DependencyUnavailable,
    );
    const ask = { resource: confused, grantId: grant.id, grant: endedOf(grant), since: Date.now() };
    const { dead, error } = await target().close(ask);
    assert.deepEqual([dead, error], [false, 'connect:unavailable']);
  });

  test('is refused to runner as itself: the cluster does not know it', async () => {
    const asItself = changed({ administratorRoleArn: undefined });
    const ask = { resource: asItself, signInOwn: signInAs('runner') };
    await assert.rejects(
      inCluster(ask, (api) => api({ method: 'GET', path: '/api' }, undefined as never)),
      { code: 'http_401' },
    );
  });
});

describe('the administrator’s role', () => {
  test('has no right of AWS at all', () => {
    const role = account.roles.find(({ arn }) => arn === THERE.administratorRoleArn);
    assert.deepEqual([role?.policies, role?.managed], [[], []]);
  });

  test('trusts runner alone, with the external id and under its name', () => {
    const role = account.roles.find(({ arn }) => arn === THERE.administratorRoleArn);
    assert.ok(role);
    const given = { 'sts:ExternalId': [THERE.externalId], 'sts:RoleSessionName': ['latchkey-runner'] };
    const isTrusted = (caller: string, context: Record<string, string[]> = given) =>
      trusts(role.trust, caller, {
        ...{ action: 'sts:AssumeRole', resource: role.arn },
        context: { ...context, 'aws:PrincipalArn': [caller] },
      });
    const callers = FUNCTIONS.map((name) => TRUSTED.runnerRoleArn.replace('runner', name));
    assert.deepEqual(
      callers.filter((caller) => isTrusted(caller)),
      [TRUSTED.runnerRoleArn],
    );
    const { 'sts:ExternalId': external, 'sts:RoleSessionName': name } = given;
    for (const context of [
      { 'sts:RoleSessionName': name },
      { 'sts:RoleSessionName': name, 'sts:ExternalId': ['somebody-elses'] },
      // A user of the cluster is named by its session; the administrator's are not to be taken for a grant's.
      { 'sts:ExternalId': external, 'sts:RoleSessionName': ['g_0123456789'] },
    ])
      assert.equal(isTrusted(TRUSTED.runnerRoleArn, context as never), false, JSON.stringify(context));
  });
});
