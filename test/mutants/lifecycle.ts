import type { Mutant } from '../../bin/mutant.ts';

const DUE_AT = 'lambdas/core/grant/due-at.ts';
const ACTIVATE = 'lambdas/app/activate-grant.ts';
const ON_THE_CORE = { tests: ['test/full/lifecycle-rules.test.ts'], testsNamed: 'on the pure core' };
const ON_THE_USE_CASES = { tests: ['test/full/lifecycle-rules.test.ts'], testsNamed: 'on the use cases' };

/** What the model of the lifecycle catches, by events that nobody has thought of one by one. */
export const LIFECYCLE_MUTANTS: readonly Mutant[] = [
  {
    promise: 5,
    rule: 'after the proof of an end nothing is made at its target by whoever stood still meanwhile',
    file: ACTIVATE,
    find: "(await deps.store.readGrant(grantId))?.state === 'activating'",
    replace: 'true',
    ...ON_THE_USE_CASES,
  },
  {
    promise: 5,
    rule: 'a window that is over is looked at within its grace, whatever has happened to its workflow',
    file: DUE_AT,
    find: 'return grant.expiresAt + SWEEP_GRACE_MS;',
    replace: 'return grant.expiresAt + 2 * SWEEP_GRACE_MS;',
    ...ON_THE_CORE,
  },
  {
    promise: 5,
    rule: 'an activation that nobody finishes is looked at within its minute',
    file: DUE_AT,
    find: 'return grant.activateBy + SWEEP_GRACE_MS;',
    replace: 'return grant.expiresAt + SWEEP_GRACE_MS;',
    ...ON_THE_CORE,
  },
  {
    promise: 5,
    rule: 'a lease is looked at when it has run out',
    file: DUE_AT,
    find: "if (task.state === 'open') return task.openUntil;",
    replace: "if (task.state === 'open') return task.openUntil + SWEEP_GRACE_MS;",
    ...ON_THE_CORE,
  },
  {
    promise: 5,
    rule: 'what ended early is denied until it has ended by the slowest clock',
    file: 'lambdas/core/aws/ended-policy.ts',
    find: 'now < until + AWS_CLOCK_SKEW_MS',
    replace: 'now < until',
    ...ON_THE_CORE,
  },
  {
    promise: 5,
    rule: 'an end knows how long it has to hold',
    file: 'lambdas/core/grant/end-grant.ts',
    find: "credentialsUntil: grant.state === 'active' ? grant.credentialsUntil : undefined,",
    replace: 'credentialsUntil: undefined,',
    ...ON_THE_CORE,
  },
  {
    promise: 3,
    rule: 'no order of events makes a window longer than what was asked for',
    file: 'lambdas/core/grant/activate-grant.ts',
    find: 'const expiresAt = now + grant.requestedSeconds * SECOND_MS;',
    replace: 'const expiresAt = now + (grant.requestedSeconds + 1) * SECOND_MS;',
    ...ON_THE_CORE,
  },
  {
    promise: 3,
    rule: 'no order of events revives a lease',
    file: 'lambdas/core/grant/task-life.ts',
    find: "if (task.state !== 'open' || now >= task.openUntil)",
    replace: "if (task.state !== 'open')",
    ...ON_THE_CORE,
  },
  {
    promise: 3,
    rule: 'whoever stood still over the tombstone of a task issues nothing under it',
    file: 'lambdas/app/vend-credential.ts',
    find: 'standingTask: { id: counted.task, at: now },',
    replace: '',
    ...ON_THE_USE_CASES,
  },
  {
    promise: 2,
    rule: 'whoever lost the race for its entry hands out nothing',
    file: 'lambdas/app/vend-credential.ts',
    find: "if (receipt === 'lost') return 'lost';",
    replace: '',
    ...ON_THE_USE_CASES,
  },
  {
    promise: 3,
    rule: 'what a person has revoked does not become active',
    file: ACTIVATE,
    find: 'if (!grant || isRevoked || ',
    replace: 'if (!grant || ',
    ...ON_THE_USE_CASES,
  },
  {
    promise: 3,
    rule: 'what is stopped does not become active',
    file: ACTIVATE,
    find: ' || isContained(containment, grant)) return undefined;',
    replace: ') return undefined;',
    ...ON_THE_USE_CASES,
  },
  {
    promise: 5,
    rule: 'a revocation of which no workflow has heard is carried out by the sweeper',
    file: 'lambdas/app/sweep.ts',
    find: 'await endGrant(deps, end, context);\n};',
    replace: '};',
    ...ON_THE_USE_CASES,
  },
  {
    promise: 5,
    rule: 'a stop has not settled while an end within it is not proved',
    file: 'lambdas/core/containment/containment-life.ts',
    find: 'const isEmpty = endedIn(found) === 0 && found.owed === 0;',
    replace: 'const isEmpty = endedIn(found) === 0;',
    ...ON_THE_CORE,
  },
  {
    promise: 5,
    rule: 'a stop has not settled while whoever read before it may still commit',
    file: 'lambdas/core/containment/containment-life.ts',
    find: 'const counts = isEmpty && found.at >= quietAt(containment);',
    replace: 'const counts = isEmpty;',
    ...ON_THE_CORE,
  },
  {
    promise: 5,
    rule: 'what sits in quarantine is counted by every sweep',
    file: 'lambdas/app/sweep.ts',
    find: 'tally.quarantined += 1;',
    replace: 'tally.quarantined = 1;',
    ...ON_THE_USE_CASES,
  },
  {
    promise: 8,
    rule: 'an entry is dated after what it follows was read',
    file: 'lambdas/app/lift-containment.ts',
    find: `const { head, stored, containments } = await deps.containments.read();
  // Only now: what stands in the chain was written before it was read, however long that took.
  const at = deps.clock();`,
    replace: `const at = deps.clock();
  const { head, stored, containments } = await deps.containments.read();`,
    tests: ['test/app/lift-containment.test.ts'],
  },
];
