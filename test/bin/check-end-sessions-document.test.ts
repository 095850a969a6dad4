import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { checkEndSessionsDocument } from '../../bin/check-end-sessions-document.ts';
import { templateOf } from '../support/aws-account.ts';
import { SSH_RESOURCE } from '../support/ssh-facts.ts';

interface Made {
  readonly Resources: Record<string, { Type: string; Properties: { Content: { mainSteps: object[] } } }>;
}

const content = () => {
  const { Resources } = templateOf(SSH_RESOURCE) as Made;
  const document = Object.values(Resources).find(({ Type }) => Type === 'AWS::SSM::Document');
  assert.ok(document);
  return structuredClone(document.Properties.Content);
};

const asked: unknown[] = [];
/** A Systems Manager that answers with this. */
const answering = (answer: () => unknown): SSMClient =>
  ({
    send: async ({ input }: { input: unknown }) => {
      asked.push(input);
      return answer();
    },
  }) as unknown as SSMClient;

const check = (answer: () => unknown) =>
  checkEndSessionsDocument(answering(answer), {
    id: 'build-host',
    documentName: 'latchkey-end-ssh-sessions',
  });

test('the document that this version makes lacks nothing, in whatever order its keys come back', async () => {
  const { mainSteps, ...others } = content();
  const [found, ...more] = await check(() => ({
    Content: JSON.stringify({ mainSteps, ...others }, null, 2),
  }));
  assert.deepEqual([found?.ok, found?.mend, more], [true, undefined, []]);
  assert.deepEqual(asked, [{ Name: 'latchkey-end-ssh-sessions', DocumentFormat: 'JSON' }]);
});

test('a document of another version is told with what to deploy', async () => {
  const older = content();
  Object.assign(older.mainSteps[0] ?? {}, { name: 'endSessionsBefore' });
  for (const Content of [JSON.stringify(older), 'no JSON', undefined]) {
    const [found] = await check(() => ({ Content }));
    assert.equal(found?.ok, false);
    assert.match(found?.mend ?? '', /another version.*`npm run config -- target build-host` prints/);
  }
});

test('a document that is not there is left to be found missing where it is run', async () => {
  const failing = (name: string) =>
    check(() => {
      throw Object.assign(new Error('no'), { name });
    });
  assert.deepEqual(await failing('InvalidDocument'), []);
  await assert.rejects(failing('AccessDeniedException'), { name: 'Mistakes', message: /ssm:GetDocument/ });
});
