import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newSshKeyPair } from '../../examples/targets/ssh-key-pair.ts';
import type { CloseReport } from '../../lambdas/app/ports-of-targets.ts';
import { documentedSetup, type SshScene, startSshScene } from './ssh-scene.ts';

const stepsOf = ({ steps }: CloseReport) => steps.map(({ name, outcome }) => `${name}:${outcome}`);
const DENIED = /Permission denied \(publickey\)/;

for (const kind of ['systemd', 'bare'] as const)
  describe(`a real sshd, ${kind}`, () => {
    let scene: SshScene;
    before(async () => {
      scene = await startSshScene(kind);
    });
    after(() => scene?.stop());
    const reload = () =>
      scene.machine.asRoot(kind === 'systemd' ? 'systemctl reload ssh' : 'kill -HUP 1 && sleep 0.5');
    const isDead = async (report: Promise<CloseReport>, ...steps: string[]) => {
      const { dead, error, ...rest } = await report;
      assert.deepEqual([dead, error], [true, undefined]);
      const said = stepsOf({ dead, error, ...rest });
      for (const step of steps) assert.ok(said.includes(step), said.join(' '));
      assert.deepEqual(await scene.running(), []);
    };

    test('takes no part before it is set up, nor before sshd has read how', async () => {
      assert.equal(await scene.lack(), 'refuse_keys:no_such_user');
      await scene.machine.asRoot('useradd --create-home agent');
      assert.equal(await scene.lack(), 'refuse_keys:no_file');
      await scene.machine.asRoot('userdel --remove agent 2>/dev/null');
      await scene.machine.asRoot(documentedSetup());
      assert.equal(await scene.lack(), 'refuse_keys:not_in_force');
      // What the user writes is no word of sshd's, where the log can tell them apart.
      await scene.machine.asRoot(`print=$(ssh-keygen -l -f /run/latchkey-ssh/probe.pub | cut -d ' ' -f 2)
        (for _ in $(seq 60); do setpriv --reuid agent --clear-groups logger -t 'sshd[1]' \
          "Authentication key ED25519 $print revoked by file /etc/ssh/latchkey_revoked_keys"; sleep 0.1; done) >/dev/null 2>&1 &`);
      if (kind === 'systemd') assert.equal(await scene.lack(), 'refuse_keys:not_in_force');
      await reload();
      assert.equal(await scene.lack(), undefined);
    });

    test('lets a caller in as the user of the resource, who believes it by the pinned key alone', async () => {
      const login = await scene.letIn();
      assert.equal(await login.run('id -un'), 'agent\n');
      const { target } = scene.resource;
      const forged = { ...scene.resource, target: { ...target, hostKeys: [newSshKeyPair().publicKey] } };
      await assert.rejects((await scene.letIn(login.keys, forged)).run('id'), /Host key verification failed/);
      await isDead(scene.end(login), 'refuse_keys:in_force');
    });

    test('an end takes the session with everything that it left behind, and refuses the key while it is still offered', async () => {
      const login = await scene.letIn();
      const { closed } = await login.leave(`
        nohup sleep 3001 >/dev/null 2>&1 &
        setsid sleep 3002 >/dev/null 2>&1 &
        (setsid sh -c 'sleep 3003 & sleep 3004 &' >/dev/null 2>&1 &)
        (systemd-run --user sleep 3005 >/dev/null 2>&1 &)
        trap '' HUP TERM INT; cd /tmp; sleep 0.2; exec -a 'sshd: agent [priv]' sleep 3006`);
      assert.ok((await scene.running()).length >= 6);
      await isDead(scene.end(login), 'end_sessions:ended_1', 'other_ways:none');
      assert.equal(await closed, 255);
      await assert.rejects(login.run('id'), DENIED);
      await assert.rejects((await scene.letIn(login.keys)).run('id'), DENIED, 'pushed once more');
    });

    test('an end leaves another grant’s session as it is, also what it runs in the background', async () => {
      const [mine, others] = [await scene.letIn(), await scene.letIn()];
      await mine.leave(`trap '' HUP TERM INT; (setsid sh -c "sleep 3011 &" >/dev/null 2>&1 &); sleep 3012`);
      await others.leave('(setsid sh -c "sleep 3013 &" >/dev/null 2>&1 &); sleep 3014');
      const report = await scene.end(mine);
      assert.ok(report.dead, report.error);
      assert.ok(stepsOf(report).includes('end_sessions:ended_1'));
      const running = (await scene.running()).join('\n');
      assert.match(running, /sleep 3013/);
      assert.match(running, /sleep 3014/);
      assert.doesNotMatch(running, /sleep 301[12]/);
      assert.equal(await others.run('id -un'), 'agent\n');
      await isDead(scene.end(others));
    });

    test('an end takes every session of a key, and of every key of its grant', async () => {
      const logins = [await scene.letIn(), await scene.letIn()];
      for (const login of [...logins, ...logins]) await login.leave('sleep 3021');
      await isDead(scene.end(...logins), 'end_sessions:ended_4');
    });

    test('ends that come at once are each proved', async () => {
      const logins = await Promise.all(Array.from({ length: 10 }, () => scene.letIn()));
      for (const login of logins) await login.leave('sleep 3031');
      const reports = await Promise.all(logins.map((login) => scene.end(login)));
      assert.deepEqual(reports.map(({ error }) => error).filter(Boolean), []);
      assert.deepEqual(await scene.running(), []);
      for (const login of logins) await assert.rejects(login.run('id'), DENIED);
    });

    test('processes that start faster than they are ended are ended', async () => {
      const login = await scene.letIn();
      await login.leave('ulimit -u 300; bomb() { bomb & bomb & sleep 1; }; bomb 2>/dev/null; sleep 3041');
      await isDead(scene.end(login));
    });

    test('so are they beside another grant’s session, which may end with them', async () => {
      const [mine, others] = [await scene.letIn(), await scene.letIn()];
      await others.leave('sleep 3051');
      await mine.leave(
        'ulimit -u 300; bomb() { (setsid sh -c "sleep 0.05" &) ; bomb & bomb & }; bomb 2>/dev/null; sleep 3052',
      );
      const report = await scene.end(mine);
      assert.ok(report.dead, report.error);
      assert.doesNotMatch((await scene.running()).join('\n'), /3052|sleep 0\.05/);
      await isDead(scene.end(others));
    });

    test('what was to be started later is not', async () => {
      const login = await scene.letIn();
      await login.leave('sleep 3061');
      await scene.machine.asRoot(`
        mkdir -p /var/spool/cron/crontabs /var/lib/systemd/linger
        echo '* * * * * sleep 3062' >/var/spool/cron/crontabs/agent
        touch /var/lib/systemd/linger/agent`);
      await isDead(scene.end(login));
      const kept = 'ls /var/spool/cron/crontabs/agent /var/lib/systemd/linger/agent 2>/dev/null || true';
      assert.equal(await scene.machine.asRoot(kept), '');
    });

    test('a process that took a subordinate id, or belongs to no session at all, is not left', async () => {
      const login = await scene.letIn();
      await login.leave('sleep 3071');
      await scene.machine.asRoot(`
        first=$(sed -n 's/^agent:\\([0-9]*\\):.*/\\1/p' /etc/subuid)
        setsid setpriv --reuid "$((first + 5))" --clear-groups sleep 3072 >/dev/null 2>&1 &
        setsid setpriv --reuid agent --clear-groups sleep 3073 >/dev/null 2>&1 &
        sleep 0.2`);
      assert.match((await scene.running()).join('\n'), /307[23][\s\S]*307[23]/);
      await isDead(scene.end(login));
    });

    /** A line for each session that is open, which says that another key opened it. */
    const everySession = (say: string, other: string) =>
      scene.machine.asRoot(`
        printf '%s\\n' '${other}' >/srv/shared/other.pub
        print=$(ssh-keygen -l -f /srv/shared/other.pub | cut -d ' ' -f 2)
        for pid in $(pgrep -f '^sshd: agent \\[priv\\]'); do
          line="Accepted publickey for agent from 127.0.0.1 port 1 ssh2: ED25519 $print"
          ${say}
        done; sleep 0.3`);
    const AS_USER = 'setpriv --reuid agent --clear-groups logger -t "sshd[$pid]" "$line"';
    const YESTERDAY = 'echo "$(date -d yesterday +%FT%T%:z) host sshd[$pid]: $line" >>/var/log/auth.log';
    const LOSE = {
      systemd: 'sleep 1.1; journalctl --rotate; journalctl --vacuum-time=1s 2>/dev/null',
      bare: ': >/var/log/auth.log',
    };

    test('a session of which the log was lost is ended with any other, whatever else stands in the log', async () => {
      const [lost, mine, other] = [await scene.letIn(), await scene.letIn(), newSshKeyPair().publicKey];
      await lost.leave('sleep 3081');
      await scene.machine.asRoot(LOSE[kind]);
      // What a process of the same number logged the day before; and what anybody can write.
      await everySession(kind === 'bare' ? YESTERDAY : AS_USER, other);
      await mine.leave('sleep 3082');
      const known = await scene.letIn();
      await known.leave('sleep 3083');
      const report = await scene.end(mine);
      assert.ok(
        report.dead && stepsOf(report).includes('end_sessions:ended_1_unknown_1'),
        stepsOf(report).join(),
      );
      const running = (await scene.running()).join('\n');
      assert.match(running, /3083/);
      assert.doesNotMatch(running, /308[12]/);
      await isDead(scene.end(known));
    });

    test('nobody keeps a session by a line that they add to the log', async () => {
      const mine = await scene.letIn();
      await mine.leave('sleep 3091');
      await everySession(AS_USER, newSshKeyPair().publicKey);
      await isDead(scene.end(mine), 'end_sessions:ended_1');
    });

    test('nothing is called dead where a key, a password or root lets the user in again', async () => {
      const login = await scene.letIn();
      const change = (text: string) => scene.machine.asRoot(`${text}; sshd -t`);
      const file = '/etc/ssh/sshd_config.d/00-latchkey.conf';
      await change(
        `cp ${file} /root/kept; sed -i 's/AuthorizedKeysFile none/AuthorizedKeysFile .ssh\\/authorized_keys/' ${file}`,
      );
      assert.equal((await scene.end(login)).error, 'other_ways:authorized_keys');
      await change(`cp /root/kept ${file}; sed -i '/AuthenticationMethods/d' ${file}`);
      assert.equal((await scene.end(login)).error, 'other_ways:methods');
      await change(`cp /root/kept ${file}; chmod 666 /etc/ssh/latchkey_revoked_keys`);
      assert.equal((await scene.end(login)).error, 'refuse_keys:not_roots');
      await change('chmod 644 /etc/ssh/latchkey_revoked_keys; usermod -aG disk agent');
      assert.equal((await scene.end(login)).error, 'other_ways:root_rights');
      await change('gpasswd -d agent disk >/dev/null');
      await isDead(scene.end(login));
    });

    test('what was refused more than a day ago is forgotten, and lines of others are kept', async () => {
      const file = '/etc/ssh/latchkey_revoked_keys';
      const [old, theirs] = [newSshKeyPair().publicKey, `${newSshKeyPair().publicKey} left the company`];
      await scene.machine.asRoot(
        `printf '%s\\n' '${old} latchkey:'$(($(date +%s) - 90000)) '${theirs}' '# a comment' >>${file}`,
      );
      const login = await scene.letIn();
      await isDead(scene.end(login));
      const lines = await scene.machine.asRoot(`cat ${file}`);
      assert.ok(!lines.includes(old));
      for (const line of [theirs, '# a comment', `${login.keys.publicKey} latchkey:`])
        assert.ok(lines.includes(line), line);
    });
  });
