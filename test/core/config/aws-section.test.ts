import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourcesOf } from '../../../lambdas/core/config/resource.ts';
import { assertOneMistake, compiled, VALID } from '../../support/config-text.ts';

const REPORTS = `  - id: reports
    kind: aws
    description: Reports of the shop
    env: staging
    actions: [aws:assume]
    maxDurationSeconds: 3600
    target:
      account: "111122223333"
      region: eu-central-1
      roleArn: arn:aws:iam::111122223333:role/latchkey-aws-reports
      externalId: latchkey-4f9d2c
      profiles:
        read:
          description: Reads reports
          allow:
            - actions: [s3:GetObject, s3:List*]
              resources: ["arn:aws:s3:::shop-reports/*"]
`;

const withReports = (text: string) => ({ ...VALID, resources: `${VALID.resources}${text}` });
const INDEX = VALID.resources.match(/- id:/g)?.length ?? 0;

const refuses = (from: string, to: string, path: string, message: RegExp): void => {
  assert.ok(REPORTS.includes(from), from);
  assertOneMistake(withReports(REPORTS.replace(from, to)), {
    file: 'resources.yaml',
    path: `resources[${INDEX}].target${path}`,
    message,
  });
};

test('a role with profiles is compiled, one shard unless it says more', () => {
  const [reports] = resourcesOf(compiled(withReports(REPORTS)).resources, 'aws');
  assert.deepEqual(reports?.target, {
    account: '111122223333',
    region: 'eu-central-1',
    roleArn: 'arn:aws:iam::111122223333:role/latchkey-aws-reports',
    shards: 1,
    externalId: 'latchkey-4f9d2c',
    profiles: {
      read: {
        description: 'Reads reports',
        allow: [{ actions: ['s3:GetObject', 's3:List*'], resources: ['arn:aws:s3:::shop-reports/*'] }],
      },
    },
  });
  assert.deepEqual(reports?.sensitive, []);
});

describe('an action', () => {
  const action = (name: string, message: RegExp) =>
    refuses(
      '[s3:GetObject, s3:List*]',
      `[s3:GetObject, "${name}"]`,
      '.profiles.read.allow[0].actions[1]',
      message,
    );

  for (const name of [
    '*',
    'GetObject',
    's*:GetObject',
    '*:GetObject',
    's3:Get Object',
    's3:',
    's3:Get${x}',
    'S3:GetObject',
  ])
    test(`must be one of a service: not ${name}`, () => action(name, /must be an action of one service/));

  for (const name of ['s3:*', 's3:**', 's3:?*'])
    test(`must not be all of a service: not ${name}`, () => action(name, /must not be all of a service/));

  for (const [name, denied] of [
    ['iam:PassRole', 'iam:*'],
    ['sts:AssumeRole', 'sts:*'],
    ['organizations:Describe*', 'organizations:*'],
    ['kms:PutKeyPolicy', 'kms:PutKeyPolicy'],
    ['kms:C*', 'kms:*Grant'],
    ['kms:Sch?duleKeyDeletion', 'kms:ScheduleKeyDeletion'],
    ['s3:Get*', 's3:GetDataAccess'],
  ] as const)
    test(`must not reach the floor: not ${name}`, () =>
      action(name, new RegExp(`reaches ${denied.replace('*', '\\*')}, which no profile can allow`)));
});

describe('a resource', () => {
  for (const arn of [
    'shop-reports',
    'arn:aws:s3:::a b',
    'arn:aws:s3:::${aws:PrincipalTag/x}',
    'arn:gcp:s3:::a',
    'arn:aws:s3:::é',
  ])
    test(`must be an ARN without variables: not ${arn}`, () =>
      refuses('arn:aws:s3:::shop-reports/*', arn, '.profiles.read.allow[0].resources[0]', /must be an ARN/));
});

describe('a role', () => {
  test('must be of the account', () =>
    refuses('iam::111122223333', 'iam::999900009999', '.roleArn', /role of "account"/));

  test('must leave room for the names of others', () =>
    refuses('latchkey-aws-reports', 'r'.repeat(58), '.roleArn', /at most 57 characters/));

  test('belongs to one resource, with all that are named after it', () => {
    const second = REPORTS.replace('id: reports', 'id: others');
    const taken = (text: string) =>
      assertOneMistake(
        withReports(REPORTS.replace('      externalId', '      shards: 3\n      externalId') + text),
        {
          file: 'resources.yaml',
          path: `resources[${INDEX + 1}].target.roleArn`,
          message: new RegExp(`resources\\[${INDEX}\\]`),
        },
      );
    taken(second);
    taken(second.replace('role/latchkey-aws-reports', 'role/latchkey-aws-reports-3'));
    compiled(
      withReports(REPORTS + second.replace('role/latchkey-aws-reports', 'role/latchkey-aws-reports-4')),
    );
  });

  for (const shards of ['0', '21', '1.5'])
    test(`has 1 to 20 shards: not ${shards}`, () =>
      refuses(
        '      externalId',
        `      shards: ${shards}\n      externalId`,
        '.shards',
        /"shards" must be/,
      ));

  for (const id of ['short', 'with space in it', '"ümlaut-id-1"'])
    test(`has an external id of AWS’s alphabet: not ${id}`, () =>
      refuses('latchkey-4f9d2c', id, '.externalId', /"externalId" must be/));
});

describe('profiles that are too large', () => {
  const bucket = (length: number) => `arn:aws:s3:::${'x'.repeat(length)}`;
  const statement = (length: number) =>
    `            - actions: [s3:PutObject]\n              resources: ["${bucket(length)}"]\n`;

  test('are told by name, with what to cut', () =>
    refuses(
      '            - actions: [s3:GetObject',
      `${statement(1_800)}            - actions: [s3:GetObject`,
      '.profiles.read',
      /"read" is \d+ characters too long.*allow\[0\] alone has/,
    ));

  test('together, are told as what their role cannot be bounded by', () => {
    const profiles = Array.from(
      { length: 6 },
      (_, index) =>
        `        p${index}:\n          description: One of many\n          allow:\n${statement(950 + index)}`,
    ).join('');
    assertOneMistake(withReports(REPORTS + profiles), {
      file: 'resources.yaml',
      path: `resources[${INDEX}].target.profiles`,
      message: /too long together for the boundary.*two resources/,
    });
  });

  test('there is at least one', () => {
    const none = REPORTS.slice(0, REPORTS.indexOf('      profiles:'));
    assertOneMistake(withReports(`${none}      profiles: {}\n`), {
      file: 'resources.yaml',
      path: `resources[${INDEX}].target.profiles`,
      message: /1 to 20 profiles/,
    });
  });
});
