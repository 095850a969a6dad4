import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { systemClock } from '../adapters/system-clock.ts';
import type { Software } from '../app/caller.ts';
import { configReceipts } from '../app/config-receipt.ts';
import type { Store } from '../app/ports.ts';
import { recordAside } from '../app/record-refusal.ts';
import type { Handlers } from '../http/operations.ts';
import { httpHandler } from '../http/pipeline.ts';
import type { Operation } from '../http/routes.ts';
import type { FunctionLogger } from './logger.ts';

export interface HttpFunction {
  readonly store: Store;
  readonly software: Software;
  readonly logger: FunctionLogger;
  /** False for a function that has no right to write, or whose use cases keep what they refuse. */
  readonly keepsRefusals: boolean;
}

/** The entry of a function behind the gateway, around its handlers. */
export const httpFunction = <O extends Operation>(handlers: Handlers<O>, parts: HttpFunction) => {
  const { store, software, logger } = parts;
  const handle = httpHandler(handlers, {
    clock: systemClock,
    log: logger.log,
    configReceipt: configReceipts({ store, clock: systemClock }),
    recordRefusal: parts.keepsRefusals
      ? (caller, refusal) =>
          recordAside({ store, software, clock: systemClock }, caller, {
            type: 'request.refused',
            ...refusal,
          })
      : undefined,
  });
  return (event: APIGatewayProxyEvent, context: Context) => {
    logger.beginInvocation(context);
    return handle(event, context);
  };
};
