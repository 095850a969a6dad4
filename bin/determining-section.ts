import type { CompiledConfig, PolicySource } from '../lambdas/core/config/compiled.ts';
import type { DeterminingPolicy } from '../lambdas/core/failure.ts';
import { paint, printable } from './terminal.ts';

type Policies = Pick<CompiledConfig, 'policies'>;

/** The policies behind an answer with file and text, in the order of the answer. */
export const withText = (
  determining: readonly DeterminingPolicy[],
  { policies }: Policies,
): readonly PolicySource[] => determining.flatMap(({ id }) => policies.filter((policy) => policy.id === id));

/** The same as lines below a title; none when no policy is behind it. */
export const determiningSection = (
  title: string,
  determining: readonly DeterminingPolicy[],
  config: Policies,
): readonly string[] => {
  if (determining.length === 0) return [];
  return [
    '',
    paint(process.stdout, 'bold', title),
    ...withText(determining, config).flatMap(({ id, reason, file, text }) => [
      `  ${id}: ${reason ?? ''}`,
      paint(process.stdout, 'dim', `  policies/${file}`),
      ...printable(text)
        .split('\n')
        .map((line) => `    ${line}`),
    ]),
  ];
};
