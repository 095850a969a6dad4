import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeniedGrant } from '../../lambdas/core/grant/grant.ts';
import type { DeniedRun } from '../../lambdas/core/run/run.ts';
import { openApiDocument } from '../../lambdas/http/openapi.ts';
import { planView } from '../../lambdas/http/plan-view.ts';
import { problemOf, problemOfDenial } from '../../lambdas/http/problem.ts';
import { runView } from '../../lambdas/http/run-view.ts';
import { APPROVED, ASKED, closed, DENIED, PENDING } from '../support/approvals.ts';
import { NOW, PRINCIPAL } from '../support/facts.ts';

const CONSOLE = 'https://latchkey.example.com';
const CONTEXT = { requestId: '00000000-0000-4000-8000-000000000001', consoleUrl: CONSOLE, maxSeconds: 900 };

const GRANT: DeniedGrant = {
  id: ASKED.grant,
  version: 2,
  head: { seq: 2, hash: 'b'.repeat(64) },
  task: ASKED.task,
  principal: ASKED.requester,
  owners: ASKED.owners,
  groups: ASKED.groups,
  entryGroups: undefined,
  resource: ASKED.resource,
  kind: 'postgres',
  action: ASKED.action,
  rights: 'write',
  unmasked: [],
  requestedSeconds: 900,
  reason: ASKED.reason,
  createdAt: NOW,
  policyDigest: PENDING.policyDigest,
  determinedBy: [],
  approval: DENIED.id,
  state: 'denied',
  denial: 'denied_by_person',
};

const RUN: DeniedRun = {
  id: ASKED.subject.id,
  version: 2,
  head: GRANT.head,
  grant: ASKED.grant,
  task: ASKED.task,
  principal: { ...ASKED.requester, issuer: PRINCIPAL.issuer },
  groups: ASKED.groups,
  resource: ASKED.resource,
  action: 'postgres:write',
  class: 'write',
  verb: 'DELETE',
  bounded: true,
  maxRows: 100,
  requestHash: 'f'.repeat(64),
  unmasked: [],
  createdAt: NOW,
  policyDigest: PENDING.policyDigest,
  determinedBy: [],
  approval: DENIED.id,
  state: 'denied',
  denial: 'denied_by_person',
};

test('who asks again for what a person denied is told again what they said, and where', () => {
  const problem = problemOfDenial({ grant: GRANT, approval: DENIED }, CONTEXT);
  assert.equal(problem.detail, 'They said: not on a Friday');
  assert.equal(problem.grant?.approval?.note, 'not on a Friday');
  assert.equal(problem.grant?.approval?.url, `${CONSOLE}/console/approvals/${DENIED.id}`);
});

test('a denial without a word says what to do instead', () => {
  const { detail } = problemOfDenial({ grant: GRANT, approval: closed('denied') }, CONTEXT);
  assert.match(detail, /^Do not ask for the same again/);
});

test('nobody is told to ask anew for a login under what was denied', () => {
  const detailOf = (state: string) => problemOf({ code: 'grant_over', state }, CONTEXT.requestId).detail;
  assert.match(detailOf('denied'), /Do not ask for the same again/);
  assert.match(detailOf('expired'), /Ask for a new grant/);
});

test('a poll says who denied a run: a person, or policy', () => {
  const viewOf = (run: DeniedRun) =>
    runView(
      {
        run,
        result: undefined,
        isWithheld: false,
        approval: DENIED,
        receipt: { chain: run.grant, ...run.head },
      },
      CONSOLE,
    );
  assert.deepEqual([viewOf(RUN).denial, viewOf(RUN).approval?.note], ['denied_by_person', 'not on a Friday']);
  assert.equal(viewOf({ ...RUN, denial: undefined }).denial, 'policy_denied');
});

test('a poll says in words why nothing came of a run, as the problem does', () => {
  const outcome = {
    code: 'nobody_approved',
    detail: null,
    rowCount: 0,
    bytes: 0,
    truncated: false,
    masked: {},
    resultHash: null,
  } as const;
  const { denial: _, ...rest } = RUN;
  const run = { ...rest, state: 'lapsed', startedAt: undefined, endedAt: NOW, outcome } as const;
  const answer = { run, result: undefined, isWithheld: false, approval: undefined };
  const { error } = runView({ ...answer, receipt: { chain: run.grant, ...run.head } }, CONSOLE);
  assert.equal(error?.message, 'Nobody approved it in time, and nothing was executed.');
});

test('a plan says how often it was used as long as that is known, and never wrongly that it was not', () => {
  const usedIn = (approval: Parameters<typeof planView>[0]) =>
    planView(approval, CONSOLE).statements.map(({ used }) => used);
  assert.deepEqual(usedIn(PENDING), [0]);
  assert.deepEqual(usedIn({ ...APPROVED, uses: [3] }), [3]);
  assert.deepEqual(usedIn(closed('cancelled')), [undefined]);
});

interface Described {
  readonly description?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly allOf?: readonly Described[];
}

const undescribed = (schema: Described, at: string): string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined && field.$ref === undefined ? [`${at}.${name}`] : []),
    ...undescribed(field, `${at}.${name}`),
  ]),
  ...(schema.items ? undescribed(schema.items, `${at}[]`) : []),
];

test('every field of approvals and plans is described', () => {
  const { components } = openApiDocument('0.0.0') as {
    readonly components: { readonly schemas: Readonly<Record<string, Described>> };
  };
  for (const name of ['Approval', 'Plan', 'RequestPlan', 'RequestRun']) {
    const schema = components.schemas[name];
    assert.ok(schema?.properties, name);
    assert.deepEqual(undescribed(schema, name), []);
  }
});
