import type { Mutant } from '../../bin/mutant.ts';

const VERIFY = 'lambdas/core/slack/verify-slack-signature.ts';
const VERIFY_TESTS = ['test/core/slack/verify-slack-signature.test.ts'];
const READ = 'lambdas/core/slack/read-interaction.ts';
const READ_TESTS = ['test/core/slack/read-interaction.test.ts'];
const HEAR = 'lambdas/console/slack-interaction.ts';
const HEAR_TESTS = ['test/console/slack-interaction.test.ts'];
const PERSON = 'lambdas/core/slack/find-slack-person.ts';
const PERSON_TESTS = ['test/core/slack/find-slack-person.test.ts'];
const MESSAGE_TESTS = ['test/core/notice/approval-message.test.ts'];
const NOTIFY = 'lambdas/app/notify-approval.ts';
const NOTIFY_TESTS = ['test/app/notify-approval.test.ts'];

/** What people are told, and whose word Slack brings back. */
export const NOTICE_MUTANTS: readonly Mutant[] = [
  {
    promise: 4,
    rule: 'a signature of Slack is too old, or too young, after five minutes',
    file: VERIFY,
    find: ' && isFresh;',
    replace: ';',
    tests: VERIFY_TESTS,
  },
  {
    promise: 4,
    rule: 'a call of Slack from the future is none',
    file: VERIFY,
    find: 'Math.abs(now / SECOND_MS - Number(timestamp))',
    replace: '(now / SECOND_MS - Number(timestamp))',
    tests: VERIFY_TESTS,
  },
  {
    promise: 4,
    rule: 'a timestamp of Slack is digits and nothing else',
    file: VERIFY,
    find: '!TIMESTAMP.test(timestamp)',
    replace: "timestamp === ''",
    tests: VERIFY_TESTS,
  },
  {
    promise: 4,
    rule: 'an empty signing secret signs nothing',
    file: VERIFY,
    find: " || secret === ''",
    replace: '',
    tests: VERIFY_TESTS,
  },
  {
    promise: 4,
    rule: 'a press counts from our workspace alone',
    file: READ,
    find: 'team.id === home.teamId &&',
    replace: '',
    tests: READ_TESTS,
  },
  {
    promise: 4,
    rule: 'a press counts from our app alone',
    file: READ,
    find: 'api_app_id === home.appId &&',
    replace: '',
    tests: READ_TESTS,
  },
  {
    promise: 4,
    rule: 'somebody of another workspace has no say',
    file: READ,
    find: 'user.team_id === teamId &&',
    replace: '',
    tests: READ_TESTS,
  },
  {
    promise: 4,
    rule: 'a guest has no say',
    file: READ,
    find: 'user.is_restricted, ',
    replace: '',
    tests: READ_TESTS,
  },
  {
    promise: 4,
    rule: 'a body with two payloads is none',
    file: READ,
    find: 'fields.length !== 1 || ',
    replace: '',
    tests: READ_TESTS,
  },
  {
    promise: 4,
    rule: 'a press is heard only when Slack signed it',
    file: HEAR,
    find: 'if (!signed || !verifySlackSignature(',
    replace: 'if (!signed || verifySlackSignature(',
    tests: HEAR_TESTS,
  },
  {
    promise: 4,
    rule: 'a signature counts once',
    file: 'lambdas/adapters/dynamo/dynamo-call.ts',
    find: "ConditionExpression: 'attribute_not_exists(pk)',",
    replace: '',
    tests: HEAR_TESTS,
  },
  {
    promise: 4,
    rule: 'what Slack signed is read from the bytes that were signed',
    file: HEAR,
    find: "event.isBase64Encoded ? 'base64' : 'utf8'",
    replace: "'utf8'",
    tests: HEAR_TESTS,
  },
  {
    promise: 4,
    rule: 'a machine has no say in Slack either',
    file: PERSON,
    find: " || person.type !== 'human'",
    replace: '',
    tests: PERSON_TESTS,
  },
  {
    promise: 1,
    rule: 'an account that two entries claim is nobody’s',
    file: PERSON,
    find: ' || another !== undefined',
    replace: '',
    tests: PERSON_TESTS,
  },
  {
    promise: 4,
    rule: 'a button that approves is only where policy lets somebody use it',
    file: 'lambdas/core/notice/approval-message.ts',
    find: 'isPending(approval) && buttons.approve',
    replace: 'isPending(approval)',
    tests: MESSAGE_TESTS,
  },
  {
    promise: 4,
    rule: 'what an agent wrote hides nothing from whoever decides',
    file: 'lambdas/core/notice/visible-text.ts',
    find: 'text.replace(HIDDEN, mark)',
    replace: 'text',
    tests: MESSAGE_TESTS,
  },
  {
    promise: 4,
    rule: 'what an agent wrote is never read as markup',
    file: 'lambdas/core/notice/blocks.ts',
    find: "elements: lines.map((line) => ({ type: 'rich_text_section', elements: [words(line)] })),",
    replace: 'elements: lines.map((line) => markup(line)) as never,',
    tests: MESSAGE_TESTS,
  },
  {
    promise: 4,
    rule: 'a notification on a screen repeats no address of an agent’s making',
    file: 'lambdas/core/notice/approval-message.ts',
    find: '/^[A-Za-z0-9_-]{1,64}$/.test(asked.requester.name)',
    replace: "asked.requester.name !== ''",
    tests: MESSAGE_TESTS,
  },
  {
    promise: 4,
    rule: 'people are told again when the telling was not remembered',
    file: NOTIFY,
    find: "const said = tries.filter((attempt) => 'place' in attempt);",
    replace: 'const said = tries as Said;',
    tests: NOTIFY_TESTS,
  },
  {
    promise: 4,
    rule: 'the last thing that people are told is how it stands',
    file: NOTIFY,
    find: 'round < NOTICE_ROUNDS_MAX',
    replace: 'round < 1',
    tests: NOTIFY_TESTS,
  },
  {
    promise: 6,
    rule: 'a webhook is never sent in plain text, and follows no redirect',
    file: 'lambdas/adapters/notices/webhook.ts',
    find: 'statusCode >= 200 && statusCode < 300',
    replace: 'statusCode < 400',
    tests: ['test/adapters/notices/webhook.test.ts'],
  },
  {
    promise: 6,
    rule: 'no error quotes what is in a secret',
    file: 'lambdas/adapters/read-secret.ts',
    find: "new Error('not of the expected form')",
    replace: 'new Error(value)',
    tests: ['test/adapters/read-secret.test.ts'],
  },
  {
    promise: 6,
    rule: 'no error of Slack’s client quotes what was sent',
    file: 'lambdas/adapters/notices/slack.ts',
    find: 'new Error(errorCodeOf(error))',
    replace: 'error',
    tests: ['test/adapters/notices/slack.test.ts'],
  },
];
