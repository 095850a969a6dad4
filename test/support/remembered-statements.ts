import type { ExecuteAsk, Executed, Inspection, StatementTarget } from '../../lambdas/app/ports.ts';
import type { ResultField } from '../../lambdas/core/sql/catalogue.ts';

const TEXT = 25;
const OID = 16_400;

/** `customers` of the sample, with one column that configuration calls sensitive. */
const COLUMNS = ['id', 'name', 'email'];

export const INSPECTION: Inspection = {
  catalogue: {
    relations: new Map([
      [
        'customers',
        {
          schema: 'public',
          name: 'customers',
          oid: OID,
          kind: 'table',
          columns: COLUMNS.map((name, index) => ({ name, number: index + 1 })),
          madeOf: [],
        },
      ],
    ]),
    digest: 'ef'.repeat(32),
  },
  estimatedRows: 2,
  fields: [fieldOf('name')],
  viewFunctions: [],
};

export function fieldOf(name: string): ResultField {
  return { name, tableOid: OID, columnNumber: COLUMNS.indexOf(name) + 1, typeOid: TEXT };
}

export const EXECUTED: Executed = {
  fields: INSPECTION.fields,
  rows: [['Ada'], ['Bo']],
  truncated: false,
  rowCount: 2,
  notices: [],
  bytes: 5,
};

type Outcome = Awaited<ReturnType<StatementTarget['execute']>>;

/** A target that only remembers what it executed: what is true of real ones is proved in `test/adapters`. */
export const rememberedStatements = () => {
  const executed: ExecuteAsk[] = [];
  const control: {
    inspection: Inspection;
    outcome: Outcome;
    /** Throws to fail: before the plan, and after the execution. */
    fail: ((moment: 'asked' | 'executed') => void) | undefined;
  } = { inspection: INSPECTION, outcome: { ok: true, value: EXECUTED }, fail: undefined };
  const statements: StatementTarget = {
    async execute(ask) {
      control.fail?.('asked');
      if (!(await ask.proceed(control.inspection))) return { ok: false, failure: { code: 'not_proceeded' } };
      executed.push(ask);
      control.fail?.('executed');
      return control.outcome;
    },
  };
  return { statements, executed, control };
};
