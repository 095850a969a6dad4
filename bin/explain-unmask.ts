import type { CompiledConfig } from '../lambdas/core/config/compiled.ts';
import { createEngine } from '../lambdas/core/policy/engine.ts';
import { type Arguments, oneOf, required, UsageError } from './command-line.ts';
import { determiningSection, withText } from './determining-section.ts';
import { namedCaller } from './named-caller.ts';
import { paint, printable } from './terminal.ts';

const OF_ACCESS = ['action', 'duration', 'run-class', 'tables'] as const;

/** `policy explain --unmask email`: whether a caller sees values of a category as they are on a resource, and why. */
export const explainUnmask = (given: Arguments, config: Omit<CompiledConfig, 'digest'>): string => {
  const extra = OF_ACCESS.find((flag) => given.values.has(flag));
  if (extra !== undefined)
    throw new UsageError(`--unmask asks what may be seen, not for access: leave out --${extra}.`);
  if (given.switches.has('unbounded'))
    throw new UsageError('--unmask asks what may be seen, not for access: leave out --unbounded.');
  const { groups, ...principal } = namedCaller(given, config);
  const ids = config.resources.map(({ id }) => id);
  const resource = oneOf('The resource', required(given, 'resource'), ids);
  const category = oneOf('The category', required(given, 'unmask'), config.categories);
  const question = { principal, groups: groups.names, resource, category };
  const { allowed, determinedBy } = createEngine(config).askUnmask(question);
  if (given.switches.has('json'))
    return JSON.stringify(
      { answer: allowed ? 'allow' : 'deny', determinedBy: withText(determinedBy, config) },
      null,
      2,
    );
  const headline = allowed
    ? `Yes: ${category} is shown as it is.`
    : `No: ${category} is masked, and a login lacks the columns that hold it.`;
  return [
    paint(process.stdout, allowed ? 'green' : 'red', headline),
    printable(
      `${principal.type} ${principal.name} (groups: ${groups.names.join(', ') || 'none'}) on ${resource}`,
    ),
    ...determiningSection(allowed ? 'Allowed by' : 'Denied by', determinedBy, config),
  ].join('\n');
};
