import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const README = readFileSync('README.md', 'utf8');
const linesOf = (title: string): string[] => {
  const block = README.split(`## ${title}`)[1]?.match(/```sh\n(curl .*?)\n```/s)?.[1] ?? '';
  return block.split('\n');
};

test('the two commands of the README are what the pipeline runs', () => {
  const pipeline = readFileSync('.ci/run', 'utf8');
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) {
    assert.ok(README.includes(`\`\`\`sh\n${command}\n\`\`\``), command);
    for (const part of command.split(' && ')) assert.ok(pipeline.includes(part), part);
  }
});

/** Listens on the ports that `npm run dev` always takes, so it cannot run beside another one. */
describe('npm run dev, tried by hand as the README says', () => {
  const START_MS = 60_000;
  const PORTS = [8787, 8788, 8789];
  let dev: ChildProcess;
  let said = '';

  before(async () => {
    dev = spawn(process.execPath, ['bin/dev.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
    dev.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    for (const until = Date.now() + START_MS; !said.includes('Ctrl-C stops everything'); await pause(50))
      assert.ok(Date.now() < until && dev.exitCode === null, `it did not start:\n${said}`);
  });

  after(() => dev.kill('SIGKILL'));

  /** A line of the README in a shell, after the command that `npm run dev` printed for getting a token. */
  const shell = async (line: string, variables: Readonly<Record<string, string>> = {}): Promise<string> => {
    const token = /export TOKEN=\$\(.*?\n.*?\)\n/s.exec(said)?.[0] ?? '';
    const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...variables };
    return (await run('bash', ['-c', `${token}${line}`], { env })).stdout;
  };

  test('every call does what is said of it', async () => {
    const lines = linesOf('Try it by hand');
    const [resources = '', task = '', grant = '', login = '', reading = '', run = '', end = ''] = lines;
    assert.match(await shell(resources), /"orders-db"/);
    const TASK = JSON.parse(await shell(task)).id;
    const granted = JSON.parse(await shell(grant, { TASK }));
    assert.equal(granted.state, 'active');
    const GRANT = granted.id;
    const environment = await shell(login.replace(/&& psql$/, '&& env && cat "$PGSSLROOTCERT"'), { GRANT });
    assert.match(environment, /^PGUSER=lk_/m);
    assert.match(environment, /^PGSSLMODE=verify-full$/m);
    assert.match(environment, /BEGIN CERTIFICATE/);
    const READING = JSON.parse(await shell(reading, { TASK })).id;
    const { state, rows } = JSON.parse(await shell(run, { READING }));
    assert.deepEqual([state, rows.length], ['succeeded', 3]);
    for (const [name, email] of rows) {
      assert.match(name, /^Customer \d+$/);
      assert.match(email, /^\[masked:email tk_[0-9a-f]+\]$/);
    }
    const ended = JSON.parse(await shell(end, { TASK }));
    assert.deepEqual([ended.state, ended.grants[0].ending.status], ['ended', 'dead']);
  });

  test('Ctrl-C leaves nothing running', async () => {
    dev.kill('SIGINT');
    const [code] = await once(dev, 'exit');
    assert.equal(code, 0);
    for (const port of PORTS) {
      const socket = connect({ port, host: '127.0.0.1' });
      const [error] = await once(socket, 'error');
      assert.equal(error.code, 'ECONNREFUSED');
    }
  });
});
