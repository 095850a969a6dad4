import type { Connection } from 'mysql2/promise';

/** Runs a file as the command `mysql` does: statement by statement, with `DELIMITER` as its own word. Stops at the first error. */
export const runScript = async (connection: Connection, script: string): Promise<void> => {
  for (const statement of statementsOf(script)) await connection.query(statement);
};

/** Enough for files of ours, in which a delimiter stands at the end of a line and nowhere else. */
const statementsOf = (script: string): string[] => {
  const statements: string[] = [];
  let [delimiter, current] = [';', ''];
  for (const line of script.split('\n')) {
    const [, named] = /^DELIMITER (\S+)$/.exec(line) ?? [];
    if (named !== undefined) delimiter = named;
    else if (current.trim() === '' && (line.startsWith('--') || line.trim() === '')) continue;
    else if (line.endsWith(delimiter)) {
      statements.push(current + line.slice(0, -delimiter.length));
      current = '';
    } else current += `${line}\n`;
  }
  if (current.trim() !== '') throw new TypeError(`a statement without an end: ${current}`);
  return statements;
};
