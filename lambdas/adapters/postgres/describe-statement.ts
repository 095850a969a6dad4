import type { Client, Connection, FieldDef } from 'pg';
import type { ResultField } from '../../core/sql/catalogue.ts';

/**
 * Has PostgreSQL parse a statement and describe its answer, and nothing else: no plan is made, so no function is
 * executed, not even one that a plan would replace by its result. The locks on every relation that the statement names,
 * and on what its views are made of, are held from here to the end of the transaction. Throws what the server said.
 */
export const describeStatement = (client: Client, sql: string): Promise<readonly ResultField[]> =>
  new Promise((resolve, reject) => client.query(new Describe(sql, { resolve, reject })));

interface Settle {
  readonly resolve: (fields: readonly ResultField[]) => void;
  readonly reject: (error: Error) => void;
}

/** The driver's own queries always execute. It hands the answers to methods of these names. */
class Describe {
  private readonly sql: string;
  private readonly settle: Settle;
  private fields: readonly ResultField[] = [];

  constructor(sql: string, settle: Settle) {
    this.sql = sql;
    this.settle = settle;
  }

  submit(connection: Connection): void {
    connection.parse({ name: '', text: this.sql, types: [] }, true);
    connection.describe({ type: 'S', name: '' }, true);
    connection.sync();
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.fields = fields.map(resultField);
  }

  handleReadyForQuery(): void {
    this.settle.resolve(this.fields);
  }

  handleError(error: Error): void {
    this.settle.reject(error);
  }
}

export const resultField = ({ name, tableID, columnID, dataTypeID }: FieldDef): ResultField => ({
  name,
  tableOid: tableID,
  columnNumber: columnID,
  typeOid: dataTypeID,
});
