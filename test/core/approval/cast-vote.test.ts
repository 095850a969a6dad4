import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Approval, PendingApproval, Vote } from '../../../lambdas/core/approval/approval.ts';
import { closeApproval, remind, useApproval } from '../../../lambdas/core/approval/approval-life.ts';
import { castVote } from '../../../lambdas/core/approval/cast-vote.ts';
import { isOffered, leastOf, offersOf } from '../../../lambdas/core/approval/consent.ts';
import { isWhole } from '../../../lambdas/core/approval/outcome.ts';
import { APPROVAL_USE_SECONDS, GRANT_MIN_SECONDS, SECOND_MS } from '../../../lambdas/core/limits.ts';
import { NOW, PRINCIPAL, RESOURCE } from '../../support/facts.ts';
import {
  ALICE,
  ASKED,
  after,
  DORA,
  EVE,
  enough,
  isGrantedApproval,
  LEAD,
  PENDING,
  visitorOf,
  voteOf,
} from '../../support/votes.ts';

const TWO: PendingApproval = { ...PENDING, quorum: 2 };

const refusalOf = (approval: Approval, vote: Vote, change: { digest?: string; now?: number } = {}) => {
  const { digest = approval.digest, now = vote.at } = change;
  const cast = castVote(approval, { vote, digest }, { now, isEnough: enough(approval.quorum) });
  return cast.ok ? 'counted' : cast.failure.code;
};

test('a word counts while it is asked for, of somebody who has no part in it, about what they were shown', () => {
  assert.equal(refusalOf(PENDING, voteOf(DORA)), 'counted');
  assert.equal(refusalOf(PENDING, voteOf(DORA), { digest: '0'.repeat(64) }), 'changed');
  assert.equal(refusalOf({ ...PENDING, asked: { ...ASKED, seconds: 601 } }, voteOf(DORA)), 'changed');
  assert.equal(refusalOf(PENDING, voteOf(DORA), { now: ASKED.approveBy }), 'late');
  assert.equal(refusalOf(PENDING, voteOf(DORA), { now: ASKED.approveBy - 1 }), 'counted');
});

test('four eyes: neither the requester, nor its owner, nor whoever it was made through counts', () => {
  const through = {
    ...PENDING,
    excluded: [...PENDING.excluded, { issuer: PRINCIPAL.issuer, subject: 'proxy' }],
  };
  assert.equal(refusalOf(PENDING, voteOf(ALICE)), 'own_request');
  assert.equal(refusalOf(PENDING, voteOf(visitorOf(PRINCIPAL.subject))), 'own_request');
  assert.equal(refusalOf(through, voteOf(visitorOf('proxy'))), 'own_request');
  for (const way of ['page', 'button', 'break_glass'] as const)
    assert.equal(refusalOf(PENDING, voteOf(ALICE, { way })), 'own_request');
  assert.equal(refusalOf(PENDING, voteOf(ALICE, { decision: 'deny', granted: undefined })), 'own_request');
  assert.equal(
    refusalOf(PENDING, voteOf(visitorOf('alice', ['dba'], { issuer: 'https://other.example.com' }))),
    'counted',
  );
});

test('neither an agent nor a workload has a word', () => {
  for (const type of ['agent', 'workload'] as const)
    assert.equal(refusalOf(PENDING, voteOf(visitorOf('dora', ['dba'], { type }))), 'not_a_person');
});

test('two people are two, and one person is one however often and by whatever way', () => {
  const one = after(TWO, voteOf(DORA), enough(2));
  assert.equal(one.state, 'pending');
  for (const way of ['page', 'button'] as const) {
    const again = after(one, voteOf(DORA, { way }), enough(2));
    assert.equal(again.state, 'pending');
    assert.equal(again.votes.length, 1);
  }
  assert.equal(after(one, voteOf(EVE), enough(2)).state, 'approved');
});

test('fewer people than were asked for are never enough, whatever policy has come to say', () => {
  assert.equal(after(TWO, voteOf(DORA), () => true).state, 'pending');
});

test('people without the groups that policy asks for are not enough, however many', () => {
  const needsSre = ({ approverGroups }: { readonly approverGroups: readonly string[] }) =>
    approverGroups.includes('sre');
  const one = after(PENDING, voteOf(DORA), needsSre);
  assert.equal(one.state, 'pending');
  assert.equal(after(one, voteOf(EVE), needsSre).state, 'approved');
});

test('a no ends it, also after a yes, also by whoever said yes', () => {
  const one = after(TWO, voteOf(DORA), enough(2));
  for (const by of [DORA, EVE]) {
    const ended = after(one, voteOf(by, { decision: 'deny', granted: undefined }), enough(2));
    assert.equal(ended.state, 'denied');
    assert.equal(refusalOf(ended, voteOf(visitorOf('fay'))), 'over');
  }
});

