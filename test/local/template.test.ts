import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { Template } from '../../local/template.ts';

const AT = { stack: 'sample', region: 'eu-central-1', account: '111122223333' };
const template = new Template(
  {
    Resources: {
      Things: { Type: 'AWS::DynamoDB::Table', Properties: {} },
      Named: {
        Type: 'AWS::Lambda::Function',
        Properties: { FunctionName: 'sample-f' },
      },
      Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'm' } },
      Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'r', Path: '/a/b/' } },
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/x' } },
    },
  },
  AT,
);
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const named = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:111122223333:${rest}`;

describe('intrinsic functions', () => {
  for (const [what, value, wanted] of [
    ['a literal stays', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
    ['Ref of a table', { Ref: 'Things' }, 'sample-Things'],
    ['Ref of a function with a name', { Ref: 'Named' }, 'sample-f'],
    ['ARN of a state machine', arn('Machine'), named('states', 'stateMachine:m')],
    ['Ref of something inert', { Ref: 'Logs' }, '/x'],
    ['the partition', { Ref: 'AWS::Partition' }, 'aws'],
    ['ARN of a table', arn('Things'), named('dynamodb', 'table/sample-Things')],
    ['ARN of a function', arn('Named'), named('lambda', 'function:sample-f')],
    ['ARN of a role with a path', arn('Role'), 'arn:aws:iam::111122223333:role/a/b/r'],
    [
      'Join',
      { 'Fn::Join': ['/', [arn('Things'), 'index/due']] },
      named('dynamodb', 'table/sample-Things/index/due'),
    ],
    ['Select and Split', { 'Fn::Select': [3, { 'Fn::Split': [':', arn('Named')] }] }, 'eu-central-1'],
  ] as const)
    test(what, () => assert.deepEqual(template.resolve(value), wanted));

  for (const [what, value] of [
    ['If', { 'Fn::If': ['c', 1, 2] }],
    ['ImportValue', { 'Fn::ImportValue': 'x' }],
    ['Sub', { 'Fn::Sub': '${Named}' }],
    ['another pseudo parameter', { Ref: 'AWS::URLSuffix' }],
    ['Ref to nothing', { Ref: 'Nothing' }],
  ] as const)
    test(`${what} is refused`, () => assert.throws(() => template.resolve(value)));
});

describe('resource types', () => {
  const load = (Type: string, more: object = {}) =>
    new Template({ Resources: { X: { Type, Properties: {}, ...more } } }, AT);

  for (const type of [
    'AWS::SQS::Queue',
    'AWS::Lambda::EventSourceMapping',
    'AWS::S3::AccessPoint',
    'AWS::IAM::Policy',
  ])
    test(`${type} would have to do something, and is refused`, () =>
      assert.throws(() => load(type), /not implemented/));

  test('a resource under a condition is refused', () => {
    assert.throws(() => load('AWS::DynamoDB::Table', { Condition: 'IsProduction' }));
  });

  test('what changes nothing that a caller could see is left out', () => {
    load('AWS::CloudWatch::Alarm');
    assert.deepEqual(load('AWS::WAFv2::WebACL').of('AWS::DynamoDB::Table', z.object()), []);
  });
});
