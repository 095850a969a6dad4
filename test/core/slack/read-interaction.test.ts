import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SLACK_ACTIONS } from '../../../lambdas/core/slack/button-value.ts';
import { readInteraction } from '../../../lambdas/core/slack/read-interaction.ts';
import { APPROVAL_ID, DIGEST } from '../../support/approvals.ts';
import { formOf, PAYLOAD, pressed, SLACK_HOME, SLACK_USER, withUser } from '../../support/slack-requests.ts';

const read = (payload: unknown) => readInteraction(formOf(payload), SLACK_HOME);
const refused = (payload: unknown) => {
  const result = read(payload);
  return result.ok ? 'accepted' : result.failure;
};

test('a press on Deny or Approve is a decision on what was seen', () => {
  const denied = {
    team: SLACK_HOME.teamId,
    user: SLACK_USER,
    approvalId: APPROVAL_ID,
    digest: DIGEST,
    decision: 'deny',
    responseUrl: PAYLOAD.response_url,
  };
  assert.deepEqual(read(PAYLOAD), { ok: true, value: denied });
  assert.deepEqual(read(pressed({ action_id: SLACK_ACTIONS.approve })), {
    ok: true,
    value: { ...denied, decision: 'approve' },
  });
});

test('another team, app or organisation is not heard', () => {
  for (const payload of [
    { ...PAYLOAD, team: { id: 'T0OTHER' } },
    { ...PAYLOAD, api_app_id: 'A0OTHER' },
    { ...PAYLOAD, is_enterprise_install: true },
    { ...PAYLOAD, is_enterprise_install: 'true' },
    { ...PAYLOAD, enterprise: { id: 'E0ONE' }, team: { id: SLACK_HOME.teamId, enterprise_id: 'E0TWO' } },
  ])
    assert.equal(refused(payload), 'elsewhere', JSON.stringify(payload.team));
});

test('a workspace of an organisation is heard where both say which', () => {
  const enterprise = { id: 'E0ONE', name: 'one' };
  const team = { id: SLACK_HOME.teamId, enterprise_id: 'E0ONE' };
  assert.equal(refused({ ...PAYLOAD, enterprise, team }), 'accepted');
});

test('a guest, a stranger, a bot and somebody of another workspace have no say', () => {
  for (const change of [
    { team_id: 'T0OTHER' },
    { is_stranger: true },
    { is_restricted: true },
    { is_ultra_restricted: true },
    { is_bot: true },
  ])
    assert.equal(refused(withUser(change)), 'outsider', JSON.stringify(change));
  assert.equal(refused(withUser({ team_id: undefined })), 'malformed');
  assert.equal(refused(withUser({ is_stranger: 'false' })), 'malformed');
});

test('a button that is not ours decides nothing, and neither does the link', () => {
  for (const action_id of ['approve', 'latchkey.approve ', 'LATCHKEY.APPROVE', '__proto__', ''])
    assert.equal(refused(pressed({ action_id })), 'unknown_action', action_id);
  assert.equal(refused(pressed({ action_id: SLACK_ACTIONS.review, value: undefined })), 'only_a_link');
});

test('a value that we cannot have made is refused', () => {
  for (const value of [
    undefined,
    '',
    APPROVAL_ID,
    `${APPROVAL_ID}.${DIGEST.slice(1)}`,
    `${APPROVAL_ID}.${DIGEST}.`,
    `${APPROVAL_ID}.${DIGEST.toUpperCase()}`,
    `${APPROVAL_ID}.${DIGEST}\n`,
    `g${APPROVAL_ID.slice(1)}.${DIGEST}`,
  ])
    assert.equal(refused(pressed({ value })), 'malformed', value);
});

test('another kind of interaction, none or two actions are not a press', () => {
  for (const payload of [
    { ...PAYLOAD, type: 'view_submission' },
    { ...PAYLOAD, actions: [] },
    { ...PAYLOAD, actions: [...PAYLOAD.actions, ...PAYLOAD.actions] },
    { ...PAYLOAD, container: { type: 'view' } },
    pressed({ type: 'static_select' }),
    { ...PAYLOAD, user: undefined },
    [],
    null,
    'text',
  ])
    assert.equal(refused(payload), 'malformed', JSON.stringify(payload)?.slice(0, 80));
});

test('a body is one form with one payload in UTF-8, or nothing', () => {
  const form = formOf(PAYLOAD);
  for (const body of [
    Buffer.concat([form, Buffer.from('&'), form]),
    Buffer.concat([form, Buffer.from('&payload=')]),
    Buffer.concat([form, Buffer.from('&ssl_check=1')]),
    Buffer.concat([form, Buffer.from([0xff, 0xfe])]),
    Buffer.from(JSON.stringify(PAYLOAD)),
    Buffer.from('payload='),
    Buffer.from('payload=%7B'),
    Buffer.from('Payload=%7B%7D'),
    Buffer.alloc(0),
  ]) {
    const result = readInteraction(body, SLACK_HOME);
    assert.deepEqual(result, { ok: false, failure: 'malformed' });
  }
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(`payload=${encodeURIComponent(text)}`)),
      ),
      (body) => {
        assert.equal(readInteraction(body, SLACK_HOME).ok, false);
      },
    ),
  );
});
