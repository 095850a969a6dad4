import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { type SlackStandIn, startSlackStandIn } from '../../examples/slack/stand-in.ts';
import { approvalItem } from '../../lambdas/adapters/dynamo/items.ts';
import { generateSchema } from '../../lambdas/core/policy/schema.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import { APPROVAL_ID, PENDING } from '../support/approvals.ts';
import { captureLog } from '../support/capture-log.ts';
import { ENTRY, NOW, RESOURCE } from '../support/facts.ts';
import { SLACK_HOME, SLACK_SECRET, SLACK_USER } from '../support/slack-requests.ts';
import { startTables, type TestTables } from '../support/tables.ts';

const CHANNEL = 'C0APPROVALS';
const TOKEN = 'xoxb-of-the-secret';
const ANA = {
  ...ENTRY,
  name: 'ana.silva',
  type: 'human',
  subject: 'ana.silva',
  groups: ['dba'],
  owners: [],
  slack: { team: SLACK_HOME.teamId, user: SLACK_USER },
} as const;
const resources = [{ ...RESOURCE, approvals: { slackChannel: CHANNEL } }];
const CONFIG = {
  digest: 'd'.repeat(64),
  principals: [ENTRY, ANA],
  resources,
  schema: generateSchema(['staging'], ['email']),
  policies: [
    {
      id: 'by-button',
      reason: undefined,
      file: 'p.cedar',
      text: 'permit (principal in Group::"dba", action == Action::"approve_by_button", resource);',
    },
  ],
};

const directory = mkdtempSync(join(tmpdir(), 'latchkey-notifier-'));
const secrets = createServer((_request, response) => {
  const SecretString = JSON.stringify({ slackBotToken: TOKEN });
  response
    .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
    .end(JSON.stringify({ SecretString }));
});
let tables: TestTables;
let slack: SlackStandIn;
let handler: (event: unknown, context: Context) => Promise<void>;

before(async () => {
  tables = await startTables(() => NOW);
  slack = await startSlackStandIn({
    ...SLACK_HOME,
    signingSecret: SLACK_SECRET,
    interactionsUrl: 'http://127.0.0.1:1/',
    botToken: TOKEN,
  });
  writeFileSync(join(directory, 'config.json'), JSON.stringify(CONFIG));
  Object.assign(process.env, {
    LAMBDA_TASK_ROOT: directory,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${await listenOnLoopback(secrets)}`,
    CONSOLE_URL: 'https://latchkey.example.com',
    GRANTS_TABLE: 'Grants',
    NOTIFIER_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:notifier-abcdef',
    SLACK_API_URL: slack.apiUrl,
    SLACK_TEAM_ID: SLACK_HOME.teamId,
    SLACK_APP_ID: SLACK_HOME.appId,
  });
  ({ handler } = await import('../../lambdas/functions/notifier.ts'));
  await tables.client.send(new PutItemCommand({ TableName: 'Grants', Item: approvalItem(PENDING) }));
});
after(async () => {
  await slack.stop();
  await closeServer(secrets);
  await tables.close();
  rmSync(directory, { recursive: true });
});

const notify = (event: unknown) => handler(event, { awsRequestId: 'i' } as Context);

test('the function tells Slack of a stored approval, with the buttons that policy lets people use', async () => {
  await notify({ approvalId: APPROVAL_ID });
  const [message] = slack.messages();
  assert.equal(message?.channel, CHANNEL);
  const said = JSON.stringify(message?.blocks);
  assert.ok(said.includes(`https://latchkey.example.com/console/approvals/${APPROVAL_ID}`));
  assert.ok(said.includes('latchkey.approve') && said.includes('latchkey.deny'));
});

test('an event of any other form is refused', async () => {
  await captureLog(async () => {
    for (const event of [
      {},
      null,
      { approvalId: 'a_1' },
      { approvalId: APPROVAL_ID, statement: 'select 1' },
      { approvalId: APPROVAL_ID, grantId: PENDING.asked.grant },
      { taskToken: 'x' },
    ])
      await assert.rejects(notify(event), { name: 'TaskRefused' });
  });
});
