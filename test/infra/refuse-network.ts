import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import net from 'node:net';

/**
 * Loaded into a process under test (`NODE_OPTIONS=--import …`): every attempt to leave it over a network is refused
 * and noted in the file that `NETWORK_ATTEMPTS` names, also where the program swallows the error.
 */
const refuse = (what: string): never => {
  appendFileSync(String(process.env.NETWORK_ATTEMPTS), `${process.argv[1]}: ${what}\n`);
  throw new Error(`the network is refused: ${what}`);
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
  const [first] = args.flat();
  const isLocalPipe = typeof first === 'object' && first !== null && 'path' in first && Boolean(first.path);
  return isLocalPipe ? Reflect.apply(connect, this, args) : refuse(`connect ${JSON.stringify(first)}`);
};
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6'] as const)
  Object.assign(dns, { [name]: (host: string) => refuse(`${name} ${host}`) });
dgram.Socket.prototype.send = () => refuse('send');
