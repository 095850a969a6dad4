import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asThemselves } from '../lambdas/adapters/aws/administrator-keys.ts';
import { ownRdsSigner } from '../lambdas/adapters/database/own-rds-signer.ts';
import { statementTarget } from '../lambdas/adapters/postgres/statement-target.ts';
import { answerOf } from '../lambdas/app/run-answer.ts';
import type { ConfigFor } from '../lambdas/core/config/compiled.ts';
import { resourcesOf } from '../lambdas/core/config/resource.ts';
import { RUN_ANSWER_MAX_BYTES, RUN_MAX_SECONDS } from '../lambdas/core/limits.ts';
import { planMasks } from '../lambdas/core/masking/plan-masks.ts';
import { createEngine } from '../lambdas/core/policy/engine.ts';
import { classify } from '../lambdas/core/sql/classify.ts';
import { loadParser } from '../lambdas/core/sql/parser.ts';

/** What the process is told to do. */
export interface RunnerWork {
  readonly configFile: string;
  /** An active grant of reads. */
  readonly grant: string;
  readonly sql: string;
  readonly turns: number;
}

/** Executes, masks and writes the answer out as `runner` does; answers its largest resident size in MiB. */
const work = async ({ configFile, grant, sql, turns }: RunnerWork): Promise<number> => {
  const config: ConfigFor<'runner'> = JSON.parse(readFileSync(configFile, 'utf8'));
  const resource = resourcesOf(config.resources, 'postgres').find(({ id }) => id === 'orders-db');
  if (!resource) throw new Error('there is no orders-db');
  createEngine(config);
  await loadParser();
  const classified = classify(sql);
  if (!classified.ok) throw new Error('the statement of the benchmark is refused');
  const statement = classified.value;
  const target = statementTarget({ signOwn: ownRdsSigner(asThemselves) });
  for (let turn = 0; turn < turns; turn += 1) {
    let plans: Parameters<typeof answerOf>[1]['plans'] = [];
    const executed = await target.execute({
      resource,
      grantId: grant,
      statement,
      sql,
      params: [],
      limits: { maxRows: 10_000, maxBytes: RUN_ANSWER_MAX_BYTES, maxSeconds: RUN_MAX_SECONDS },
      async proceed({ catalogue, fields }) {
        const ask = {
          statement,
          catalogue,
          fields,
          sensitive: resource.sensitive,
          unmasked: new Set<string>(),
        };
        const planned = planMasks(ask);
        if (planned.ok) plans = planned.value;
        return planned.ok;
      },
    });
    if (!executed.ok) throw new Error(`the run of the benchmark failed: ${executed.failure.code}`);
    const vault = {
      mac: (_: string, text: string) => createHmac('sha256', 'bench').update(text).digest('hex'),
    };
    const { result } = answerOf(executed, { plans, unmasked: [], statement, wordsAreSafe: true, vault });
    Buffer.from(JSON.stringify(result));
  }
  return process.resourceUsage().maxRSS / 1_024;
};

process.once('message', async (told: RunnerWork) => {
  process.send?.(await work(told));
});
