import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detect } from '../../../lambdas/core/masking/detectors.ts';
import type { DetectedCategory } from '../../../lambdas/core/masking/mask.ts';
import { DETECTED_CATEGORIES } from '../../../lambdas/core/masking/mask.ts';

/** The part of each text between the marks is what must be found, no less and no more. */
const POSITIVE: Readonly<Record<DetectedCategory, readonly string[]>> = {
  card: [
    '«4111111111111111»',
    'card «4111 1111 1111 1111» exp 12 26',
    'no. «4111-1111-1111-1111», thanks',
    '«5500.0055.5555.5559»',
    '«3782 822463 10005»',
    '«4111\u00a01111\u00a01111\u00a01111»',
    '«４１１１１１１１１１１１１１１１»',
    'x «4111\u200b1111\u00ad11111111» y',
    '«٤١١١١١١١١١١١١١١١»',
    '«4111\u20131111\u20131111\u20131111»',
    '«6011000990139424»',
    '«30569309025904»',
    '«2223003122003222»',
    '{"pan":"«4111111111111111»"}',
  ],
  iban: [
    '«DE89370400440532013000»',
    'to «DE89 3704 0044 0532 0130 00».',
    '«gb82west12345698765432»',
    '«FR14 2004 1010 0505 0001 3M02 606»',
    '«NO9386011117947»',
  ],
  ssn: [
    '«123-45-6789»',
    '«123 45 6789»',
    'ssn: «123456789»',
    '{"social_security":"«123456789»"}',
    '«078-05-1120»',
  ],
  email: [
    '«a.b+c@example.co.uk»',
    'mail <«jö@exämple.de»>',
    '«A@EXAMPLE.COM», or',
    'mailto:«a@b.io»',
    '«a＠example.com»',
  ],
  phone: [
    '«+49 30 1234567»',
    '«+14155550132»',
    '«(415) 555-0132»',
    '«415-555-0132»',
    '«415.555.0132»',
    '«06 12 34 56 78»',
    '«020 7946 0958»',
    'phone: «4155550132»',
  ],
  ip: [
    '«10.0.0.1»',
    'from «192.168.1.254».',
    '«::1»',
    '«2001:db8::1»',
    '«fe80::1ff:fe23:4567:890a»',
    '«::ffff:10.0.0.1»',
    '«1:2:3:4:5:6:7:8»',
    '«10.0.0.0»/8',
  ],
  key: [
    '«AKIAIOSFODNN7EXAMPLE»',
    'aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»',
    `«ghp_${'a1B2'.repeat(9)}»`,
    `«github_pat_${'a1B2_'.repeat(8)}»`,
    `«${'xoxb'}-123456789012-abcdefABCDEF»`,
    `«${'sk'}_live_abcdefghijklmnop»`,
    `«AIza${'a1B2-'.repeat(7)}»`,
    'psql postgres://«bob:hunter22@»db/x',
    'password=«hunter22»',
    '"password": "«correct horse»"',
  ],
  jwt: ['«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln»', 'Bearer «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln»'],
  pem: [
    'a «-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----» b',
    'x «-----BEGIN RSA PRIVATE KEY-----\nMIIEow»',
  ],
};

for (const category of DETECTED_CATEGORIES) {
  test(`what is a ${category} is found, exactly`, () => {
    for (const marked of POSITIVE[category]) {
      const [before = '', inside = ''] = marked.split(/[«»]/);
      const found = detect(marked.replace(/[«»]/g, ''));
      const end = before.length + inside.length;
      const isIt = found.some(
        (detection) =>
          detection.category === category &&
          detection.start === before.length &&
          Math.abs(detection.end - end) <= 1,
      );
      assert.ok(isIt, `${marked} ${JSON.stringify(found)}`);
    }
  });
}

test('what is written in base64, hexadecimal, URL or JSON escapes is found, and the whole run is taken', () => {
  for (const secret of [
    '4111111111111111',
    'somebody@example.com',
    '123-45-6789',
    'DE89370400440532013000',
  ]) {
    const bytes = Buffer.from(secret);
    const escaped = [...secret].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    const runs = [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
      escaped,
    ];
    for (const run of runs) {
      const [found] = detect(`before ${run} after`);
      assert.ok(found && found.start <= 7 && found.end >= 7 + run.replace(/=+$/, '').length, run);
    }
  }
});

