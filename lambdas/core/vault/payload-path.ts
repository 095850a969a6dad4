import { TASK_ID_PATTERN } from '../grant/ids.ts';

/** Without a slash, so that a name can never lead into another task. */
const NAME = /^[a-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * `task/name`: the key of an object and what its seal is bound to. Throws on a task or name of another form; both are
 * made by our own code, so that is a bug.
 */
export const payloadPath = (task: string, name: string): string => {
  if (!NAME.test(name)) throw new TypeError('a payload has a name that is not allowed');
  return `${payloadFolder(task)}${name}`;
};

/** `task/`: the prefix of everything that is kept of a task. */
export const payloadFolder = (task: string): string => {
  if (!TASK_ID_PATTERN.test(task)) throw new TypeError('a vault belongs to a task');
  return `${task}/`;
};
