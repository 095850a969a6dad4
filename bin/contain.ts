import { SCOPE_KINDS } from '../lambdas/core/containment/containment.ts';
import { principalKey } from '../lambdas/core/identity/principal.ts';
import type { Wire } from './api-client.ts';
import { type Arguments, readArguments, required, runSubcommand, UsageError } from './command-line.ts';
import { listLines, scopeWords } from './containment-lines.ts';
import { operatorFrom } from './operator-client.ts';
import { lookAt, statusLines, watchContainment } from './watch-containment.ts';

type Seen = Wire['ContainmentView'];

const HELP = `
Stops access at once, shows what is still being ended, and lifts what somebody else has stopped.

  npm run contain -- principal NAME --why "…"      as principals.yaml names it, or its key of 32 hex digits
  npm run contain -- principal --issuer I --subject S --why "…"
  npm run contain -- task ID --why "…"
  npm run contain -- resource ID --why "…"
  npm run contain -- everything --why "…"
      From the answer on every use within is refused. Then what lives there is ended, which the command
      shows until two passes have found nothing left, about two minutes. Ctrl-C leaves the stop standing.
      --no-wait   ends with the answer

  npm run contain -- list           the stops that you may see, those that stand first
  npm run contain -- show ID        one of them, until it has settled; --no-wait: as it is now
  npm run contain -- lift ID --why "…"
      A second person's: never whoever placed it, whom it is about, or who answers for them.

  All but --help read LATCHKEY_URL (the output ApiUrl of the stack) and LATCHKEY_TOKEN (a token of yours)
  from the environment. list and show take --json, for programs. In a pipe, columns are separated by tabs.
`;

const PLACING = { values: ['why', 'issuer', 'subject'], switches: ['no-wait'] };

const place = (kind: (typeof SCOPE_KINDS)[number]) => async (args: readonly string[]) => {
  const given = readArguments(args, PLACING);
  const scope = { scope: kind, ...keyOf(kind, given) };
  const why = required(given, 'why');
  const operator = operatorFrom(process.env);
  const placed = await operator.ask(operator.client.post<Seen>('/v1/containments', { ...scope, why }));
  console.log(`${placed.id}: ${scopeWords(placed)} is stopped. Every use within is refused from now on.`);
  if (kind === 'principal' && placed.names.length === 0)
    console.error('Nobody of this key has been here: check it, unless they are still to come.');
  if (!given.switches.has('no-wait')) await watchContainment(operator, placed.id, process.stdout);
};

const keyOf = (kind: (typeof SCOPE_KINDS)[number], given: Arguments): { readonly key?: string } => {
  const [key, ...more] = given.words;
  const [issuer, subject] = [given.values.get('issuer'), given.values.get('subject')];
  const isById = issuer !== undefined || subject !== undefined;
  if (isById && (kind !== 'principal' || key !== undefined))
    throw new UsageError('--issuer and --subject stand in place of the name of a principal.');
  if (isById)
    return { key: principalKey({ issuer: required(given, 'issuer'), subject: required(given, 'subject') }) };
  if (more.length > 0 || (kind === 'everything' && key !== undefined))
    throw new UsageError(
      `${JSON.stringify(more[0] ?? key)} is too much. Put the reason behind --why, in quotes.`,
    );
  if (kind === 'everything') return {};
  if (key === undefined) throw new UsageError(`Name the ${kind}.`);
  return { key };
};

const list = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: [], switches: ['json'] });
  const { client, ask } = operatorFrom(process.env);
  const listed = await ask(client.get<Wire['ContainmentListView']>('/v1/containments'));
  if (given.switches.has('json')) return console.log(JSON.stringify(listed.containments));
  if (listed.containments.length === 0) return console.error('Nothing is stopped that you may see.');
  for (const line of listLines(process.stdout, listed.containments)) console.log(line);
};

const show = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: [], switches: ['json', 'no-wait'] });
  const id = idIn(given);
  const operator = operatorFrom(process.env);
  const seen = await lookAt(operator, id);
  if (given.switches.has('json')) return console.log(JSON.stringify(seen));
  for (const line of listLines(process.stdout, [seen])) console.log(line);
  if (given.switches.has('no-wait')) console.log(statusLines(process.stdout, seen));
  else await watchContainment(operator, id, process.stdout);
};

const lift = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: ['why'], switches: [] });
  const [id, why] = [idIn(given), required(given, 'why')];
  const { client, ask } = operatorFrom(process.env);
  const lifted = await ask(client.end<Seen>(`/v1/containments/${id}`, { why }));
  console.log(`${lifted.id}: ${scopeWords(lifted)} is lifted. What was ended stays ended.`);
};

const idIn = ({ words: [id, ...more] }: Arguments): string => {
  if (id === undefined) throw new UsageError('Name the stop: `npm run contain -- list` shows their ids.');
  if (more.length > 0) throw new UsageError(`${JSON.stringify(more[0])} is too much.`);
  return encodeURIComponent(id);
};

const placing = Object.fromEntries(SCOPE_KINDS.map((kind) => [kind, place(kind)]));
await runSubcommand(HELP, { ...placing, list, show, lift }, process.argv.slice(2));
