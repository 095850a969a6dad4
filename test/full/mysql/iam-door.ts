import { createServer, type Server } from 'node:net';
import { verifyRdsToken } from '../../../examples/targets/rds-token.ts';
import type { MysqlTargetAddress } from '../../../lambdas/core/config/target-addresses.ts';
import type { Sessions } from '../../../local/sessions.ts';

export interface IamDoor {
  readonly server: Server;
  /** Told when it is known: tokens are signed for a host and a port. */
  endpoint: string;
  /** Of the instance's clock, ahead of ours. */
  skewMs: number;
}

/** The instance, as roles name it. */
export type Instance = Pick<MysqlTargetAddress, 'account' | 'region' | 'resourceId'>;

/** What the plugin of `aws-authentication-plugin.c` asks: whether the signer of a token may log in as this user. */
export const openIamDoor = async (path: string, instance: Instance, sessions: Sessions): Promise<IamDoor> => {
  const door: IamDoor = {
    endpoint: '',
    skewMs: 0,
    server: createServer((socket) => {
      let text = '';
      socket.on('error', () => undefined).setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        text += chunk;
        const [user, token, end] = text.split('\0');
        if (user !== undefined && token !== undefined && end !== undefined)
          socket.end(admits({ user, token, door, instance }, sessions) ? 'y' : 'n');
      });
    }),
  };
  await new Promise<void>((done) => door.server.listen(path, done));
  return door;
};

const admits = (
  {
    user,
    token,
    door: { endpoint, skewMs },
    instance: { account, region, resourceId },
  }: { readonly user: string; readonly token: string; readonly door: IamDoor; readonly instance: Instance },
  sessions: Sessions,
): boolean => {
  const lookup = (id: string) => sessions.lookup(id);
  const session = verifyRdsToken({ token, user, endpoint, region, lookup, now: Date.now() + skewMs });
  const resource = `arn:aws:rds-db:${region}:${account}:dbuser:${resourceId}/${user}`;
  return session !== undefined && sessions.isAllowed(session, { action: 'rds-db:connect', resource });
};
