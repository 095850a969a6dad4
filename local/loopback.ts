import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';

/** Nothing of the local stack is reachable from another machine. Port 0 takes a free one; answers the port it listens on. */
export const listenOnLoopback = (server: TcpServer, port = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    if (server.listening) return resolve(portOf(server));
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve(portOf(server));
    });
  });

export const portOf = (server: TcpServer): number => (server.address() as AddressInfo).port;

export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Reads on when the body is too long, so that the sender gets to see the refusal, but keeps nothing. */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too large'> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
  }
  return length > maxBytes ? 'too large' : Buffer.concat(chunks);
};