const NEGATIVE: readonly string[] = [
  ...[
    '4111111111111112',
    '1234567890123456',
    '9111111111111111',
    '411111111111',
    '1700000000000',
    '1700000000000000',
  ],
  ...['DE89370400440532013001', 'DE8937040044053201300', 'XX89370400440532013000', 'SELECT12 from'],
  ...['000-12-3456', '666-12-3456', '900-12-3456', '123-00-4567', '123-45-0000', '123456789', '123-456-789'],
  ...['user@localhost', '@scope/package', 'a @ b', 'x@', '50% @ 3.5'],
  ...[
    '2024-01-01',
    '2024-01-01 10:20:30.123456+00',
    '2024-01-01T10:20:30Z',
    '01-02-2024',
    '20240101',
    '10:20:30',
  ],
  ...['12345', '99.90', '1,234.56', '-52.520008, 13.404954', '3.141592653589793', '1e10', '100 200 300'],
  ...[
    '1.2.3',
    'v1.2.3.4',
    '1.2.3-beta.4',
    '256.1.1.1',
    '1.2.3.4.5',
    'a::text',
    'std::string',
    '00:1a:2b:3c:4d:5e',
  ],
  ...['550e8400-e29b-41d4-a716-446655440000', '12345678-1234-1234-1234-123456789012'],
  ...['d41d8cd98f00b204e9800998ecf8427e', 'a'.repeat(64), '0'.repeat(40), '5d41402abc4b2a76b9719d911017c592'],
  ...[
    'INV-2024-0012-7788',
    'PO 4500012345',
    'SKU-0012-3456-7',
    'order 20240101-000123',
    'ISBN 978-3-16-148410-0',
  ],
  ...[
    'eyJub3QiOiJhIGp3dCJ9',
    'eyJ.eyJ.x',
    '-----',
    '---- BEGIN ----',
    'AKIA',
    'the password was reset',
    'token',
  ],
  ...[
    'internationalization',
    'https://example.com/a/b/c?x=1&y=2',
    '/usr/local/lib/node',
    'C:\\new\\table',
    '100%',
    '%d items',
  ],
  ...[
    'SELECT count(*) FROM orders WHERE id = 12345',
    'Seq Scan on orders  (cost=0.00..35.50 rows=2550 width=4)',
  ],
];

test('what only looks like one is left alone', () => {
  for (const text of NEGATIVE) assert.deepEqual(detect(text), [], text);
});

test('a category that policy unmasks is not looked for, and does not hide what it overlaps', () => {
  const text = 'postgres://bob:hunter22@db.example.com';
  assert.deepEqual(detect('a@example.com', new Set(['email'])), []);
  assert.equal(detect(text, new Set(['email']))[0]?.category, 'key');
  assert.equal(detect(text, new Set(['key']))[0]?.category, 'email');
});

/** A quarter of a mebibyte of what makes patterns try again and again. */
const LENGTH = 256 * 1024;
const LIMIT_MS = 1_000;

test('no text takes longer than its length', () => {
  const units = [
    'a',
    '@',
    'a@',
    'a.',
    '1',
    '1 ',
    '41 ',
    '4111 ',
    '0-',
    '+1 ',
    ':',
    'a:',
    'eyJ',
    'eyJaaaaa.',
    'ssn ',
  ];
  units.push(
    '-----BEGIN ',
    '-----END ',
    '%41',
    '\\n',
    '\\',
    '://a:',
    'password=',
    'DE89',
    '1.',
    '(123',
    '"',
    '４',
  );
  units.push('\u200b', '\ufdfa', `${'a'.repeat(200)}%`, `${'a'.repeat(15)}\n`, 'secretA1/'.repeat(6), '3431');
  for (const unit of units) {
    const started = performance.now();
    detect(unit.repeat(LENGTH / unit.length));
    assert.ok(performance.now() - started < LIMIT_MS, unit);
  }
});
