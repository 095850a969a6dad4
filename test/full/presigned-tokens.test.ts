import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { asThemselves } from '../../lambdas/adapters/aws/administrator-keys.ts';
import { ownRdsSigner } from '../../lambdas/adapters/database/own-rds-signer.ts';
import { presignIdentity } from '../../lambdas/adapters/eks/presign-identity.ts';
import { NOW, RESOURCE } from '../support/facts.ts';
import { VENV_DIR } from './tools.ts';

const ASKED = {
  at: '2026-03-02T10:00:00+00:00',
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'secret/with+signs=',
  sessionToken: 'session/token+with=signs~and*more',
  region: 'eu-central-1',
  host: 'orders.abc.eu-central-1.rds.amazonaws.com',
  port: 5432,
  user: 'lk_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f',
  cluster: 'shop_1-a',
};

const { rds, eks }: { rds: string; eks: string } = JSON.parse(
  execFileSync(join(VENV_DIR, 'bin/python'), [join(import.meta.dirname, 'presigned_tokens.py')], {
    input: JSON.stringify(ASKED),
    encoding: 'utf8',
  }),
);

/** Their order is no part of what is signed. */
const sorted = (url: string): string => {
  const [place = '', query = ''] = url.split('?');
  return `${place}?${query.split('&').sort().join('&')}`;
};

test('an EKS token holds what botocore signs at the same instant', async () => {
  const { region, cluster } = ASKED;
  assert.equal(sorted(await presignIdentity({ keys: ASKED, region, cluster, at: NOW })), sorted(eks));
});

test('an RDS token is what botocore signs at the same instant', async (t) => {
  const environment = { ...process.env };
  t.after(() => {
    process.env = environment;
  });
  process.env.AWS_ACCESS_KEY_ID = ASKED.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = ASKED.secretAccessKey;
  process.env.AWS_SESSION_TOKEN = ASKED.sessionToken;
  t.mock.timers.enable({ apis: ['Date'], now: NOW });
  const { host, port, region } = ASKED;
  const target = { ...RESOURCE.target, host, port, region };
  assert.equal(sorted(await ownRdsSigner(asThemselves)({ ...RESOURCE, target }, ASKED.user)), sorted(rds));
});
