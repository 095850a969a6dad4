import type { ServerChannel, Session } from 'ssh2';

export interface SshSessionFacts {
  readonly osUser: string;
  readonly instanceId: string;
}

/**
 * What can be done in a session of the sample machine: next to nothing, since it would be done on whatever machine this
 * runs on. Anything else is not found, as by a shell.
 */
const answerTo = (command: string, { osUser, instanceId }: SshSessionFacts): string | undefined => {
  const [name = '', ...words] = command.trim().split(/\s+/);
  if (name === 'whoami') return osUser;
  if (name === 'hostname') return instanceId;
  if (name === 'echo') return words.join(' ');
  return name === 'ls' ? 'nightly-report.sh' : undefined;
};

/** `cat` answers with what it is sent until it is told to end, as the real one does: a session that stays open. */
export const serveSshSession = (session: Session, facts: SshSessionFacts): void => {
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    if (command.trim() === 'cat') return void channel.on('data', (data: Buffer) => channel.write(data));
    const answer = answerTo(command, facts);
    if (answer === undefined) channel.stderr.write(`sh: ${command.split(/\s/)[0]}: not found\n`);
    else channel.write(`${answer}\n`);
    finish(channel, answer === undefined ? 127 : 0);
  });
};

const finish = (channel: ServerChannel, status: number): void => {
  channel.exit(status);
  channel.end();
};
