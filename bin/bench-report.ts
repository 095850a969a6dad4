import { kindTable } from './bench-kind-table.ts';
import type { BenchResults, BundleResult, EndResult, RouteResult } from './bench-results.ts';
import type { Summary } from './bench-statistics.ts';
import { ms, table } from './bench-table.ts';

/** What the figures are held against. */
export const AIMS = {
  vendRatio: 1.5,
  ownCodeMs: 2,
  importMs: 120,
  bundleKb: 700,
  runOverheadMs: 3,
  runOverheadMsPerCell: 0.001,
  classifyMs: 1,
  runnerMemoryMib: 256,
  decisionMs: 300,
} as const;

/** Every section of `docs/benchmarks.md`, in order. */
export const SECTIONS = [
  'Aims',
  'Machine',
  'Routes',
  'Vend against its floor',
  'Runs',
  'Approvals',
  'Bundles',
  'Kinds',
  'Time to active',
  'Time to dead',
] as const;

type Section = (typeof SECTIONS)[number];

export interface Verdict {
  readonly what: string;
  readonly figure: string;
  readonly aim: string;
  readonly isMet: boolean;
}

/** The figures that have an aim, each with whether it was met. */
export const verdicts = (results: BenchResults): readonly Verdict[] => [
  ...vendVerdicts(results),
  ...runVerdicts(results),
  ...approvalVerdicts(results),
];

const approvalVerdicts = ({ approvals }: BenchResults): readonly Verdict[] =>
  (
    [
      ['decision to released credential', approvals.credential],
      ['decision to the result of a run', approvals.run],
    ] as const
  ).map(([what, { p50 }]) => ({
    what: `${what}, p50`,
    figure: ms(p50),
    aim: `≤ ${AIMS.decisionMs} ms`,
    isMet: p50 <= AIMS.decisionMs,
  }));

const runVerdicts = ({ runs }: BenchResults): readonly Verdict[] => [
  ...runs.governed.map(({ rows, cells, governed, plain }) => {
    const overMs = governed.p50 - plain.p50;
    const aimMs = AIMS.runOverheadMs + cells * AIMS.runOverheadMsPerCell;
    return {
      what: `run of ${rows} rows, over plain pg`,
      figure: ms(overMs),
      aim: `≤ ${ms(aimMs)}`,
      isMet: overMs <= aimMs,
    };
  }),
  {
    what: 'classification of 4 KiB, p99',
    figure: ms(runs.classifyMs.p99),
    aim: `≤ ${AIMS.classifyMs} ms`,
    isMet: runs.classifyMs.p99 <= AIMS.classifyMs,
  },
  {
    what: 'runner memory at 10,000 rows',
    figure: `${runs.runnerMemoryMib.toFixed(0)} MiB`,
    aim: `≤ ${AIMS.runnerMemoryMib} MiB`,
    isMet: runs.runnerMemoryMib <= AIMS.runnerMemoryMib,
  },
];

const vendVerdicts = ({ vend, bundles }: BenchResults): readonly Verdict[] => {
  const ratio = vend.handler.p50 / vend.floor.p50;
  const ownMs = vend.handler.p50 - vend.floor.p50;
  const slowest = Math.max(...bundles.map(importWithoutWasm));
  const largestKb = Math.max(...bundles.map(({ codeBytes }) => codeBytes)) / 1_000;
  return [
    {
      what: 'vend, as a multiple of its floor',
      figure: ratio.toFixed(2),
      aim: `≤ ${AIMS.vendRatio}`,
      isMet: ratio <= AIMS.vendRatio,
    },
    {
      what: 'vend, what our own code adds',
      figure: ms(ownMs),
      aim: `≤ ${AIMS.ownCodeMs} ms`,
      isMet: ownMs <= AIMS.ownCodeMs,
    },
    {
      what: 'import of the slowest bundle, without WASM',
      figure: ms(slowest),
      aim: `≤ ${AIMS.importMs} ms`,
      isMet: slowest <= AIMS.importMs,
    },
    {
      what: 'largest bundle, without WASM',
      figure: `${largestKb.toFixed(0)} kB`,
      aim: `≤ ${AIMS.bundleKb} kB`,
      isMet: largestKb <= AIMS.bundleKb,
    },
  ];
};

