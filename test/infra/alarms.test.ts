import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FUNCTIONS } from './sample-settings.ts';
import { ofType, sampleResources } from './sample-stack.ts';

const resources = sampleResources();
const alarms = new Map(
  ofType(resources, 'AWS::CloudWatch::Alarm').map(({ id, properties }) => [
    id.replace(/^Alarms/, ''),
    properties,
  ]),
);

const OWN = [
  'GrantsInQuarantine',
  'ProbeGotIn',
  'ApprovalMismatch',
  'BrokenGlass',
  'ContainmentPlaced',
  'ContainmentsUnsettled',
  'SessionsOverflow',
];

describe('an alarm rings when', () => {
  test('the sweeper has not succeeded for three minutes, also by saying nothing', () => {
    const silent = alarms.get('SweeperSilent');
    assert.equal(silent.MetricName, 'SweepSucceeded');
    assert.equal(silent.Namespace, 'Latchkey');
    assert.equal(silent.TreatMissingData, 'breaching');
    assert.equal(silent.Period * silent.EvaluationPeriods, 180);
    assert.equal(silent.ComparisonOperator, 'LessThanThreshold');
    assert.equal(silent.Threshold, 1);
  });

  for (const name of OWN)
    test(`${name} is not zero`, () => {
      const alarm = alarms.get(name);
      assert.equal(alarm.MetricName, name);
      assert.equal(alarm.Namespace, 'Latchkey');
      assert.equal(alarm.Threshold, 1);
      assert.equal(alarm.ComparisonOperator, 'GreaterThanOrEqualToThreshold');
    });

  test('either of the two workflows gives up', () => {
    for (const [name, machine] of [
      ['WorkflowFailed', '<GrantWorkflowMachine.Arn>'],
      ['RunWorkflowFailed', '<RunWorkflowMachine.Arn>'],
    ] as const) {
      const { MetricName, Dimensions } = alarms.get(name);
      assert.equal(MetricName, 'ExecutionsFailed');
      assert.deepEqual(Dimensions, [{ Name: 'StateMachineArn', Value: machine }]);
    }
  });

  test('a function throws, a workflow gives up, the API fails or a table throttles', () => {
    const expected = [
      // A refused token is an error of the authorizer, so there an alarm would only ever be noise.
      ...FUNCTIONS.filter((name) => name !== 'authorizer').map(
        (name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}Errors`,
      ),
      ...[
        'WorkflowFailed',
        'RunWorkflowFailed',
        'ApiFailing',
        'GrantsThrottled',
        'AuditThrottled',
        'VaultKeysThrottled',
      ],
      ...['SweeperSilent', ...OWN],
    ];
    assert.deepEqual([...alarms.keys()].sort(), expected.sort());
  });
});

test('our own metrics are looked for under the name the functions give them', () => {
  const named = new Set(
    ofType(resources, 'AWS::Lambda::Function').map(
      ({ properties: { Environment } }) =>
        `${Environment.Variables.POWERTOOLS_METRICS_NAMESPACE} ${Environment.Variables.POWERTOOLS_SERVICE_NAME}`,
    ),
  );
  const looked = new Set(
    ['SweeperSilent', ...OWN]
      .map((name) => alarms.get(name))
      .map(({ Namespace, Dimensions }) => `${Namespace} ${Dimensions[0].Value}`),
  );
  assert.deepEqual([...named], ['Latchkey latchkey']);
  assert.deepEqual(looked, named);
});

test('every alarm says in words what is wrong', () => {
  for (const { AlarmDescription } of alarms.values()) assert.match(AlarmDescription, /^[A-Z].{20,}\.$/);
});

test('alarms are sent to the topic that settings name, all of them', () => {
  const topicArn = 'arn:aws:sns:eu-central-1:111122223333:on-call';
  const sent = ofType(sampleResources({ settings: { alarms: { topicArn } } }), 'AWS::CloudWatch::Alarm');
  assert.equal(sent.length, alarms.size);
  for (const { properties } of sent) assert.deepEqual(properties.AlarmActions, [topicArn]);
});
