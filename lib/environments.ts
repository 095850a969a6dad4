import type { ApiEnvironment } from '../lambdas/functions/api.env.ts';
import type { AuthorizerEnvironment } from '../lambdas/functions/authorizer.env.ts';
import type { ConsoleEnvironment } from '../lambdas/functions/console.env.ts';
import type { ContainmentEnvironment } from '../lambdas/functions/containment.env.ts';
import type { NotifierEnvironment } from '../lambdas/functions/notifier.env.ts';
import type { ReaderEnvironment } from '../lambdas/functions/reader.env.ts';
import type { RevokerEnvironment } from '../lambdas/functions/revoker.env.ts';
import type { RunnerEnvironment } from '../lambdas/functions/runner.env.ts';
import type { SweeperEnvironment } from '../lambdas/functions/sweeper.env.ts';
import type { VendEnvironment } from '../lambdas/functions/vend.env.ts';
import type { WaiterEnvironment } from '../lambdas/functions/waiter.env.ts';

/** What each function reads from its environment at cold start, by the schema it reads it with. */
export interface Environments {
  readonly authorizer: AuthorizerEnvironment;
  readonly api: ApiEnvironment;
  readonly reader: ReaderEnvironment;
  readonly vend: VendEnvironment;
  readonly runner: RunnerEnvironment;
  readonly revoker: RevokerEnvironment;
  readonly waiter: WaiterEnvironment;
  readonly console: ConsoleEnvironment;
  readonly containment: ContainmentEnvironment;
  readonly notifier: NotifierEnvironment;
  readonly sweeper: SweeperEnvironment;
}
