import type { FunctionName } from '../lambdas/core/config/compiled.ts';
import type { Route } from '../lambdas/http/routes.ts';
import type { Summary } from './bench-statistics.ts';
import type { MeasuredName } from './kind-access.ts';

/** Everything that one run of `npm run bench` found out. Times are in milliseconds, sizes in bytes. */
export interface BenchResults {
  readonly machine: Machine;
  readonly routes: readonly RouteResult[];
  readonly vend: VendResult;
  readonly bundles: readonly BundleResult[];
  readonly kinds: readonly KindResult[];
  readonly endedAtOnce: EndedAtOnce;
  readonly runs: RunsResult;
  readonly approvals: ApprovalsResult;
}

/** From the press of a button on the page to what the agent gets, who polls meanwhile. */
export interface ApprovalsResult {
  readonly credential: Summary;
  readonly run: Summary;
}

/** The same statement as a run, from the client's request to its answer, and by a plain client with a login of its own. */
export interface GovernedResult {
  readonly rows: number;
  readonly cells: number;
  readonly governed: Summary;
  readonly plain: Summary;
}

export interface RunsResult {
  readonly governed: readonly GovernedResult[];
  /** Of a statement of 4 KiB. */
  readonly classifyMs: Summary;
  readonly maskMbPerSecond: number;
  /** Largest resident size of a process that does what `runner` does, at 10,000 rows. */
  readonly runnerMemoryMib: number;
}

/** No names and no paths: only what figures depend on. */
export interface Machine {
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
  readonly nodeVersion: string;
  readonly postgresVersion: string;
  /** Of the last minute, before the run and after it. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

export interface RouteResult {
  readonly route: Route;
  readonly times: Summary;
  /** Calls to AWS by the function behind the route, in one request: in the request with the fewest, and with the most. */
  readonly calls: { readonly fewest: readonly string[]; readonly most: number };
}

/** The handler as deployed, and its floor: one signature, one read, one transaction through the same endpoint. */
export interface VendResult {
  readonly handler: Summary;
  readonly floor: Summary;
}

export interface BundleResult {
  readonly name: FunctionName;
  readonly importMs: Summary;
  /** The same without the policy engine; undefined where there is none in it. */
  readonly importWithoutPolicyMs: Summary | undefined;
  readonly codeBytes: number;
  readonly wasmBytes: number;
}

export interface EndResult {
  /** As the API reports it: from the end of the grant to the proof of death. */
  readonly deadAfter: Summary;
  /** From the moment the client asked for the end to the moment its open connection was cut. */
  readonly cut: Summary;
}

/** Twenty grants ended by one request: `first` has to start most of the functions that end them, `again` finds them warm. */
export interface EndedAtOnce {
  readonly first: EndResult;
  readonly again: EndResult;
}

/** A hundred lives of grants of one kind, reached in one way. */
export interface KindResult extends EndResult {
  readonly name: MeasuredName;
  /** From the request to the answer that says *active*, as the client sees it with `Prefer: wait`. */
  readonly active: Summary;
  /** From the request to the credential in the client's hands. */
  readonly credential: Summary;
}

/** How one grant ended. */
export interface Ended {
  readonly deadAfterMs: number;
  readonly cutMs: number;
}
