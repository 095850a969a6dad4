import { rmSync } from 'node:fs';
import { copyTree, runMutant } from '../bin/run-mutant.ts';

const T = ['test/model/lifecycle.test.ts'];
const M: { rule: string; file: string; find: string; replace: string }[] = [
  {
    rule: 'still wanted',
    file: 'lambdas/app/activate-grant.ts',
    find: "(await deps.store.readGrant(grantId))?.state === 'activating'",
    replace: 'true',
  },
  {
    rule: 'whatever entered activation owes',
    file: 'lambdas/core/grant/end-grant.ts',
    find: "grant.state === 'activating' || grant.state === 'active';",
    replace: "grant.state === 'active';",
  },
  {
    rule: 'due late',
    file: 'lambdas/core/grant/due-at.ts',
    find: 'return grant.expiresAt + SWEEP_GRACE_MS;',
    replace: 'return grant.expiresAt + 2 * SWEEP_GRACE_MS;',
  },
  {
    rule: 'activating due by expiry',
    file: 'lambdas/core/grant/due-at.ts',
    find: 'return grant.activateBy + SWEEP_GRACE_MS;',
    replace: 'return grant.expiresAt + 10 * SWEEP_GRACE_MS;',
  },
  {
    rule: 'backoff',
    file: 'lambdas/core/grant/end-grant.ts',
    find: ', ENDING_BACKOFF_MAX_MS)',
    replace: ', Number.MAX_SAFE_INTEGER)',
  },
  {
    rule: 'window',
    file: 'lambdas/core/grant/use-grant.ts',
    find: "if (now >= grant.expiresAt) return fail({ code: 'grant_over', state: 'expired' });",
    replace: '',
  },
  {
    rule: 'task open at use',
    file: 'lambdas/core/grant/use-grant.ts',
    find: "if (!isTaskOpen(task, now)) return fail({ code: 'grant_over', state: 'task_ended' });",
    replace: '',
  },
  {
    rule: 'revoked at use',
    file: 'lambdas/core/grant/use-grant.ts',
    find: "if (isRevoked) return fail({ code: 'grant_over', state: 'revoked' });",
    replace: '',
  },
  {
    rule: 'complete only from activating',
    file: 'lambdas/core/grant/activate-grant.ts',
    find: "if (grant.state !== 'activating' || now >= grant.expiresAt) return fail(notActivatable(grant));",
    replace:
      "if (!('expiresAt' in grant) || now >= (grant.expiresAt ?? 0) || !('activateBy' in grant)) return fail(notActivatable(grant));",
  },
  {
    rule: 'window begins at activation',
    file: 'lambdas/core/grant/activate-grant.ts',
    find: 'const expiresAt = now + grant.requestedSeconds * SECOND_MS;',
    replace: 'const expiresAt = now + (grant.requestedSeconds + 60) * SECOND_MS;',
  },
  {
    rule: 'heartbeat revives',
    file: 'lambdas/core/grant/task-life.ts',
    find: "if (task.state !== 'open' || now >= task.openUntil)",
    replace: "if (task.state !== 'open')",
  },
  {
    rule: 'commit before release',
    file: 'lambdas/app/vend-credential.ts',
    find: "if (receipt === 'lost') return 'lost';",
    replace: '',
  },
  {
    rule: 'sweeper retries owed',
    file: 'lambdas/app/sweep.ts',
    find: "(owesEnding(grant) && 'nextAttemptAt' in grant.ending && now >= grant.ending.nextAttemptAt)",
    replace: 'false',
  },
  {
    rule: 'sweeper ends run out',
    file: 'lambdas/app/sweep.ts',
    find: "(grant.state === 'active' && now >= grant.expiresAt) ||",
    replace: '',
  },
  {
    rule: 'keepReport',
    file: 'lambdas/app/end-access.ts',
    find: 'const change = report.dead\n',
    replace: 'const change = report\n',
  },
  {
    rule: 'tombstone pending',
    file: 'lambdas/core/grant/task-life.ts',
    find: "cause, ending: 'pending' },",
    replace: "cause, ending: 'done' },",
  },
  { rule: 'quarantine count', file: 'lambdas/app/sweep.ts', find: 'tally.quarantined += 1;', replace: '' },
  {
    rule: 'skew',
    file: 'lambdas/core/aws/ended-policy.ts',
    find: 'now < until + AWS_CLOCK_SKEW_MS',
    replace: 'now < until',
  },
  {
    rule: 'standing task',
    file: 'lambdas/app/vend-credential.ts',
    find: 'standingTask: { id: counted.task, at: now },',
    replace: '',
  },
  {
    rule: 'version in grant put',
    file: 'lambdas/adapters/dynamo/transaction.ts',
    find: '`version = :read${stillActive.condition}`',
    replace: '`attribute_exists(pk) AND :read = :read${stillActive.condition}`',
  },
  {
    rule: 'storewait',
    file: 'lambdas/app/store-wait.ts',
    find: '!isActiveNow(read, deps.clock())',
    replace: 'read.grant === undefined',
  },
  {
    rule: 'activation asks revoked',
    file: 'lambdas/app/activate-grant.ts',
    find: 'if (!grant || isRevoked || ',
    replace: 'if (!grant || ',
  },
  {
    rule: 'sweep revocation',
    file: 'lambdas/app/sweep.ts',
    find: 'await endGrant(deps, end, context);\n};',
    replace: '};',
  },
  {
    rule: 'orphan',
    file: 'lambdas/app/reconcile-target.ts',
    find: '!grant || (isOver(grant) && !owesEnding(grant))',
    replace: 'grant !== undefined && isOver(grant) && !owesEnding(grant)',
  },
  {
    rule: 'credentialsUntil max',
    file: 'lambdas/core/grant/use-grant.ts',
    find: 'credentialsUntil: Math.max(grant.credentialsUntil ?? 0, until),',
    replace: 'credentialsUntil: Math.min(grant.credentialsUntil ?? until, until),',
  },
  {
    rule: 'credentialsUntil kept at end',
    file: 'lambdas/core/grant/end-grant.ts',
    find: "credentialsUntil: grant.state === 'active' ? grant.credentialsUntil : undefined,",
    replace: 'credentialsUntil: undefined,',
  },
  {
    rule: 'task due',
    file: 'lambdas/core/grant/due-at.ts',
    find: "if (task.state === 'open') return task.openUntil;",
    replace: "if (task.state === 'open') return task.openUntil + 60_000;",
  },
];
const only = process.argv.slice(2);
const copy = copyTree('/tmp/wt/model');
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const m of M.filter(({ rule }) => only.length === 0 || only.includes(rule))) {
  const o = await runMutant(copy, { promise: 5, tests: T, testsNamed: process.env.NAMED, ...m } as never);
  console.log(o.verdict.padEnd(10), o.seconds.toFixed(0).padStart(3), m.rule, '|', o.caughtBy.slice(50));
}
