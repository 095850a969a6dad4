import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ExportFlaw } from '../lambdas/core/audit/audit-export.ts';
import { verifyExport } from '../lambdas/core/audit/audit-export.ts';
import { parseReceipt } from '../lambdas/core/audit/chain.ts';
import type { Receipt } from '../lambdas/core/audit/entry.ts';
import { exportTrail } from './audit-export.ts';
import type { PayloadVerb } from './audit-payloads.ts';
import { Mistakes, runCommand } from './mistakes.ts';
import type { PayloadPlaces } from './payload-operator.ts';

const HELP = `Exports the trail, verifies an export without access to AWS, replays a task, and holds or erases what is kept of it.

  npm run audit -- export --grants-table NAME --audit-table NAME [--out FILE] [--chain ID]...
  npm run audit -- verify FILE [--receipt CHAIN/SEQ/HASH]... [--receipts FILE]
  npm run audit -- replay TASK PLACES [--speed N] [--no-pauses] [--json]
  npm run audit -- hold TASK PLACES
  npm run audit -- release-hold TASK PLACES
  npm run audit -- erase TASK PLACES --yes

PLACES is --grants-table NAME --audit-table NAME --keys-table NAME --bucket NAME, all outputs of the stack.

export   Reads both tables (their names are outputs of the stack) with your own AWS credentials and
         writes JSON Lines. --chain limits it to the chains of these grants, tasks and approvals.
verify   Exits 1 when an entry was changed, deleted, inserted or reordered, or when a chain ends
         before its head or before a receipt. A receipt is what an answer of the API carried in
         its Latchkey-Audit header; --receipts names a file with one on each line.
replay   Plays what was asked, decided, executed and returned (masked), with the pauses as they were,
         divided by --speed; one of more than 10 s is told and cut to that. Without pauses in a pipe and with
         --no-pauses. --json: one line of JSON for each scene. What is erased or past its retention is told.
hold     Keeps full statements and masked results of a task, whatever their age, until release-hold.
         Repeat it once the task is over, for what was put meanwhile.
release-hold
         Gives them back to their retention: what is past it goes.
erase    Destroys the key of a task that is over, and deletes what it had sealed. Nobody can undo it,
         so it wants --yes. Refused under a legal hold. The trail stays, and verifies as before.

The last three are entries of the chain system:payloads, under the name that AWS knows you by.
`;

const options = {
  'grants-table': { type: 'string' },
  'audit-table': { type: 'string' },
  out: { type: 'string' },
  chain: { type: 'string', multiple: true },
  receipt: { type: 'string', multiple: true },
  receipts: { type: 'string' },
  'keys-table': { type: 'string' },
  bucket: { type: 'string' },
  yes: { type: 'boolean' },
  speed: { type: 'string' },
  'no-pauses': { type: 'boolean' },
  json: { type: 'boolean' },
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
  if (verb === 'replay') return replay(required(file, verb, 'name the task.'), values);
  const payloadVerb = PAYLOAD_VERBS.find((one) => one === verb);
  if (payloadVerb) return actOnPayloads(payloadVerb, file, values);
  throw mistake(verb, 'there is no such verb; it is export, verify, replay, hold, release-hold or erase.');
};

const PAYLOAD_VERBS: readonly PayloadVerb[] = ['hold', 'release-hold', 'erase'];

const actOnPayloads = async (verb: PayloadVerb, task: string | undefined, values: Values): Promise<void> => {
  const places = placesOf(values);
  const asked = { task: required(task, verb, 'name the task.'), isSure: values.yes === true };
  // Loaded here, so that verifying does not wait for clients of AWS that it has no use for.
  const { runPayloadVerb } = await import('./audit-payloads.ts');
  process.stdout.write(await runPayloadVerb(verb, asked, places));
};

const placesOf = (values: Values): PayloadPlaces => ({
  grantsTable: outputOf(values, 'grants-table'),
  auditTable: outputOf(values, 'audit-table'),
  keysTable: outputOf(values, 'keys-table'),
  bucket: outputOf(values, 'bucket'),
});

const replay = async (task: string, values: Values): Promise<void> => {
  const { grantsTable: grants, auditTable: audit, keysTable, bucket } = placesOf(values);
  const { speed, 'no-pauses': noPauses, json } = values;
  const ask = { task, speed, pauses: noPauses !== true, json: json === true };
  const { replayTask } = await import('./replay-task.ts');
  await replayTask(process.stdout, ask, { grants, audit, keysTable, bucket });
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
    grantsTable: outputOf(values, 'grants-table'),
    auditTable: outputOf(values, 'audit-table'),
    chains: values.chain,
  };
  let entries = 0;
  const missing = new Set(values.chain);
  const lines = async function* () {
    for await (const line of exportTrail(source, new Date())) {
      if (line.type === 'entry') entries += 1;
      if ('chain' in line) missing.delete(line.chain);
      if (line.type === 'entry' && entries % 10_000 === 0) process.stderr.write(`${entries} entries …\n`);
      yield `${JSON.stringify(line)}\n`;
    }
  };
  if (values.out === undefined) for await (const line of lines()) process.stdout.write(line);
  else await pipeline(lines, await fileToWrite(values.out));
  process.stderr.write(`${entries} entries exported${values.out ? ` to ${values.out}` : ''}.\n`);
  // An export of nothing verifies, so a misspelt id must not look like a chain that is sound.
  if (missing.size > 0) throw mistake('--chain', `${[...missing].join(', ')}: there is no such chain.`);
};

const fileToWrite = async (path: string): Promise<WriteStream> => {
  const file = createWriteStream(path, { mode: 0o600 });
  await once(file, 'open').catch(() => {
    throw mistake(path, 'cannot be written.');
  });
  return file;
};

const verifyFile = async (file: string, values: Values): Promise<void> => {
  const lines = await readLines(file);
  const report = verifyExport(lines, await receiptsOf(values));
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

const receiptsOf = async (values: Values): Promise<Receipt[]> => {
  const fromFile = values.receipts === undefined ? [] : await readLines(values.receipts);
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

const outputOf = (values: Values, flag: 'grants-table' | 'audit-table' | 'keys-table' | 'bucket'): string =>
  required(values[flag], `--${flag}`, 'name it; it is an output of the stack.');

const required = (value: string | undefined, path: string, mend: string): string => {
  if (value === undefined) throw mistake(path, mend);
  return value;
};

const mistake = (path: string, message: string): Mistakes => new Mistakes([{ file: 'audit', path, message }]);

await runCommand(main);
