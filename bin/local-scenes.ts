import type { LocalStack } from '../local/stack.ts';
import { type Scene, scenesOf } from './audit-replay.ts';
import { auditorSettings } from './auditor-settings.ts';
import { connectReplay } from './connect-replay.ts';

/** What an auditor of a running local stack sees of one task. */
export const localScenes = async (stack: LocalStack, task: string): Promise<readonly Scene[]> => {
  const source = connectReplay({ ...stack.tables, ...stack.payloads }, auditorSettings(stack));
  try {
    return await scenesOf(source, task);
  } finally {
    source.close();
  }
};