const importWithoutWasm = ({ importMs, importWithoutPolicyMs }: BundleResult): number =>
  (importWithoutPolicyMs ?? importMs).p50;

/** The page. Equal results make an equal page. */
export const benchmarkPage = (results: BenchResults): string =>
  [
    '# Benchmarks',
    'Written by `npm run bench`: one run, on one machine, of the product as the embedded stack runs it. Run it again to get your own figures; do not edit it.',
    ...SECTIONS.flatMap((section) => [`## ${section}`, ...BODIES[section](results)]),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');

const BODIES: Readonly<Record<Section, (results: BenchResults) => readonly string[]>> = {
  Aims: (results) => [
    table(
      ['figure', 'measured (p50)', 'aim', 'met'],
      verdicts(results).map(({ what, figure, aim, isMet }) => [what, figure, aim, isMet ? 'yes' : '**no**']),
    ),
  ],
  Machine: ({ machine }) => [
    `${machine.cores} cores, ${machine.memoryGb} GB, ${machine.platform}, Node ${machine.nodeVersion}, PostgreSQL ${machine.postgresVersion}. Load of the last minute: ${machine.loadBefore.toFixed(2)} before the run, ${machine.loadAfter.toFixed(2)} after it.`,
    'The client, the gateway, the tables and the state machine share one process and its event loop; functions run in worker threads of it, the database (without `fsync`) beside it. So a time below holds what the client and the emulations cost, and no network. Percentiles are by nearest rank: p99 of 100 is the second largest.',
  ],
  Routes: ({ routes }) => [
    'One request after the other, warm, through all of it: HTTP, gateway, authorizer (its answer cached for a minute), function, tables. *Calls to AWS* are those of the function behind the route, in the request that made fewest; *up to* tells of requests that waited, each look being a read, or that read the receipt of the configuration anew, which happens once a minute.',
    table(['route', 'n', 'p50', 'p99', 'max', 'calls to AWS', 'up to', 'which'], routes.map(routeRow)),
    '`POST /v1/grants` does not wait here. `DELETE /v1/grants/{id}` waits for the proof of death, with a session open at the target; `DELETE /v1/tasks/{id}` ends a task that holds nothing.',
  ],
  'Vend against its floor': ({ vend }) => [
    'In a process of its own, in turns: the handler of the deployed bundle, from the event of the gateway to its answer; and the least that has to be done for it: one bare signature of `@aws-sdk/rds-signer`, one `BatchGetItem` of three keys, one `TransactWriteItems` of two items of the same size, with the same rights at the same endpoint.',
    table(
      ['', 'n', 'p50', 'p99', 'max'],
      [
        ['handler', ...summaryCells(vend.handler)],
        ['floor', ...summaryCells(vend.floor)],
      ],
    ),
    `Ratio ${(vend.handler.p50 / vend.floor.p50).toFixed(2)} at p50, ${(vend.handler.p99 / vend.floor.p99).toFixed(2)} at p99; the difference at p50, ${ms(vend.handler.p50 - vend.floor.p50)}, is our own code.`,
  ],
  Runs: ({ runs }) => [
    'A `SELECT` of four columns through the whole stack, from the client’s request to its answer: decided, sealed, recorded, workflow started, planned and decided again at the target, executed, masked, sealed, recorded, released. Beside it the same statement by a plain `pg` client that connects with verified TLS, asks and ends, in turns.',
    table(
      ['rows', 'how', 'n', 'p50', 'p99', 'max'],
      runs.governed.flatMap(({ rows, governed, plain }) => [
        [String(rows), 'as a run', ...summaryCells(governed)],
        [String(rows), 'plain `pg`', ...summaryCells(plain)],
      ]),
    ),
    `Classification of a 4 KiB statement: p50 ${ms(runs.classifyMs.p50)}, p99 ${ms(runs.classifyMs.p99)}. Masking of ordinary rows: ${runs.maskMbPerSecond.toFixed(0)} MB/s. A process that does what \`runner\` does for 10,000 rows, five times over, is at most ${runs.runnerMemoryMib.toFixed(0)} MiB large.`,
  ],
  Approvals: ({ approvals }) => [
    'From the press of *Approve* on the real page, signed in and read before, to what the agent has in its hands, who polls with `wait=20`: the decision recorded, the workflow woken, policy asked again and the approval used up, and then the role made and a login signed, or the statement executed, masked and recorded.',
    table(
      ['', 'n', 'p50', 'p99', 'max'],
      [
        ['decision to released credential', ...summaryCells(approvals.credential)],
        ['decision to the result of a run', ...summaryCells(approvals.run)],
      ],
    ),
  ],
  Bundles: ({ bundles }) => [
    'Import: `require` of the bundle in a fresh process, until the handler is there; configuration read, clients made, policies parsed. *Without policy* has an absent policy engine in its place, so the difference is what the engine costs: its WebAssembly read, compiled and instantiated, and the policies and the schema parsed. Code is minified JavaScript as deployed, source maps apart.',
    table(
      ['function', 'n', 'import p50', 'p99', 'without policy p50', 'policy engine', 'code', 'WASM'],
      bundles.map(bundleRow),
    ),
  ],
  Kinds: ({ kinds }) => [
    'A hundred grants of each kind, one after the other. *Time to credential* is from the request for access, which policy gives at once, until the credential is in the caller’s hands. *Time to dead* is `deadAfterMs` of the answer: from the end of the grant to the proof that nobody gets in, with something open through the credential when it was ended. Targets are stand-ins on this machine, so what AWS itself needs is not in these times and stands beside them.',
    kindTable(kinds),
  ],
  'Time to active': ({ kinds }) => [
    '`POST /v1/grants` with `Prefer: wait=20` until the answer says *active*: decided, recorded, workflow started, role made at the target where there is one. A waiting request looks soon, and then ever less often.',
    table(
      ['', 'n', 'p50', 'p99', 'max'],
      kinds.map(({ name, active }) => [name, ...summaryCells(active)]),
    ),
  ],
  'Time to dead': ({ kinds, endedAtOnce }) => [
    '*Proved dead* is the time to dead from above. *Cut* is what the client saw: from asking for the end until its open connection was gone, or, where each call is asked about by itself, until one was refused. *Twenty at once* are the grants of one task on a real PostgreSQL, ended with it: the first time eight environments of `runner` have to start, as many as there may be here; the second time they are warm and share the cores.',
    table(
      ['', 'n', 'p50', 'p99', 'max'],
      [
        ...kinds.flatMap((result) => endRows(`${result.name}, one by one`, result)),
        ...endRows('twenty at once, first', endedAtOnce.first),
        ...endRows('twenty at once, again', endedAtOnce.again),
      ],
    ),
  ],
};

const routeRow = ({ route, times, calls }: RouteResult): readonly string[] => [
  `\`${route.method} ${route.path}\``,
  ...summaryCells(times),
  String(calls.fewest.length),
  calls.most > calls.fewest.length ? String(calls.most) : '',
  counted(calls.fewest),
];

/** `['GetItem', 'GetItem', 'Query']` → `2 GetItem, Query`. */
const counted = (names: readonly string[]): string =>
  [...new Set(names)]
    .map((name) => ({ name, count: names.filter((other) => other === name).length }))
    .map(({ name, count }) => (count === 1 ? name : `${count} ${name}`))
    .join(', ');

const bundleRow = ({ name, importMs, importWithoutPolicyMs, codeBytes, wasmBytes }: BundleResult) => [
  name,
  String(importMs.count),
  ms(importMs.p50),
  ms(importMs.p99),
  importWithoutPolicyMs ? ms(importWithoutPolicyMs.p50) : '',
  importWithoutPolicyMs ? ms(importMs.p50 - importWithoutPolicyMs.p50) : '',
  kb(codeBytes),
  wasmBytes > 0 ? kb(wasmBytes) : '',
];

const endRows = (how: string, { deadAfter, cut }: EndResult): readonly (readonly string[])[] => [
  [`proved dead, ${how}`, ...summaryCells(deadAfter)],
  [`cut, ${how}`, ...summaryCells(cut)],
];

const summaryCells = ({ count, p50, p99, max }: Summary): readonly string[] => [
  String(count),
  ms(p50),
  ms(p99),
  ms(max),
];

const kb = (bytes: number): string => `${(bytes / 1_000).toFixed(0)} kB`;
