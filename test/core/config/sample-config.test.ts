import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { compileIssuers } from '../../../lambdas/core/config/issuers-file.ts';
import { compilePrincipals } from '../../../lambdas/core/config/principals-file.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;
const SAMPLES = globSync('docs/issuers/*.yaml', { cwd: ROOT }).sort();

const compileBoth = (issuersFile: unknown, principalsFile: unknown) => {
  const issuers = compileIssuers(issuersFile);
  assert.ok(issuers.ok, JSON.stringify(issuers));
  const principals = compilePrincipals(principalsFile, issuers.value);
  assert.ok(principals.ok, JSON.stringify(principals));
  return { issuers: issuers.value, principals: principals.value };
};

const read = (path: string): Record<string, unknown> => parse(readFileSync(`${ROOT}${path}`, 'utf8'));

test('the sample configuration compiles, and every agent in it has an owner, every person a subject', () => {
  const { principals } = compileBoth(read('config/issuers.yaml'), read('config/principals.yaml'));
  assert.deepEqual(
    principals.map(({ name, subject, groups }) => [name, subject, groups]),
    [
      ['sales-analyst', 'sales-crew', ['data-crew']],
      ['support-triage', 'other-crew', ['support-crew']],
      ['dana.reyes', 'dana.reyes', []],
      ['ana.silva', 'ana.silva', ['database-admins']],
      ['jonas.weber', 'jonas.weber', ['database-admins', 'finance']],
    ],
  );
  assert.ok(principals.every(({ type, owners }) => type === 'human' || owners.length > 0));
  assert.deepEqual(
    principals.flatMap(({ slack }) => (slack ? [slack] : [])),
    [
      { team: 'T0123ABCD', user: 'U0123ANA' },
      { team: 'T0123ABCD', user: 'U0123JONAS' },
    ],
  );
});

test('there is a sample for each kind of issuer that the documentation promises', () => {
  const documented =
    readFileSync(`${ROOT}docs/issuers/README.md`, 'utf8').match(/(?<=^\| `)[\w-]+\.yaml/gm) ?? [];
  assert.deepEqual(documented.map((name) => `docs/issuers/${name}`).sort(), SAMPLES);
});

for (const path of SAMPLES) {
  test(`${path} compiles, and its principals belong to its issuers`, () => {
    const { issuers, principals, ...rest } = read(path);
    assert.deepEqual(rest, {});
    assert.ok(compileBoth({ issuers }, { principals }).principals.length > 0);
  });
}
