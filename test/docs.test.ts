import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { CONTAINMENT_KEY, readContainment } from '../lambdas/adapters/dynamo/items.ts';
import { auditTargetOf } from '../lambdas/app/audit-target.ts';
import { appendEntry, formatReceipt, GENESIS, headOf, receiptOf } from '../lambdas/core/audit/chain.ts';
import { CONFIG_PARTS } from '../lambdas/core/config/compiled.ts';
import { SYSTEM_CHAIN_SHARDS_COUNT } from '../lambdas/core/limits.ts';
import { ROUTES } from '../lambdas/http/routes.ts';
import { ofType, sampleResources } from './infra/sample-stack.ts';
import { scratchDir } from './infra/scratch-dir.ts';
import { RESOURCE } from './support/facts.ts';
import { runCommand } from './support/run-command.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const readJson = (path: string) => JSON.parse(read(path));
const PAGES = [
  ...globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], {
    exclude: ['**/.venv/**', '**/node_modules/**'],
  }),
].sort();
const README = read('README.md');
const PACKAGE = readJson('package.json');

/** Blocks of a page in one language, without their fences, wherever they are indented. */
const fences = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)\\n\\1\`\`\``, 'gms'))].map(
    ([, indent, body]) => (body ?? '').replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
const commandsIn = (page: string): string[] => fences(page, 'sh').flatMap((block) => block.split('\n'));
const section = (page: string, title: string): string =>
  page.split(new RegExp(`^#+ ${title}$`, 'm'))[1]?.split(/^##? /m)[0] ?? '';
/** The words in back-ticks in the first column of a page's tables. */
const firstColumn = (text: string): string[] =>
  [...text.matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word),
  );

describe('the commands of the README', () => {
  /** What keeps a command true: it runs below, a file that runs it, or why only AWS can. Every line has one. */
  const scratch = scratchDir();
  const RUN_HERE: Readonly<Record<string, { readonly says: RegExp }>> = {
    'npm run policy -- explain --agent sales-analyst --action postgres:connect --resource billing-db --duration 900':
      { says: /^Yes, once 1 person has approved\./ },
    'npm run policy -- test': { says: /examples hold\./ },
    'npm run config -- check': { says: /^Sound: / },
    'npm run audit -- verify trail.jsonl --receipts receipts.txt': {
      says: /^intact: 1 entries in 1 chains, 1 /,
    },
  };
  const RUN_BY: Readonly<Record<string, { readonly file: string; readonly as: RegExp }>> = {
    'npm ci && npm run demo': { file: 'test/full/readme.test.ts', as: /npm ci && npm run demo/ },
    'npm ci && npm test': { file: 'test/full/readme.test.ts', as: /npm ci && npm test/ },
    'npm run dev': { file: 'test/full/readme.test.ts', as: /bin\/dev\.ts/ },
    'npx cdk synth': { file: 'test/full/synth.test.ts', as: /'synth'/ },
    'npm run config -- resolve --instance orders --region eu-central-1': {
      file: 'test/bin/config.test.ts',
      as: /'resolve'/,
    },
  };
  const NEEDS_AWS: Readonly<Record<string, string>> = {
    'psql "host=orders.c1exampleabc.eu-central-1.rds.amazonaws.com dbname=orders user=master sslmode=verify-full" --set ON_ERROR_STOP=1 --file docs/targets/postgres.sql':
      'an instance on RDS; the embedded PostgreSQL applies the same file',
    'npx cdk bootstrap': 'prepares an account',
    'npx cdk deploy': 'changes an account',
    'npm run audit -- export --grants-table "$GRANTS_TABLE" --audit-table "$AUDIT_TABLE" --out trail.jsonl':
      'reads the tables of a deployment',
    'npm run audit -- replay "$TASK" --grants-table "$GRANTS_TABLE" --audit-table "$AUDIT_TABLE" --keys-table "$KEYS_TABLE" --bucket "$BUCKET"':
      'reads what a deployment keeps; test/bin/audit-replay.test.ts runs the command',
  };

  const commands = commandsIn(README);
  const calls = commands.filter((command) => command.includes('curl '));

  test('are run here, by a file that is named, or need AWS for a reason', () => {
    const known = [RUN_HERE, RUN_BY, NEEDS_AWS].flatMap((list) => Object.keys(list));
    assert.deepEqual(commands.filter((command) => !calls.includes(command)).sort(), known.sort());
  });

  test('are run by the files that are named', () => {
    for (const [command, { file, as }] of Object.entries(RUN_BY)) assert.match(read(file), as, command);
  });

  for (const [command, { says }] of Object.entries(RUN_HERE))
    test(`work as they stand: ${command}`, async () => {
      writeTrail();
      const { code, out, err } = await runCommand(argumentsOf(command));
      assert.equal(code, 0, err);
      assert.match(out, says);
    });

  test('call routes that there are', () => {
    const asked = calls.map((call) => {
      const path = /:8787(\/v1\/[^\s"?]*)/.exec(call)?.[1] ?? '';
      const method = /--request (\w+)/.exec(call)?.[1] ?? (call.includes('--json') ? 'POST' : 'GET');
      return `${method} ${path.replaceAll(/\$\w+/g, '{id}')}`;
    });
    const routes = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`));
    assert.deepEqual(
      asked.filter((route) => !routes.has(route)),
      [],
    );
    assert.ok(asked.length >= 5);
    assert.match(read('bin/dev.ts'), /api: 8787/);
  });

  /** `npm run x -- a b` as its script would be called, with the files that it reads in a folder of this test. */
  const argumentsOf = (command: string): string[] => {
    const [, script = '', rest = ''] = /^npm run (\S+) -- (.*)$/.exec(command) ?? [];
    const [runner, ...words] = String(PACKAGE.scripts[script]).split(' ');
    assert.equal(runner, 'node');
    const given = rest
      .split(' ')
      .map((word) => (/^\w+\.(jsonl|txt)$/.test(word) ? join(scratch, word) : word));
    return [...words, ...given];
  };

  const writeTrail = (): void => {
    const event = {
      type: 'config.activated',
      digest: 'd',
      previous: null,
      actor: { kind: 'system', function: 'sweeper' },
      requestId: 'r',
      invocationId: 'i',
      policyDigest: 'd',
      software: '0',
    } as const;
    const entry = appendEntry({ chain: 'system:config', head: GENESIS }, event, 1_795_428_000_000);
    const lines = [
      { type: 'latchkey.audit.export', version: 1, exportedAt: '2026-11-23T10:00:00.000Z' },
      { type: 'head', chain: entry.chain, ...headOf(entry) },
      { type: 'entry', ...entry },
    ];
    writeFileSync(join(scratch, 'trail.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    writeFileSync(join(scratch, 'receipts.txt'), `${formatReceipt(receiptOf(entry))}\n`);
  };
});

describe('the documentation names only what there is', () => {
  const scriptsIn = (page: string): string[] => [
    ...[...page.matchAll(/\bnpm run ([a-z][a-z:-]*)/g)].map(([, script = '']) => script),
    ...(/\bnpm test\b/.test(page) ? ['test'] : []),
  ];

  test('scripts', () => {
    const named = new Set(PAGES.flatMap((page) => scriptsIn(read(page))));
    assert.deepEqual([...named].filter((script) => !(script in PACKAGE.scripts)).sort(), []);
    assert.ok(named.size >= 6);
  });

  /** Back-ticked paths: with a folder of ours before them, or files of kinds that we have. Globs are paths too. */
  const PATH = /^(?:[\w.@*-]+\/)+[\w.*-]*$|^[\w-]+\.(?:ts|md|yaml|sql|svg|cedar|py|json)$/;
  /** Pages shorten what is inside `lambdas/`, and name files of `config/` as people do. */
  const BASES = ['.', 'lambdas', 'config', 'config/policies', 'docs'];
  /** Not files of this repository. */
  const ELSEWHERE =
    /^(?:node_modules|cdk\.out|\.latchkey)\/|^(?:application|text)\/|^chain\/seq\/hash$|^@|^config\.json$|^index\.cjs$|^ca\.pem$/;
  const pathsIn = (page: string): string[] =>
    [...page.matchAll(/`([^`\s]+)`/g)]
      .map(([, word = '']) => word)
      .filter((word) => PATH.test(word) && !ELSEWHERE.test(word));
  const exists = (path: string): boolean => BASES.some((base) => globSync(join(base, path)).length > 0);

  test('paths', () => {
    const missing = PAGES.flatMap((page) =>
      pathsIn(read(page))
        .filter((path) => !exists(path) && !globSync(join(dirname(page), path)).length)
        .map((path) => `${page}: ${path}`),
    );
    assert.deepEqual(missing, []);
    assert.ok(PAGES.flatMap((page) => pathsIn(read(page))).length > 100);
    assert.ok(!exists('lambdas/core/no-such-file.ts'));
  });

  const linksIn = (page: string): string[] =>
    [...page.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^https?:/.test(link));
  /** As GitHub makes them of headings. */
  const anchorsIn = (page: string): string[] =>
    [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
  /** Pages that a command of ours writes: there as soon as it has run. */
  const WRITTEN: Readonly<Record<string, string>> = { 'docs/benchmarks.md': 'bench' };
  const isDead = (from: string, link: string): boolean => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? from : normalize(join(dirname(from), path));
    const writer = WRITTEN[target];
    if (writer !== undefined && writer in PACKAGE.scripts) return false;
    return !existsSync(target) || (anchor !== undefined && !anchorsIn(read(target)).includes(anchor));
  };

  test('links, and the headings they lead to', () => {
    const links = PAGES.flatMap((page) => linksIn(read(page)).map((link) => ({ page, link })));
    assert.deepEqual(
      links.filter(({ page, link }) => isDead(page, link)),
      [],
    );
    assert.ok(links.length > 15);
    assert.ok(isDead('README.md', 'docs/nothing.md') && isDead('README.md', 'SECURITY.md#nothing'));
  });
});

describe('what is said twice is said once', () => {
  test('the five policies of the README are those whose examples are asked', () => {
    const five = (page: string) => fences(page, 'cedar');
    const asked = five(section(read('docs/policy.md'), 'Five sentences'));
    assert.equal(asked.length, 5);
    assert.deepEqual(five(section(README, 'Five policies')), asked);
  });

  test('the line to change, and what is then said, are those of the page that a test follows', () => {
    const page = section(read('docs/policy.md'), 'See it denied');
    const here = section(README, 'Change a line, see it denied');
    assert.deepEqual(fences(here, 'diff'), fences(page, 'diff'));
    assert.deepEqual(fences(here, 'text').sort(), fences(page, 'text').sort());
    assert.equal(fences(here, 'diff').length + fences(here, 'text').length, 3);
  });

  test('every setting of cdk.json is in the table of the README', () => {
    const table = firstColumn(section(README, 'Deploy'));
    const keys = settingsIn(readJson('cdk.json').context.latchkey);
    assert.ok(keys.length > 15);
    assert.deepEqual(
      keys.filter((key) => !table.some((said) => said === key || said.startsWith(`${key}.`))),
      [],
    );
  });

  const settingsIn = (value: object, path = ''): string[] =>
    Object.entries(value).flatMap(([key, inner]) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.keys(inner).length > 0
        ? settingsIn(inner, `${path}${key}.`)
        : [`${path}${key}`],
    );
});

describe('docs/storage.md', () => {
  const page = read('docs/storage.md');

  /** `type` → its other fields, of each member of the union. */
  const eventsOfCode = (): Record<string, string[]> => {
    const union = read('lambdas/core/audit/event.ts')
      .split('export type AuditFact =')[1]
      ?.split('export type')[0];
    const members = (union ?? '').split(/readonly type: '/).slice(1);
    return Object.fromEntries(
      members.map((member) => [
        member.slice(0, member.indexOf("'")),
        [...member.matchAll(/readonly (\w+):/g)].map(([, field = '']) => field).sort(),
      ]),
    );
  };

  const eventsOfPage = (): Record<string, string[]> =>
    Object.fromEntries(
      [...section(page, 'Events').matchAll(/^\| `(\w+\.\w+)` \|[^|]*\|([^|]*)\|$/gm)].map(
        ([, type, fields]) => [
          type ?? '',
          [...(fields ?? '').matchAll(/`(\w+)`/g)].map(([, field = '']) => field).sort(),
        ],
      ),
    );

  test('lists every type of event with its fields, and no other', () => {
    const events = eventsOfCode();
    assert.ok(Object.keys(events).length >= 15);
    assert.ok(events['credential.issued']?.includes('fingerprint'));
    assert.deepEqual(eventsOfPage(), events);
  });

  test('names the shards of a day, and what a target is', () => {
    for (const subject of ['requests', 'orphans'])
      assert.match(page, new RegExp(`system:${subject}:<day>:<0-${SYSTEM_CHAIN_SHARDS_COUNT - 1}>`));
    const [, fields = ''] = /`target` is `\{(.*?)\}`/.exec(page) ?? [];
    assert.deepEqual(fields.split(', ').sort(), Object.keys(auditTargetOf(RESOURCE, 'g_')).sort());
  });

  test('lists every kind of item, and no other', () => {
    const kinds = (text: string) =>
      [
        ...new Set(
          [...text.matchAll(/[`'](TASK|GRANT|RUN|BUDGET|WAIT|IDEMPOTENCY|CHAIN)#/g)].map(([, kind]) => kind),
        ),
      ].sort();
    const stored = read('lambdas/adapters/dynamo/items.ts');
    const prefixes = [...stored.matchAll(/text\([`']([A-Z]+)/g)].map(([, prefix = '']) => prefix);
    assert.ok(prefixes.length >= 6);
    for (const prefix of prefixes) assert.match(page, new RegExp(`\`${prefix}`), prefix);
    assert.deepEqual(kinds(section(page, 'Table `grants`')), kinds(stored));
  });
});

describe('docs/operations.md', () => {
  test('writes a containment register that is read as it is written, and not as one that stops everything', () => {
    const [, item = ''] = /put-item .*--item '([^']+)'/.exec(read('docs/operations.md')) ?? [];
    const { pk, sk, body } = JSON.parse(item);
    assert.deepEqual({ pk, sk }, CONTAINMENT_KEY);
    assert.equal(JSON.parse(body.S).everything, false);
    assert.deepEqual(readContainment({ body }), JSON.parse(body.S));
  });

  test('says what to do for each alarm, and for no other', () => {
    const alarms = ofType(sampleResources(), 'AWS::CloudWatch::Alarm').map(({ id }) =>
      id.replace(/^Alarms/, ''),
    );
    assert.ok(alarms.length > 10);
    const said = firstColumn(section(read('docs/operations.md'), 'Alarms, and what to do'));
    assert.deepEqual(said.sort(), alarms.sort());
  });
});

describe('docs/architecture.md', () => {
  test('has a row for each function', () => {
    const said = firstColumn(section(read('docs/architecture.md'), 'Functions, by what they may do'));
    assert.deepEqual(said.sort(), Object.keys(CONFIG_PARTS).sort());
  });
});

describe('docs/decisions.md', () => {
  test('gives a reason for every dependency', () => {
    const page = read('docs/decisions.md');
    const names = [PACKAGE.dependencies, PACKAGE.devDependencies, PACKAGE.optionalDependencies].flatMap(
      (list) => Object.keys(list),
    );
    assert.ok(names.length > 25);
    const isNamed = (name: string) => page.includes(`\`${name.replace(/^@types\/.*/, '@types/*')}\``);
    assert.deepEqual(
      names.filter((name) => !isNamed(name)),
      [],
    );
    assert.ok(!isNamed('left-pad'));
  });
});
