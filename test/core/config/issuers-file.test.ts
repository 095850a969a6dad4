import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileIssuers } from '../../../lambdas/core/config/issuers-file.ts';

const SECTION = {
  issuer: 'https://id.example.com',
  jwksUri: 'https://id.example.com/jwks',
  algorithms: ['ES256'],
  types: ['at+jwt'],
  audiences: ['urn:latchkey'],
  maxLifetimeSeconds: 3_600,
  defaultType: 'workload',
};

const compiled = (change: object = {}) => {
  const result = compileIssuers({ issuers: [{ ...SECTION, ...change }] });
  assert.ok(result.ok, JSON.stringify(result));
  return result.value[0];
};

/** The one mistake that a change makes, as `path: message`. */
const mistake = (change: object): string => {
  const result = compileIssuers({ issuers: [{ ...SECTION, ...change }] });
  assert.ok(!result.ok, `accepted ${JSON.stringify(change)}`);
  assert.equal(result.errors.length, 1, JSON.stringify(result.errors));
  return result.errors.map(({ path, message }) => `${path}: ${message}`).join();
};

test('what is left out is the closed choice', () => {
  assert.deepEqual(compiled(), {
    ...SECTION,
    clientIds: [],
    requiredClaims: {},
    groupsClaim: undefined,
    groupsRequired: false,
    believesActor: false,
  });
});

test('types are kept in lower case, without application/, each once', () => {
  assert.deepEqual(compiled({ types: ['JWT', 'application/at+jwt', 'at+jwt', 'absent'] })?.types, [
    'jwt',
    'at+jwt',
    'absent',
  ]);
});

test('a groups claim is a name or a path of names', () => {
  assert.deepEqual(compiled({ groups: { claim: 'cognito:groups', required: true } })?.groupsClaim, [
    'cognito:groups',
  ]);
  const nested = compiled({ groups: { claim: ['realm_access', 'roles'], required: false } });
  assert.deepEqual([nested?.groupsClaim, nested?.groupsRequired], [['realm_access', 'roles'], false]);
});

test('addresses are https and plain, and an issuer is kept to the character', () => {
  assert.equal(compiled({ issuer: 'https://ID.example.com/' })?.issuer, 'https://ID.example.com/');
  for (const url of [
    'http://id.example.com',
    'HTTPS://id.example.com',
    'https://user:pass@id.example.com',
    'https://id.example.com/?a=b',
    'https://id.example.com/#a',
    'https://id.example.com/ ',
    'https://ïd.example.com',
    'file:///etc/passwd',
    'id.example.com',
    '',
  ]) {
    assert.match(mistake({ issuer: url }), /^issuers\[0\]\.issuer: "issuer" must be an https:\/\/ URL/);
    assert.match(mistake({ jwksUri: url }), /^issuers\[0\]\.jwksUri: "jwksUri" must be an https:\/\/ URL/);
  }
});

test('only asymmetric algorithms can be listed, and at least one', () => {
  for (const algorithm of ['none', 'HS256', 'PS256', 'EdDSA']) {
    assert.match(
      mistake({ algorithms: [algorithm] }),
      /^issuers\[0\]\.algorithms\[0\]: "algorithms" must be one of: RS256/,
    );
  }
  assert.equal(mistake({ algorithms: [] }), 'issuers[0].algorithms: "algorithms" must list at least 1.');
});

test('types of other kinds of token cannot be listed', () => {
  for (const type of ['logout+jwt', 'dpop+jwt', '*']) assert.match(mistake({ types: [type] }), /types\[0\]/);
});

test('each mistake is told with its key and its mend', () => {
  assert.equal(
    mistake({ audience: 'x' }),
    'issuers[0].audience: "audience" is not a key here: remove it or mend its spelling.',
  );
  assert.equal(mistake({ jwksUri: undefined }), 'issuers[0].jwksUri: "jwksUri" is missing: add it.');
  assert.equal(mistake({ audiences: 'urn:latchkey' }), 'issuers[0].audiences: "audiences" must be a list.');
  assert.equal(
    mistake({ audiences: [1] }),
    'issuers[0].audiences[0]: "audiences" must be text: put it in quotes.',
  );
  assert.equal(
    mistake({ maxLifetimeSeconds: 43_201 }),
    'issuers[0].maxLifetimeSeconds: "maxLifetimeSeconds" must be at most 43200.',
  );
  assert.equal(
    mistake({ believesActor: 'yes' }),
    'issuers[0].believesActor: "believesActor" must be a boolean.',
  );
  assert.match(mistake({ groups: { claim: 3, required: true } }), /"claim" must be the name of a claim/);
  assert.equal(
    mistake({ groups: { claim: 'groups' } }),
    'issuers[0].groups.required: "required" is missing: add it.',
  );
  assert.equal(
    mistake({ requiredClaims: { a: true } }),
    'issuers[0].requiredClaims.a: "a" must be text: put it in quotes.',
  );
});

test('an issuer without an audience is refused, whatever else it names', () => {
  assert.match(mistake({ audiences: [] }), /^issuers\[0\]\.audiences: "audiences" is missing/);
  assert.match(mistake({ audiences: undefined }), /^issuers\[0\]\.audiences: "audiences" is missing/);
});

test('client ids stand for the audience only with access tokens and alone', () => {
  const clientIds = ['client-1'];
  const requiredClaims = { token_use: 'access' };
  assert.deepEqual(compiled({ audiences: [], clientIds, requiredClaims })?.clientIds, clientIds);
  assert.match(mistake({ clientIds, requiredClaims }), /remove one of the two/);
  assert.match(mistake({ audiences: [], clientIds }), /token_use: access/);
  assert.match(
    mistake({ audiences: [], clientIds, requiredClaims: { token_use: 'id' } }),
    /token_use: access/,
  );
});

test('an issuer stands there once', () => {
  const result = compileIssuers({ issuers: [SECTION, SECTION] });
  assert.deepEqual(result, {
    ok: false,
    errors: [
      { path: 'issuers[1].issuer', message: '"issuer" is in this file already: merge the two entries.' },
    ],
  });
});

test('every mistake of a file is told at once', () => {
  const result = compileIssuers({ issuers: [{ ...SECTION, issuer: 'x', types: [] }, {}], more: 1 });
  assert.ok(!result.ok && result.errors.length >= 9, JSON.stringify(result));
});

test('a file that is empty, a list or text is refused with where to begin', () => {
  for (const parsed of [null, undefined, [], 'issuers', {}, { issuers: [] }, { issuers: null }]) {
    assert.equal(compileIssuers(parsed).ok, false, JSON.stringify(parsed));
  }
  assert.deepEqual(compileIssuers(null), {
    ok: false,
    errors: [{ path: '', message: 'The file must be a block of keys and values.' }],
  });
});
