import type { Verdict } from '../../lambdas/core/policy/question.ts';
import type { QueuedRun, RunningRun } from '../../lambdas/core/run/run.ts';
import { openRun, type RunRequest, startRun } from '../../lambdas/core/run/run-life.ts';
import { NOW, PRINCIPAL, SOFTWARE } from './facts.ts';

/** One valid run of each state. A test changes the one thing it is about. */
const BECAUSE = [{ id: 'allow', reason: 'because' }];
export const YES: Verdict = { effect: 'allow', quorum: 0, determinedBy: BECAUSE, askedBy: [] };
export const NEEDS_TWO: Verdict = { ...YES, quorum: 2 };
export const DENIED: Verdict = { effect: 'deny', determinedBy: [] };

export const RUN_REQUEST: RunRequest = {
  id: 'r_00000000000000000000_000000000000_000000000000',
  grant: 'g_00000000000000000000_000000000000',
  task: 't_00000000000000000000',
  principal: {
    issuer: PRINCIPAL.issuer,
    subject: PRINCIPAL.subject,
    type: PRINCIPAL.type,
    name: PRINCIPAL.name,
  },
  groups: ['data-crew'],
  resource: 'orders-db',
  action: 'postgres:read',
  verb: 'select',
  bounded: true,
  maxRows: 100,
  requestHash: 'cd'.repeat(32),
  unmasked: [],
  policyDigest: SOFTWARE.policyDigest,
  statement: {
    class: 'read',
    verb: 'select',
    bounded: true,
    relations: [{ schema: undefined, name: 'customers' }],
    columns: ['id', 'name'],
    functions: [],
    operators: ['='],
    normalised: 'SELECT name FROM customers WHERE id = $1',
    literals: ['4711'],
    parameterCount: 0,
    tree: {},
  },
  asking: { approval: 'a_00000000000000000000_00000000000000000000000000000000', seconds: 3_600 },
  literalMacs: ['ab'.repeat(32)],
};

export const FOUND = { attempt: '00', catalogueDigest: 'ef'.repeat(32), estimatedRows: 1, maskedColumns: [] };

const opened = openRun(RUN_REQUEST, YES, NOW).next;
if (opened.state !== 'queued') throw new TypeError('a run that is allowed must be queued');
export const QUEUED: QueuedRun = opened;
export const RUNNING: RunningRun = startRun(QUEUED, FOUND, NOW).next;
