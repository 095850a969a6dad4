import { MARIADB_MISSING } from '../examples/targets/mysql/find-mariadb.ts';
import { MYSQL_ACCESS } from './access-mysql.ts';
import { POSTGRES_PASSWORD_ACCESS } from './access-postgres.ts';
import type { Wire } from './api-client.ts';
import type { KindScene } from './demo-kinds.ts';
import { expect } from './expect-status.ts';
import type { KindAccess } from './kind-access.ts';

/** A PostgreSQL whose users have passwords: computed, stored nowhere, and dead with their user. */
export const tellPasswords = (scene: KindScene): Promise<void> =>
  tellDatabase(scene, { access: POSTGRES_PASSWORD_ACCESS, make: 'a PostgreSQL without IAM authentication' });

/** The same of a MariaDB, where there is one. */
export const tellMariadb = async (scene: KindScene): Promise<void> => {
  const { resource } = MYSQL_ACCESS.request;
  if (!scene.stack.servers.has(resource))
    scene.narrator.note(`${resource} was left out: ${MARIADB_MISSING}.`);
  else await tellDatabase(scene, { access: MYSQL_ACCESS, make: 'a MariaDB' });
};

interface Told {
  readonly access: KindAccess;
  readonly make: string;
}

const tellDatabase = async (scene: KindScene, { access, make }: Told): Promise<void> => {
  const { crew, task, narrator, stack } = scene;
  const { request } = access;
  const asked = { ...request, task, durationSeconds: 600, reason: 'Compare with the weekly report' };
  const grant = expect(await crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }), 201);
  narrator.step(
    `It asks for ${request.resource}, ${make}`,
    [
      'A user was made for this grant alone.',
      `The administrator’s password: ${passwordOf(scene, request.resource)}.`,
    ],
    grant,
  );
  const vended = expect(await crew.post(`/v1/grants/${grant.body.id}/credentials`), 201);
  const logIn = () => access.newHolder().open(stack, vended.body);
  const session = await logIn();
  narrator.step(
    'It gets a password, and reads over verified TLS',
    ['The password was computed when it was asked for. It is stored nowhere, and shown to nobody here.'],
    vended,
  );
  const ended = expect(await crew.end<Wire['GrantView']>(`/v1/grants/${grant.body.id}`), 200);
  await session.cut();
  const [open, anew] = [await refusalOf(session), await refusalOf({ use: logIn })];
  const { ending } = ended.body;
  if (ending?.status !== 'dead') throw new Error(`${request.resource} was not proved dead`);
  narrator.step(
    'It gives the database back. The session is cut, and the password opens nothing any more',
    [
      ...(ending.steps ?? []).map((step) => `${step.name}: ${step.outcome} (after ${step.atMs} ms)`),
      `Proved dead ${ending.deadAfterMs} ms after the end.`,
      `The open session: ${open}. A new login: ${anew}.`,
    ],
    ended,
  );
};

/** What stops it. Nothing would be the end of the demo. */
const refusalOf = async ({ use }: { readonly use: () => Promise<unknown> }): Promise<string> => {
  const refusal = await use().then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (refusal === undefined) throw new Error('access outlived its grant');
  return refusal;
};

/** Which version the functions find in the secret, by its stages and never by what it says. */
const passwordOf = ({ stack }: KindScene, resource: string): string => {
  const SecretId = stack.servers.get(resource)?.adminSecretArn;
  const found = stack.aws.secrets.call('GetSecretValue', { SecretId });
  return 'VersionId' in found && found.VersionId === 'first'
    ? 'as it was written when the server was prepared'
    : 'replaced after it was used';
};
