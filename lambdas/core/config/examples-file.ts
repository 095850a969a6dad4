import * as z from 'zod';
import {
  EXAMPLES_MAX_COUNT,
  GRANT_MAX_SECONDS,
  GROUPS_MAX_COUNT,
  NAME_MAX_CHARACTERS,
  QUORUM_MAX,
} from '../limits.ts';
import type { Compiled } from './config-error.ts';
import { readSection } from './config-error.ts';
import { type RunExample, RunSection } from './run-example.ts';

/** One line of `examples.yaml`: a question and the answer that policy must give. */
export type PolicyExample = AccessExample | UnmaskExample;

interface Example {
  readonly principal: { readonly type: 'agent' | 'workload' | 'human'; readonly name: string };
  /** Undefined: those of `principals.yaml`. */
  readonly groups: readonly string[] | undefined;
  readonly resource: string;
  /** Policies that must be among those behind the verdict. */
  readonly because: readonly string[];
}

/** May it? Asked of a grant, or, with `run`, of one statement under a grant. */
export interface AccessExample extends Example {
  readonly kind: 'access';
  readonly action: string;
  /** Undefined where the resource has none. */
  readonly profile?: string | undefined;
  readonly durationSeconds: number;
  readonly run: RunExample | undefined;
  readonly expect: ExpectedVerdict;
}

/** May it see values of this category as they are? Nobody can approve that, so there is nothing between yes and no. */
export interface UnmaskExample extends Example {
  readonly kind: 'unmask';
  readonly category: string;
  readonly expect: 'allow' | 'deny';
}

export type ExpectedVerdict = 'allow' | 'deny' | `needs_approval(${number})`;

/** `examples.yaml` as parsed → examples, in the order of the file. */
export const compileExamples = (parsed: unknown): Compiled<readonly PolicyExample[]> => {
  const read = readSection(ExamplesFile, parsed);
  return read.ok ? { ok: true, value: read.value.examples.map(toExample) } : read;
};

const Name = z.string().min(1).max(NAME_MAX_CHARACTERS);

const VERDICTS: readonly ExpectedVerdict[] = [
  'allow',
  'deny',
  ...Array.from({ length: QUORUM_MAX }, (_, people) => `needs_approval(${people + 1})` as const),
];

/** Both kinds in one, so that a mistake is told by its key and not as *none of these forms*. */
const ExampleSection = z
  .strictObject({
    agent: Name.optional(),
    workload: Name.optional(),
    human: Name.optional(),
    groups: z.array(Name).max(GROUPS_MAX_COUNT).optional(),
    action: Name.optional(),
    profile: Name.optional(),
    run: RunSection.optional(),
    unmask: Name.optional(),
    resource: Name,
    durationSeconds: z.int().min(1).max(GRANT_MAX_SECONDS).optional(),
    expect: z.enum(VERDICTS),
    because: z.array(Name).default([]),
  })
  .superRefine((section, { addIssue }) => {
    for (const { key, mend } of mistakesOfKind(section))
      addIssue({ code: 'custom', path: [key], message: mend });
  });

type ExampleSection = z.infer<typeof ExampleSection>;

interface KeyMistake {
  readonly key: keyof ExampleSection;
  readonly mend: string;
}

const mistakesOfKind = (section: ExampleSection): readonly KeyMistake[] => {
  const { agent, workload, human } = section;
  const callers = [agent, workload, human].filter((name) => name !== undefined);
  const mend =
    'must be there, or one of "workload" and "human" in its place: an example asks for one caller.';
  return [
    ...(callers.length === 1 ? [] : [{ key: 'agent' as const, mend }]),
    ...(section.unmask === undefined ? lackingOf(section) : tooMuchOf(section)),
  ];
};

const lackingOf = (section: ExampleSection): readonly KeyMistake[] =>
  (['action', 'durationSeconds'] as const)
    .filter((key) => section[key] === undefined)
    .map((key) => ({ key, mend: 'is missing: add it, or ask with "unmask" what may be seen as it is.' }));

const tooMuchOf = (section: ExampleSection): readonly KeyMistake[] => [
  ...(['action', 'profile', 'run', 'durationSeconds'] as const)
    .filter((key) => section[key] !== undefined)
    .map((key) => ({
      key,
      mend: 'must go: an example with "unmask" asks what may be seen, not for access.',
    })),
  ...(['allow', 'deny'].includes(section.expect)
    ? []
    : [
        { key: 'expect' as const, mend: 'must be allow or deny: nobody can approve that something is seen.' },
      ]),
];

/** The shape of `examples.yaml`. */
export const ExamplesFile = z.strictObject({
  examples: z.array(ExampleSection).min(1).max(EXAMPLES_MAX_COUNT),
});

const toExample = (section: ExampleSection): PolicyExample => {
  const { groups, resource, because, action, profile, run, unmask, durationSeconds, expect } = section;
  const example = { principal: callerOf(section), groups, resource, because };
  if (unmask !== undefined)
    return { kind: 'unmask', ...example, category: unmask, expect: expect === 'allow' ? 'allow' : 'deny' };
  return {
    kind: 'access',
    ...example,
    action: action ?? '',
    profile,
    run,
    durationSeconds: durationSeconds ?? 0,
    expect,
  };
};

const callerOf = ({ agent, workload, human }: ExampleSection): PolicyExample['principal'] => {
  if (agent !== undefined) return { type: 'agent', name: agent };
  if (workload !== undefined) return { type: 'workload', name: workload };
  return { type: 'human', name: human ?? '' };
};
