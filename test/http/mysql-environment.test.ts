import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { Credential } from '../../lambdas/app/credential.ts';
import { credentialEnvironment } from '../../lambdas/http/credential-views.ts';

const CREDENTIAL: Credential = {
  id: 'c_1',
  grantId: 'g_1',
  expiresAt: 0,
  kind: 'mysql',
  host: 'localhost',
  port: 3306,
  database: 'stock',
  user: 'lk_1',
  password: "it's $(a) secret",
  caPem: 'the authority\n',
  clearText: false,
};

test('a shell that evaluates it has an options file that leads over proven TLS to that server, and the password beside it', () => {
  const script = `${credentialEnvironment(CREDENTIAL)}
stat -c %a "$MYSQL_OPTIONS" "$MYSQL_CA"; cat "$MYSQL_CA"; printf '%s\\n' "$MYSQL_PWD"
sed "s#$MYSQL_CA#<ca>#" "$MYSQL_OPTIONS"; rm "$MYSQL_OPTIONS" "$MYSQL_CA"`;
  const lines = execFileSync('sh', ['-eu'], { input: script, encoding: 'utf8' }).trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 4), ['600', '600', 'the authority', "it's $(a) secret"]);
  assert.deepEqual(lines.slice(4), [
    '[mysql]',
    'database=stock',
    '[client]',
    'host=localhost',
    // Clients take the name for a socket of this machine otherwise.
    'protocol=TCP',
    'port=3306',
    'user=lk_1',
    'loose-ssl-mode=VERIFY_IDENTITY',
    'loose-ssl-verify-server-cert',
    'ssl-ca=<ca>',
  ]);
});