test('the same word again is answered as before and changes nothing; another one is over', () => {
  const approved = after(PENDING, voteOf(DORA));
  assert.equal(after(approved, voteOf(DORA)), approved);
  assert.equal(refusalOf(approved, voteOf(DORA, { decision: 'deny', granted: undefined })), 'over');
  assert.equal(refusalOf(approved, voteOf(EVE)), 'over');
});

const grantedBy = (...votes: readonly Vote[]) => {
  let approval: Approval = { ...PENDING, quorum: votes.length };
  for (const vote of votes) approval = after(approval, vote, enough(votes.length));
  assert.ok(isGrantedApproval(approval));
  return approval;
};

test('of what several people give the least is given, in time and in action', () => {
  const read = { action: 'postgres:read', seconds: 600 } as const;
  const brief = { action: 'postgres:connect', seconds: 60 } as const;
  for (const votes of [
    [voteOf(DORA, { granted: read }), voteOf(EVE, { granted: brief })],
    [voteOf(EVE, { granted: brief }), voteOf(DORA, { granted: read })],
  ])
    assert.deepEqual(grantedBy(...votes).granted, { action: 'postgres:read', seconds: 60 });
});

test('what is given is never more than what is asked, whatever votes say', () => {
  const votes = fc.array(
    fc.record({
      action: fc.constantFrom('postgres:read', 'postgres:write', 'postgres:ddl', 'postgres:connect' as const),
      seconds: fc.integer({ min: 1, max: 100_000 }),
    }),
  );
  fc.assert(
    fc.property(votes, (all) => {
      const granted = leastOf(
        { ...ASKED, action: 'postgres:write' },
        all.map((one) => voteOf(DORA, { granted: one })),
      );
      assert.ok(granted.seconds <= ASKED.seconds);
      assert.ok(['postgres:read', 'postgres:write'].includes(granted.action));
    }),
  );
});

test('less time may be given, and no more, and no less than a grant can last; a run is given as it is', () => {
  const given = (seconds: number, asked = ASKED) =>
    isOffered({ action: asked.action, seconds }, asked, RESOURCE);
  assert.ok(given(600));
  assert.ok(given(GRANT_MIN_SECONDS));
  for (const seconds of [601, GRANT_MIN_SECONDS - 1, 0, -1, 60.5, Number.NaN, Infinity])
    assert.ok(!given(seconds), `${seconds}`);
  const run = { ...ASKED, subject: { kind: 'run', id: 'r' }, action: 'postgres:write' } as const;
  assert.ok(given(600, run));
  assert.ok(!given(60, run));
  assert.ok(!isOffered({ action: 'postgres:read', seconds: 600 }, run, RESOURCE));
});

test('instead of a login runs may be given, as far as the resource has them, and nothing wider ever', () => {
  const offered = (action: 'postgres:connect' | 'postgres:write', actions = RESOURCE.actions) =>
    offersOf({ ...ASKED, action }, { actions }).map((one) => one.action);
  assert.deepEqual(offered('postgres:connect'), ['postgres:connect', 'postgres:write', 'postgres:read']);
  assert.deepEqual(offered('postgres:connect', ['postgres:connect']), ['postgres:connect']);
  assert.deepEqual(offered('postgres:write'), ['postgres:write']);
});

test('an emergency needs one person alone, and leaves a review open that outlives it', () => {
  const approval = after(TWO, voteOf(LEAD, { way: 'break_glass', note: 'fire' }), () => false);
  assert.ok(isGrantedApproval(approval) && approval.state === 'approved');
  assert.deepEqual(approval.review, { state: 'open' });
  const { next } = closeApproval(approval, { state: 'cancelled', cause: 'x' }, NOW);
  assert.deepEqual(next.review, { state: 'open' });
});

test('who said yes may still go ahead alone', () => {
  const one = after(TWO, voteOf(LEAD), enough(2));
  const approval = after(one, voteOf(LEAD, { way: 'break_glass', note: 'fire' }), enough(2));
  assert.equal(approval.state, 'approved');
  assert.equal(approval.votes.length, 1);
});

test('consent is to be used soon, and once', () => {
  const approved = grantedBy(voteOf(DORA));
  assert.equal(approved.useBy, NOW + APPROVAL_USE_SECONDS * SECOND_MS);
  const used = useApproval(approved, { by: 'g', statement: 0 });
  assert.equal(used.next.state, 'consumed');
  assert.ok(isWhole(used.next));
});

test('people are reminded after a time and once more after twice that time, and never past the end', () => {
  const minute = 60 * SECOND_MS;
  const first = remind(PENDING, NOW + minute).next;
  assert.deepEqual([first.reminders, first.remindAt], [1, NOW + 2 * minute]);
  const second = remind(first, NOW + 2 * minute).next;
  assert.deepEqual([second.reminders, second.remindAt], [2, undefined]);
  assert.equal(remind(PENDING, NOW + 45 * minute).next.remindAt, undefined);
});
