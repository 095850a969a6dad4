import type { DeterminingPolicy } from '../failure.ts';
import { QUORUM_MAX } from '../limits.ts';
import type { AccessQuestion, AskPolicy, PolicyAnswer, RunFacts, Verdict } from './question.ts';

/** A question before it is known how many people stand behind it. */
export interface OpenQuestion extends Pick<AccessQuestion, 'principal' | 'groups' | 'action' | 'resource'> {
  readonly durationSeconds: number;
  readonly profile?: string | undefined;
  readonly run?: RunFacts;
}

/**
 * The smallest number of people with whom policy says yes, supposing that between them they belong to every group;
 * with none of them in a group when there are no people. Synth has made sure that more people never turn a yes into a no.
 */
export const findQuorum = (ask: AskPolicy, question: OpenQuestion, groups: readonly string[]): Verdict => {
  const withPeople = (approvals: number) => askWithAnybody(ask, question, { approvals, groups });
  const unattended = withPeople(0);
  if (unattended.allowed)
    return { effect: 'allow', quorum: 0, determinedBy: unattended.determinedBy, askedBy: NOBODY };
  // A no with the most people is a no with fewer, and most of what is refused needs nobody's say.
  const most = withPeople(QUORUM_MAX);
  if (!most.allowed) return { effect: 'deny', determinedBy: most.determinedBy };
  const askedBy = unattended.determinedBy;
  for (let quorum = 1; quorum < QUORUM_MAX; quorum += 1) {
    const { allowed, determinedBy } = withPeople(quorum);
    if (allowed) return { effect: 'allow', quorum, determinedBy, askedBy };
  }
  return { effect: 'allow', quorum: QUORUM_MAX, determinedBy: most.determinedBy, askedBy };
};

const NOBODY: readonly DeterminingPolicy[] = [];

/** The question, asked for so many people who between them belong to every group, or for nobody. */
export const askWithAnybody = (
  ask: AskPolicy,
  question: OpenQuestion,
  { approvals, groups }: { readonly approvals: number; readonly groups: readonly string[] },
): PolicyAnswer => askWith(ask, question, { approvals, approverGroups: approvals === 0 ? [] : groups });

/** The question, asked for so many people who belong to these groups. */
export const askWith = (
  ask: AskPolicy,
  { durationSeconds, profile, run, ...question }: OpenQuestion,
  people: Pick<AccessQuestion['context'], 'approvals' | 'approverGroups'>,
): PolicyAnswer => {
  const known = { ...(profile === undefined ? {} : { profile }), ...(run ? { run } : {}) };
  return ask({ ...question, context: { durationSeconds, ...people, ...known } });
};
