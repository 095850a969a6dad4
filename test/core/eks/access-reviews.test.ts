import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rightsToAskAbout } from '../../../lambdas/core/eks/access-reviews.ts';
import type { Rule } from '../../../lambdas/core/eks/kubernetes-objects.ts';

const rule = (change: Partial<Rule> = {}): Rule => ({
  apiGroups: [''],
  resources: ['pods'],
  verbs: ['get'],
  resourceNames: [],
  nonResourceURLs: [],
  ...change,
});

const texts = (rules: readonly Rule[]): string[] =>
  rightsToAskAbout(rules).map(({ verb, group, resource, subresource, name }) =>
    [verb, group, resource, subresource, name ?? ''].join(' '),
  );

test('every right of a role is asked about, by verb, resource and name', () => {
  const asked = texts([
    rule({ apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['get', 'patch'] }),
    rule({ resources: ['configmaps'], resourceNames: ['one', 'two'] }),
  ]);
  for (const right of [
    'get apps deployments  ',
    'patch apps deployments  ',
    'get apps deployments scale ',
    'patch apps deployments scale ',
    'get  configmaps  one',
    'get  configmaps  two',
  ])
    assert.ok(asked.includes(right), right);
});

test('a role that gives nothing any more still leaves something to ask about', () => {
  assert.ok(texts([]).length > 0);
});

test('what is asked has a bound, and no rule is left out by another that is long', () => {
  const long = rule({ resources: Array.from({ length: 100 }, (_, at) => `r${at}`), verbs: ['get', 'list'] });
  const asked = texts([long, rule({ resources: ['last'] })]);
  assert.equal(asked.length, 60);
  assert.ok(asked.includes('get  last  '));
  assert.equal(new Set(asked).size, asked.length);
});
