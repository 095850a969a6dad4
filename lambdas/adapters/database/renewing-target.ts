import type { Log } from '../../app/ports.ts';
import type { Target } from '../../app/ports-of-targets.ts';
import type { DatabaseResource } from '../../core/config/databases.ts';

/**
 * The same target, after each use of which the administrator's password is replaced when its time has come. That it could
 * not be is told in the log and holds nothing up: the password that is there goes on holding, and the next use tries again.
 */
export const renewingTarget = <R extends DatabaseResource>(
  target: Target<R>,
  renew: (resource: R) => Promise<void>,
  log: Log,
): Target<R> => {
  const after = async <T>(resource: R, use: Promise<T>): Promise<T> => {
    const answer = await use;
    if (resource.target.auth === 'password')
      await renew(resource).catch((error: unknown) =>
        log('warn', 'an administrator keeps its password for longer', {
          resource: resource.id,
          error: error instanceof Error ? error.name : 'unknown',
        }),
      );
    return answer;
  };
  return {
    open: (ask) => after(ask.resource, target.open(ask)),
    close: (ask) => after(ask.resource, target.close(ask)),
    inventory: (resource) => after(resource, target.inventory(resource)),
  };
};
