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

/** One line of `examples.yaml`: a question and the answer that policy must give. */
export interface PolicyExample {
  readonly principal: { readonly type: 'agent' | 'workload' | 'human'; readonly name: string };
  /** Undefined: those of `principals.yaml`. */
  readonly groups: readonly string[] | undefined;
  readonly action: string;
  readonly resource: string;
  readonly durationSeconds: number;
  readonly expect: ExpectedVerdict;
  /** Policies that must be among those behind the verdict. */
  readonly because: readonly string[];
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

const ExampleSection = z
  .strictObject({
    agent: Name.optional(),
    workload: Name.optional(),
    human: Name.optional(),
    groups: z.array(Name).max(GROUPS_MAX_COUNT).optional(),
    action: Name,
    resource: Name,
    durationSeconds: z.int().min(1).max(GRANT_MAX_SECONDS),
    expect: z.enum(VERDICTS),
    because: z.array(Name).default([]),
  })
  .refine(
    ({ agent, workload, human }) =>
      [agent, workload, human].filter((name) => name !== undefined).length === 1,
    {
      path: ['agent'],
      message:
        'must be there, or one of "workload" and "human" in its place: an example asks for one caller.',
    },
  );

/** The shape of `examples.yaml`. */
export const ExamplesFile = z.strictObject({
  examples: z.array(ExampleSection).min(1).max(EXAMPLES_MAX_COUNT),
});

const toExample = (section: z.infer<typeof ExampleSection>): PolicyExample => {
  const { agent, workload, human, groups, ...rest } = section;
  return { ...rest, groups, principal: callerOf({ agent, workload, human }) };
};

const callerOf = (
  names: Readonly<Record<'agent' | 'workload' | 'human', string | undefined>>,
): PolicyExample['principal'] => {
  if (names.agent !== undefined) return { type: 'agent', name: names.agent };
  if (names.workload !== undefined) return { type: 'workload', name: names.workload };
  return { type: 'human', name: names.human ?? '' };
};
