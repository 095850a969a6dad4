import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ExportFlaw } from '../lambdas/core/audit/audit-export.ts';
import { verifyExport } from '../lambdas/core/audit/audit-export.ts';
import { parseReceipt } from '../lambdas/core/audit/chain.ts';
import type { Receipt } from '../lambdas/core/audit/entry.ts';
import { exportTrail } from './audit-export.ts';
import { Mistakes, runCommand } from './mistakes.ts';

const HELP = `Exports the trail, and verifies an export without access to AWS.

  npm run audit -- export --grants-table NAME --audit-table NAME [--out FILE] [--chain ID]...
  npm run audit -- verify FILE [--receipt CHAIN/SEQ/HASH]... [--receipts FILE]

export   Reads both tables (their names are outputs of the stack) with your own AWS credentials and
         writes JSON Lines. --chain limits it to the chains of these grants and tasks.
verify   Exits 1 when an entry was changed, deleted, inserted or reordered, or when a chain ends
         before its head or before a receipt. A receipt is what an answer of the API carried in
         its Latchkey-Audit header; --receipts names a file with one on each line.
`;

const options = {
  'grants-table': { type: 'string' },
  'audit-table': { type: 'string' },
  out: { type: 'string' },
  chain: { type: 'string', multiple: true },
  receipt: { type: 'string', multiple: true },
  receipts: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof read>['values'];
const read = () => parseArgs({ options, allowPositionals: true });

const main = async (): Promise<void> => {
  const { values, positionals } = readArguments();
  const [verb, file] = positionals;
  if (values.help || verb === undefined) return void process.stdout.write(HELP);
  if (verb === 'export') return exportToFile(values);
  if (verb === 'verify') return verifyFile(required(file, 'verify', 'name the file to verify.'), values);
  throw mistake(verb, 'there is no such verb; it is export or verify.');
};

const readArguments = () => {
  try {
    return read();
  } catch (error) {
    throw mistake('arguments', `${error instanceof Error ? error.message : error} See --help.`);
  }
};

const exportToFile = async (values: Values): Promise<void> => {
  const source = {
    client: new DynamoDBClient({}),
    grantsTable: required(
      values['grants-table'],
      '--grants-table',
      'name the table; it is an output of the stack.',
    ),
    auditTable: required(
      values['audit-table'],
      '--audit-table',
      'name the table; it is an output of the stack.',
    ),
    chains: values.chain,
  };
  let entries = 0;
  const lines = async function* () {
    for await (const line of exportTrail(source, new Date())) {
      if (line.type === 'entry') entries += 1;
      if (line.type === 'entry' && entries % 10_000 === 0) process.stderr.write(`${entries} entries …\n`);
      yield `${JSON.stringify(line)}\n`;
    }
  };
  if (values.out === undefined) for await (const line of lines()) process.stdout.write(line);
  else await pipeline(lines, createWriteStream(values.out, { mode: 0o600 }));
  process.stderr.write(`${entries} entries exported${values.out ? ` to ${values.out}` : ''}.\n`);
};

const verifyFile = async (file: string, values: Values): Promise<void> => {
  const lines = await readLines(file);
  const report = verifyExport(lines, receiptsOf(values));
  for (const flaw of report.flaws) process.stdout.write(`${describe(flaw)}\n`);
  const size = `${report.entries} entries in ${report.chains} chains, ${report.receipts} receipts`;
  process.stdout.write(
    report.flaws.length === 0 ? `intact: ${size}\n` : `NOT INTACT: ${report.flaws.length} flaws; ${size}\n`,
  );
  if (report.flaws.length > 0) process.exitCode = 1;
};

const readLines = async (file: string): Promise<string[]> => {
  try {
    return await Array.fromAsync(createInterface({ input: createReadStream(file) }));
  } catch {
    throw mistake(file, 'cannot be read.');
  }
};

const receiptsOf = (values: Values): Receipt[] => {
  const fromFile = values.receipts === undefined ? [] : readFileSync(values.receipts, 'utf8').split('\n');
  return [...(values.receipt ?? []), ...fromFile]
    .filter((text) => text.trim() !== '')
    .map((text) => {
      const receipt = parseReceipt(text);
      if (!receipt) throw mistake('receipt', `\`${text}\` is not of the form chain/seq/hash.`);
      return receipt;
    });
};

/** What each flaw means for whoever relies on the trail. */
const MEANING: Readonly<Record<ExportFlaw['flaw'], string>> = {
  changed: 'was changed after it was written',
  gap: 'entries before it are missing',
  fork: 'stands where another entry stood, or is there twice',
  broken_link: 'does not follow from the entry before it',
  clock_went_back: 'is older than the entry before it',
  foreign_entry: 'belongs to another chain',
  ends_before_head: 'the chain ends before its head',
  differs_from_head: 'the chain does not end as its head says',
  ends_before_receipt: 'the chain ends before a receipt that was given out',
  differs_from_receipt: 'is not the entry a receipt was given for',
  no_head: 'the chain has no head, so its end may be missing',
  no_entries: 'the chain has a head and no entries',
  unreadable: 'is not a line of an export',
  no_header: 'the file does not begin with one header',
  two_heads: 'gives a chain a second head',
};

const describe = (flaw: ExportFlaw): string =>
  'line' in flaw
    ? `line ${flaw.line}: ${MEANING[flaw.flaw]}`
    : `${flaw.chain} entry ${flaw.seq}: ${MEANING[flaw.flaw]}`;

const required = (value: string | undefined, path: string, mend: string): string => {
  if (value === undefined) throw mistake(path, mend);
  return value;
};

const mistake = (path: string, message: string): Mistakes => new Mistakes([{ file: 'audit', path, message }]);

await runCommand(main);
