import { once } from 'node:events';
import type { Client } from 'ssh2';
import { newSshKeyPair, type SshKeyPair } from '../examples/targets/ssh-key-pair.ts';
import { executeBySsh, logInBySsh } from '../examples/targets/ssh-login.ts';
import type { ApiClient, Wire } from './api-client.ts';
import { expect } from './expect-status.ts';
import type { Narrator } from './narrator.ts';

export interface MachineScene {
  readonly crew: ApiClient;
  readonly task: string;
  readonly narrator: Narrator;
}

type Login = Wire['SshCredentialView']['ssh'];

/** A machine: a key of the crew's own that is let in for a minute, a login with it, and an end that takes the session along. */
export const tellMachine = async (scene: MachineScene): Promise<void> => {
  const grant = await askForMachine(scene);
  const keys = newSshKeyPair();
  const { login, session } = await logIn(scene, grant, keys);
  await endGrant(scene, grant, { login, session, keys });
};

const askForMachine = async ({ crew, task, narrator }: MachineScene): Promise<string> => {
  const asked = {
    ...{ task, resource: 'reports-host', action: 'ssh:connect', durationSeconds: 600 },
    reason: 'See why the nightly report is late',
  };
  const grant = expect(await crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }), 201);
  narrator.step(
    'It asks for the machine that runs the reports',
    ['Nobody is let in yet; but the machine was asked whether it could end what it lets in.'],
    grant,
  );
  return grant.body.id;
};

const logIn = async (
  { crew, narrator }: MachineScene,
  grant: string,
  keys: SshKeyPair,
): Promise<{ readonly login: Login; readonly session: Client }> => {
  const { publicKey } = keys;
  const vended = expect(
    await crew.post<Wire['SshCredentialView']>(`/v1/grants/${grant}/credentials`, { publicKey }),
    201,
  );
  const login = vended.body.ssh;
  const session = await logInBySsh(login, keys);
  if (typeof session === 'string') throw new Error(`it was not let in: ${session}`);
  const { output } = await executeBySsh(session, 'ls');
  const stranger = await logInBySsh(login, newSshKeyPair());
  if (typeof stranger !== 'string') throw new Error('another key was let in');
  narrator.step(
    'It makes a key pair, sends the public half, and logs in with it',
    [
      `${login.user} on ${login.instanceId}, a host it believes by its pinned key. ls: ${output.trim()}`,
      `The key opens sessions for a minute; they end with the grant. Any other key: ${stranger}.`,
    ],
    vended,
  );
  return { login, session };
};

const endGrant = async (
  { crew, narrator }: MachineScene,
  grant: string,
  { login, session, keys }: { readonly login: Login; readonly session: Client; readonly keys: SshKeyPair },
): Promise<void> => {
  const closed = once(session, 'close');
  const ended = expect(await crew.end<Wire['GrantView']>(`/v1/grants/${grant}`), 200);
  await closed;
  const again = await logInBySsh(login, keys);
  if (typeof again !== 'string') throw new Error('a key outlived its grant');
  const { ending } = ended.body;
  narrator.step(
    'It gives the machine back. The session is cut, and the key refused although AWS still offers it',
    [
      ...(ending?.steps ?? []).map((step) => `${step.name}: ${step.outcome} (after ${step.atMs} ms)`),
      `Proved dead ${ending?.deadAfterMs} ms after the end; the same key: ${again}.`,
    ],
    ended,
  );
};
