import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONSOLE_ROUTES } from '../../lambdas/console/console-routes.ts';
import { ROUTES } from '../../lambdas/http/routes.ts';
import { ofType, sampleResources } from './sample-stack.ts';

const resources = sampleResources();

const API = 'arn:aws:execute-api:eu-central-1:111122223333:<RestApiGateway>';

/** `apigateway → vend from <stage>/POST/v1/grants`: who may invoke what, from where. */
const allowed = ofType(resources, 'AWS::Lambda::Permission').map(({ properties }) =>
  [
    properties.Principal.replace('.amazonaws.com', ''),
    '→',
    String(properties.FunctionName).replace(/^<(\w+)Function\.Arn>$/, '$1'),
    'from',
    String(properties.SourceArn).replace(`${API}/`, ''),
  ].join(' '),
);

test('API Gateway invokes each function for exactly its own methods', () => {
  const pages = CONSOLE_ROUTES.map((route) => ({ ...route, function: 'console' }));
  const expected = [...ROUTES, ...pages].map(
    ({ function: name, method, path }) =>
      `apigateway → ${name} from <RestApiGatewayDeploymentStagelive>/${method}${path.replaceAll(/\{\w+\}/g, '*')}`,
  );
  const others = [
    'apigateway → authorizer from authorizers/<RestApiAuthorizer>',
    'events → sweeper from <SweeperScheduleRule.Arn>',
  ];
  assert.deepEqual([...allowed].sort(), [...expected, ...others].sort());
});

test('nothing outside the account’s roles invokes what can end access or open it', () => {
  assert.ok(allowed.length > 0);
  assert.deepEqual(
    allowed.filter((line) => /→ (runner|revoker|waiter|notifier) /.test(line)),
    [],
  );
});

test('every permission names its source, so that no other API or rule can stand in', () => {
  for (const { properties } of ofType(resources, 'AWS::Lambda::Permission')) {
    assert.equal(properties.Action, 'lambda:InvokeFunction');
    assert.match(
      properties.SourceArn,
      /^(arn:aws:execute-api:.*<RestApiGateway>\/|<SweeperScheduleRule\.Arn>)/,
    );
  }
});

/** Every role that may invoke a function, by the function: a role's name says whose it is. */
const invokersOf = (name: string): string[] =>
  ofType(resources, 'AWS::IAM::Role')
    .filter(({ properties }) =>
      (properties.Policies ?? [])
        .flatMap((policy: { PolicyDocument: { Statement: object[] } }) => policy.PolicyDocument.Statement)
        .some((statement: { Action: string | string[]; Effect: string; Resource: string | string[] }) => {
          const mayInvoke = [statement.Action].flat().some((action) => /^(lambda:|\*)/.test(action));
          const isMeant = [statement.Resource]
            .flat()
            .some((on) => on === `<${name}Function.Arn>` || on.endsWith(`:latchkey-${name}`) || on === '*');
          return statement.Effect === 'Allow' && mayInvoke && isMeant;
        }),
    )
    .map(({ id }) => id.replace(/Role$/, ''))
    .sort();

for (const [name, invokers] of [
  ['runner', ['GrantWorkflow', 'RunWorkflow', 'sweeper']],
  ['revoker', ['GrantWorkflow', 'sweeper']],
  ['waiter', ['GrantWorkflow', 'RunWorkflow']],
  ['notifier', ['GrantWorkflow', 'RunWorkflow', 'api', 'console', 'sweeper']],
  // To make the first pass of a stop; the schedule invokes it by its own permission.
  ['sweeper', ['console', 'containment']],
] as const)
  test(`${name} is invoked by ${invokers.join(', ')}, and by no other role`, () => {
    assert.deepEqual(invokersOf(name), invokers);
  });

test('no role may invoke any other function', () => {
  for (const name of ['authorizer', 'api', 'reader', 'vend', 'console', 'containment'])
    assert.deepEqual(invokersOf(name), [], name);
});

for (const [id, functions] of [
  ['GrantWorkflow', ['runner', 'waiter', 'notifier', 'revoker']],
  ['RunWorkflow', ['runner', 'waiter', 'notifier']],
] as const)
  test(`${id} invokes ${functions.join(', ')}, and nothing else`, () => {
    const [role] = ofType(resources, 'AWS::IAM::Role').filter((found) => found.id === `${id}Role`);
    const statements = role?.properties.Policies[0].PolicyDocument.Statement;
    const [invoke, ...others] = statements;
    assert.deepEqual(invoke, {
      Action: 'lambda:InvokeFunction',
      Effect: 'Allow',
      Resource: functions.map((name) => `<${name}Function.Arn>`),
    });
    assert.equal(others.length, 1);
    for (const action of others[0].Action) assert.match(action, /^(logs|xray):/);
  });

test('no function has an address of its own or passes events on', () => {
  for (const type of ['AWS::Lambda::Url', 'AWS::Lambda::EventSourceMapping', 'AWS::Lambda::Alias'])
    assert.deepEqual(ofType(resources, type), []);
});

test('the sweeper runs every minute, and a missed run is not made up for', () => {
  const rules = ofType(resources, 'AWS::Events::Rule');
  assert.equal(rules.length, 1);
  assert.equal(rules[0]?.properties.ScheduleExpression, 'rate(1 minute)');
  assert.equal(rules[0]?.properties.State, 'ENABLED');
  assert.deepEqual(rules[0]?.properties.Targets, [
    {
      Arn: '<sweeperFunction.Arn>',
      Id: 'Target0',
      RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 },
    },
  ]);
});
