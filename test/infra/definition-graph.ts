import type { Definition, State } from '../../lib/grant-definition.ts';

/** A definition as a graph: every way on from a state counts, whether it is a success, an error or a choice. */
export const nextOf = (state: State): string[] => {
  if (state.Type === 'Task') return [state.Next, ...state.Catch.map(({ Next }) => Next)];
  if (state.Type === 'Choice') return [state.Default, ...state.Choices.map(({ Next }) => Next)];
  return [];
};

const isTerminal = (state: State | undefined): boolean => state?.Type === 'Succeed' || state?.Type === 'Fail';

const catchesEverything = (state: State): boolean =>
  state.Type !== 'Task' || state.Catch.some(({ ErrorEquals }) => String(ErrorEquals) === 'States.ALL');

/** Where one can get to from `start`, including it, without entering `barred`. Sorted. */
export const reachable = ({ States }: Definition, start: string, barred: string): string[] => {
  const seen = new Set<string>();
  const walk = (name: string): void => {
    const state = States[name];
    if (!state || name === barred || seen.has(name)) return;
    seen.add(name);
    nextOf(state).forEach(walk);
  };
  walk(start);
  return [...seen].sort();
};

/**
 * What keeps a path that has entered `start` from `end`: a way out, a circle that does not come by the end, a state
 * whose errors are not caught, or a choice that could throw.
 */
export const leaks = (definition: Definition, start: string, end: string): string[] => {
  const { States } = definition;
  const found: string[] = [];
  const walk = (name: string, path: readonly string[]): void => {
    if (name === end) return;
    const state = States[name];
    if (!state || isTerminal(state)) return void found.push(`${name} is reached without ${end}`);
    if (path.includes(name)) return void found.push(`${name} is a circle`);
    if (!catchesEverything(state)) found.push(`${name} does not catch everything`);
    if (state.Type === 'Choice') found.push(...riskyConditions(definition, name));
    for (const next of nextOf(state)) walk(next, [...path, name]);
  };
  walk(start, []);
  return [...new Set(found)];
};

/** Every circle once, from its first name by the alphabet. */
export const circlesOf = ({ States }: Definition): string[][] => {
  const found: string[][] = [];
  const walk = (first: string, name: string, path: readonly string[]): void => {
    for (const next of new Set(nextOf(States[name] as State))) {
      if (next === first) found.push([...path, name]);
      else if (next > first && !path.includes(next) && next !== name && States[next])
        walk(first, next, [...path, name]);
    }
  };
  for (const first of Object.keys(States).sort()) walk(first, first, []);
  return found;
};

/**
 * A choice has no Catch, so a condition may be nothing but a variable that every task before it has made a boolean of;
 * who comes by an error has made nothing.
 */
export const riskyConditions = (definition: Definition, name: string): string[] => {
  const state = definition.States[name];
  if (state?.Type !== 'Choice') return [];
  return state.Choices.filter(({ Condition }) => {
    const [, variable] = /^\{% \$(\w+) %\}$/.exec(Condition) ?? [];
    return !variable || !isAlwaysMade(definition, name, variable);
  }).map(({ Condition }) => `${name} could throw at ${Condition}`);
};

const IS_BOOLEAN = / ([=<>]|in) /;

const isAlwaysMade = (definition: Definition, choice: string, variable: string): boolean => {
  const before = Object.entries(definition.States).filter(([, state]) => nextOf(state).includes(choice));
  return (
    before.length > 0 &&
    definition.StartAt !== choice &&
    before.every(([name, state]) => {
      if (state.Type !== 'Task') return isAlwaysMade(definition, name, variable);
      const isByError = state.Catch.some(({ Next }) => Next === choice);
      return !isByError && IS_BOOLEAN.test(state.Assign?.[variable] ?? '');
    })
  );
};
