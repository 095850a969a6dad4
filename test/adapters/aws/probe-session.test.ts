import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { probeSession } from '../../../lambdas/adapters/aws/probe-session.ts';
import { closeServer, listenOnLoopback } from '../../../local/loopback.ts';

/** What DynamoDB answers next. */
let answer: { status: number; body: object } | 'hang up' = 'hang up';
const server = createServer((request, response) => {
  if (answer === 'hang up') return void request.destroy();
  response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(answer.body));
});
let endpoint: string;
before(async () => {
  endpoint = `http://127.0.0.1:${await listenOnLoopback(server)}`;
});
after(() => closeServer(server));

const KEYS = { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't' };
const probe = () => probeSession(KEYS, { endpoint, region: 'eu-central-1', maxAttempts: 1 });
const DENIED =
  'User: arn:aws:sts::111122223333:assumed-role/r/g_1 is not authorized to perform: dynamodb:DescribeEndpoints on resource: *';
const denied = (how: string, name = 'AccessDeniedException') => ({
  status: 400,
  body: { __type: `com.amazon.coral.service#${name}`, message: `${DENIED} ${how}` },
});

describe('a probe', () => {
  for (const [what, given, outcome] of [
    ['is let in', { status: 200, body: { Endpoints: [] } }, 'got_in'],
    ['is denied by the role', denied('with an explicit deny in an identity-based policy'), 'refused'],
    [
      'is denied by the role, whose policy AWS names',
      denied('with an explicit deny in an identity-based policy: arn:aws:iam::111122223333:policy/x'),
      'refused',
    ],
    ['is denied by its own dates', denied('with an explicit deny in a session policy'), 'refused'],
    [
      'lacks the right',
      denied('because no identity-based policy allows the dynamodb:DescribeEndpoints action'),
      'unknown',
    ],
    [
      'lacks the right in its session',
      denied('because no session policy allows the dynamodb:DescribeEndpoints action'),
      'unknown',
    ],
    ['is denied by an organization', denied('with an explicit deny in a service control policy'), 'unknown'],
    ['is denied by its boundary', denied('with an explicit deny in a permissions boundary'), 'unknown'],
    ['is denied without a word', denied(''), 'unknown'],
    [
      'has expired',
      denied('with an explicit deny in an identity-based policy', 'ExpiredTokenException'),
      'unknown',
    ],
    [
      'is unknown',
      { status: 400, body: { __type: 'UnrecognizedClientException', message: 'invalid token' } },
      'unknown',
    ],
    [
      'meets an error of the service',
      { status: 500, body: { __type: 'InternalServerError', message: '' } },
      'unknown',
    ],
    [
      'is denied something else',
      {
        status: 400,
        body: {
          __type: 'AccessDeniedException',
          message: DENIED.replace('DescribeEndpoints', 'ListTables').concat(
            ' with an explicit deny in an identity-based policy',
          ),
        },
      },
      'unknown',
    ],
    ['gets no answer', 'hang up', 'unknown'],
  ] as [string, typeof answer, string][])
    test(`that ${what}: ${outcome}`, async () => {
      answer = given;
      assert.equal(await probe(), outcome);
    });
});
