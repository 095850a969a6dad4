import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { prepareVenv, type VenvWish } from '../../bin/prepare-venv.ts';

const root = mkdtempSync(join(tmpdir(), 'latchkey-prepare-venv-'));
after(() => rmSync(root, { recursive: true }));

/**
 * Stands in for a Python that is fit: notes how it was called, and makes an environment of which it is the Python,
 * whose pip answers as the script says.
 */
const fakePython = (
  name: string,
  pip: string,
): { python: string; directory: string; calls: () => string[] } => {
  const [python, directory, log] = ['python', 'environment', 'log'].map((part) =>
    join(root, `${name}-${part}`),
  );
  if (!python || !directory || !log) throw new TypeError('three parts');
  writeFileSync(log, '');
  writeFileSync(
    python,
    `#!/bin/sh
echo "$*" >> '${log}'
case "$*" in
  *venv\\ --clear*) rm -rf '${directory}'; mkdir -p '${directory}/bin'; cp "$0" '${directory}/bin/python' ;;
  *pip\\ install*) ${pip} ;;
esac
`,
    { mode: 0o755 },
  );
  const calls = () => readFileSync(log, 'utf8').trimEnd().split('\n');
  return { python, directory, calls };
};

let requirements = '';
beforeEach(() => {
  requirements = join(mkdtempSync(join(root, 'asked-')), 'requirements.txt');
  writeFileSync(requirements, 'something==1.0.0\n');
});

const prepare = (
  { python, directory }: { python: string; directory: string },
  over: Partial<VenvWish> = {},
) =>
  prepareVenv({
    dir: directory,
    requirements,
    what: 'Something',
    size: 'a little',
    onProgress: () => undefined,
    pythons: ['no-such-python', python],
    ...over,
  });

test('the environment is made once, with the first Python that is fit', async () => {
  const fake = fakePython('good', 'exit 0');
  assert.equal(await prepare(fake), join(fake.directory, 'bin/python'));
  const made = fake.calls();
  assert.equal(made.length, 3);
  assert.match(made[2] ?? '', /-m pip install .*--requirement .*requirements\.txt$/);
  await prepare(fake);
  assert.deepEqual(fake.calls(), made);
});

for (const [what, change] of [
  ['its requirements have changed', () => writeFileSync(requirements, 'something==2.0.0\n')],
  [
    'its constraints have changed',
    () => writeFileSync(join(requirements, '../constraints.txt'), 'x==1.0.0\n'),
  ],
  ['it was not finished', (directory: string) => rmSync(join(directory, 'installed'))],
] as const)
  test(`the environment is made again when ${what}`, async () => {
    const fake = fakePython(what.replaceAll(' ', '-'), 'exit 0');
    await prepare(fake);
    change(fake.directory);
    await prepare(fake);
    assert.equal(fake.calls().length, 6);
  });

test('without a fit Python it says which one is needed', async () => {
  const unfit = prepare({ python: 'false', directory: join(root, 'none') });
  await assert.rejects(unfit, {
    name: 'Mistakes',
    message: /^Python: Something needs Python 3\.11, 3\.12 or 3\.13 with venv.*no-such-python, false/,
  });
});

test('an installation that failed is told with what pip said, and tried again the next time', async () => {
  const fake = fakePython('offline', 'echo "Could not fetch URL" >&2; exit 1');
  const failed = {
    name: 'Mistakes',
    message: /^PyPI: Something could not be installed.*\nCould not fetch URL$/,
  };
  await assert.rejects(prepare(fake), failed);
  await assert.rejects(prepare(fake), failed);
});
