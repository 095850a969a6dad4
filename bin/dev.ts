import { PEOPLE } from '../examples/people/people.ts';
import { PEOPLE_CLIENT } from '../examples/people/people-tokens.ts';
import { findMariadb, MARIADB_MISSING } from '../examples/targets/mysql/find-mariadb.ts';
import { startStack } from '../local/stack.ts';
import { createNarrator } from './narrator.ts';
import { paint } from './terminal.ts';

const DATA_DIR = '.latchkey/dev';
/** The same at each start, so that scripts and tokens go on working. */
const PORTS = {
  mysql: 8785,
  passwordDatabase: 8786,
  api: 8787,
  issuer: 8788,
  database: 8789,
  console: 8790,
  slack: 8791,
  machine: 8792,
};

const HELP = `Runs the whole product on this machine, on loopback only, until Ctrl-C.

  npm run dev [-- --verbose]

State is kept in ${DATA_DIR}: a second start finds it again. Delete the folder to begin anew.
--verbose also prints what the functions log.
`;

const main = async (): Promise<void> => {
  if (process.argv.includes('--help')) return void process.stdout.write(HELP);
  const isVerbose = process.argv.includes('--verbose');
  const narrator = createNarrator(process.stdout);
  narrator.title('Latchkey on this machine');
  const stack = await startStack({
    dataDir: DATA_DIR,
    mariadb: findMariadb(),
    ports: PORTS,
    onProgress: narrator.progress,
    onLog: (name, line) => {
      if (isVerbose) process.stdout.write(paint(process.stdout, 'dim', `${name} ${line}\n`));
    },
  });
  process.stdout.write(invitation(stack));
  await interrupted();
  process.stdout.write('\nStopping …\n');
  await stack.stop();
};

type Stack = Awaited<ReturnType<typeof startStack>>;

const invitation = ({
  baseUrl,
  consoleUrl,
  slack,
  issuer,
  caFile,
  tables,
  payloads,
  auditor,
  servers,
}: Stack): string => `
API          ${baseUrl}
Console      ${consoleUrl}/console   a certificate of this machine alone: the browser asks once
People       ${PEOPLE.map((name) => `${name} ${issuer.passwordOf(name)}`).join('\n             ')}
Slack        ${slack.url}   stands where Slack would
Token        export TOKEN=$(curl -s --cacert ${caFile} --user sales-crew:${issuer.secretOf('sales-crew')} \\
               -d grant_type=client_credentials ${issuer.tokenUrl} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
First call   curl -s -H "Authorization: Bearer $TOKEN" ${baseUrl}/v1/me
A task       curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
               -d '{"name":"try it"}' ${baseUrl}/v1/tasks
Access       curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Prefer: wait=20' \\
               -d '{"task":"t_…","resource":"orders-db","action":"postgres:connect","durationSeconds":600,"reason":"try it"}' \\
               ${baseUrl}/v1/grants
Use it       eval "$(curl -s -X POST -H "Authorization: Bearer $TOKEN" -H 'Accept: text/x-shellscript' \\
               ${baseUrl}/v1/grants/g_…/credentials)" && psql -c 'SELECT count(*) FROM orders'
Passwords    the same with "resource":"tickets-db", whose server knows no tokens
${mariadbLine(servers)}
A machine    a grant of "resource":"reports-host","action":"ssh:connect", then ssh-keygen -q -t ed25519 -N '' -f key, and
             eval "$(curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Accept: text/x-shellscript' \\
               -d "{\\"publicKey\\":\\"$(cat key.pub)\\"}" ${baseUrl}/v1/grants/g_…/credentials)" && ssh -F "$LATCHKEY_SSH_CONFIG" -i key machine whoami
Run it       the same with "action":"postgres:read", and then, without a login:
             curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Prefer: wait=20' \\
               -d '{"sql":"SELECT name, email FROM customers WHERE country = $1 LIMIT 3","params":["DE"]}' \\
               ${baseUrl}/v1/grants/g_…/runs
Ask people   a grant of "resource":"billing-db","action":"postgres:connect" waits; Slack and console show it, ana.silva decides:
             open "approval.url" of the answer, or ${slack.url}; then look again with ?wait=20 at ${baseUrl}/v1/grants/g_…
End it       curl -s -X DELETE -H "Authorization: Bearer $TOKEN" ${baseUrl}/v1/tasks/t_…
A person's   export LATCHKEY_URL=${baseUrl} LATCHKEY_TOKEN=$(curl -s --cacert ${caFile} -d grant_type=password \\
  token        -d client_id=${PEOPLE_CLIENT} -d username=ana.silva -d password=${issuer.passwordOf('ana.silva')} \\
               ${issuer.tokenUrl} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
Stop it all  npm run contain -- everything --why "an exercise"; then as jonas.weber: npm run contain -- lift s_… --why "over"
The trail    export ${Object.entries(auditor)
  .map(([name, value]) => `${name}='${value}'`)
  .join(' ')}
             npm run audit -- export --grants-table ${tables.grants} --audit-table ${tables.audit} --out trail.jsonl
             npm run audit -- replay t_… --grants-table ${tables.grants} --audit-table ${tables.audit} \\
               --keys-table ${payloads.keysTable} --bucket ${payloads.bucket}
More         ${baseUrl}/v1/openapi.json; other clients: other-crew, rogue-crew (secrets in ${DATA_DIR}/secrets.json)

Ctrl-C stops everything; state stays in ${DATA_DIR}.
`;

const mariadbLine = (servers: Stack['servers']): string =>
  servers.has('stock-db')
    ? `MariaDB      a grant of "resource":"stock-db","action":"mysql:connect", then eval as above and: mysql --defaults-extra-file="$MYSQL_OPTIONS"`
    : `MariaDB      stock-db was left out: ${MARIADB_MISSING}`;

const interrupted = (): Promise<void> =>
  new Promise((done) => {
    process.once('SIGINT', () => done());
    process.once('SIGTERM', () => done());
  });

/** The ports are fixed, so the usual reason is that it is running already. */
const explain = (error: unknown): string => {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `A port of ${Object.values(PORTS).join(', ')} is taken: is \`npm run dev\` already running?`;
  return `It did not start: ${error instanceof Error ? error.message : error}`;
};

await main().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
