import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';

/** An issuer's key endpoint on loopback, over TLS that this process trusts. What it answers can be changed at any time. */
export interface JwksServer {
  readonly origin: string;
  readonly jwksUri: string;
  /** How many requests have arrived. */
  readonly requests: () => number;
  readonly serveKeys: (...keys: readonly object[]) => void;
  readonly serve: (respond: Respond) => void;
  readonly close: () => Promise<void>;
}

export type Respond = (request: IncomingMessage, response: ServerResponse) => void;

export const startJwksServer = async (): Promise<JwksServer> => {
  // Of two trusted certificates of one name, OpenSSL may look at the wrong one.
  const { private: key, cert } = await generate([{ name: 'commonName', value: randomUUID() }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  setDefaultCACertificates([...getCACertificates('default'), cert]);

  let respond: Respond = (_request, response) => response.end('{"keys":[]}');
  let requests = 0;
  const server = createServer({ key, cert }, (request, response) => {
    requests += 1;
    respond(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const serve = (next: Respond) => {
    respond = next;
  };
  return {
    origin,
    jwksUri: `${origin}/jwks`,
    requests: () => requests,
    serve,
    serveKeys: (...keys) => serve((_request, response) => response.end(JSON.stringify({ keys }))),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
