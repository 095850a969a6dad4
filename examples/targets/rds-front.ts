import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { LocalCertificate } from '../../local/certificates.ts';

export interface RdsFrontOptions {
  readonly certificate: LocalCertificate;
  /** The path of PostgreSQL's own socket. */
  readonly upstream: string;
  /** Whether this user may log in with this token, as IAM and the role `rds_iam` together decide; undefined: the server asks for a password. */
  readonly admits?:
    | ((login: { readonly user: string; readonly token: string }) => Promise<boolean>)
    | undefined;
}

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const PROTOCOL_3 = 3;
const PASSWORD = 'p'.charCodeAt(0);
const STARTUP_MAX_BYTES = 10_000;
const PASSWORD_MAX_BYTES = 16_384;
const LOGIN_TIMEOUT_MS = 10_000;

/**
 * Stands before PostgreSQL as RDS does: TLS or nothing, then a token as the password, then the server itself,
 * which still says for itself when a role may not log in. A role that does not exist fails like a bad token.
 */
export const createRdsFront = (options: RdsFrontOptions): Server =>
  createServer((socket) => {
    socket.on('error', () => socket.destroy());
    // As PostgreSQL does: an answer in two pieces would wait 40 ms for the first to be acknowledged.
    socket.setNoDelay(true);
    socket.setTimeout(LOGIN_TIMEOUT_MS, () => socket.destroy());
    void greet(socket, options).catch(() => socket.destroy());
  });

const greet = async (socket: Socket, options: RdsFrontOptions): Promise<void> => {
  const first = await readStartup(socket);
  const code = first.message.readInt32BE(4);
  if (code === GSS_REQUEST) {
    socket.write('N');
    return greet(socket, options);
  }
  if (code === CANCEL_REQUEST) return forwardCancel(socket, first.message, options);
  if (code !== SSL_REQUEST) return refuse(socket, '28000', 'no pg_hba.conf entry for host, no encryption');
  // Bytes that ride along in clear text would be taken for encrypted ones.
  if (first.rest.length > 0) return void socket.destroy();
  socket.write('S');
  const { keyPem: key, certPem: cert } = options.certificate;
  const secureContext = createSecureContext({ key, cert, minVersion: 'TLSv1.2' });
  const secure = new TLSSocket(socket, { isServer: true, secureContext });
  secure.on('error', () => secure.destroy());
  return logIn(secure, socket, options);
};

const logIn = async (secure: TLSSocket, raw: Socket, options: RdsFrontOptions): Promise<void> => {
  const startup = await readStartup(secure);
  const code = startup.message.readInt32BE(4);
  if (code === CANCEL_REQUEST) return forwardCancel(secure, startup.message, options);
  const { user, replication } = parametersOf(startup.message);
  if (code >>> 16 !== PROTOCOL_3 || !user || replication !== undefined)
    return refuse(secure, '28000', 'this connection is not offered');
  const { admits, upstream } = options;
  if (!admits) {
    raw.setTimeout(0);
    return join(secure, upstream, Buffer.concat([startup.message, startup.rest]));
  }
  secure.write(message('R', Buffer.from([0, 0, 0, 3])));
  const password = await readMessage(secure, startup.rest);
  const token = password.message.subarray(5, -1).toString('utf8');
  if (password.message[0] !== PASSWORD || !(await admits({ user, token })))
    return refuse(secure, '28000', `PAM authentication failed for user "${user}"`);
  raw.setTimeout(0);
  join(secure, upstream, Buffer.concat([startup.message, password.rest]));
};

const join = (client: Socket, path: string, first: Buffer): void => {
  const server = connect(path, () => server.write(first));
  const end = () => {
    client.destroy();
    server.destroy();
  };
  client.on('close', end);
  // Read on, although nobody listens any more: a socket that is not read never notices that its peer has gone.
  server.on('error', end).on('close', () => client.end().resume());
  client.pipe(server).pipe(client);
};

const forwardCancel = (client: Socket, request: Buffer, { upstream }: RdsFrontOptions): void => {
  const server = connect(upstream, () => server.end(request));
  server.on('error', () => undefined).on('close', () => client.end().resume());
};

const refuse = (socket: Socket, code: string, text: string): void => {
  socket.end(message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`))).resume();
};

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type, 0);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

const parametersOf = (startup: Buffer): { user?: string; replication?: string } => {
  const pairs = startup.toString('utf8', 8).matchAll(/([^\0]+)\0([^\0]*)\0/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value]));
};

interface Framed {
  readonly message: Buffer;
  readonly rest: Buffer;
}

/** The first message has no type byte: length, then the protocol's number or a request's. */
const readStartup = (socket: Socket) =>
  readFrame(socket, Buffer.alloc(0), { at: 0, min: 8, max: STARTUP_MAX_BYTES });

/** Every later one is a type byte, the length of what follows, and that. */
const readMessage = (socket: Socket, seen: Buffer) =>
  readFrame(socket, seen, { at: 1, min: 5, max: PASSWORD_MAX_BYTES });

/** `at` is where the length stands, which counts itself. */
const readFrame = async (
  socket: Socket,
  seen: Buffer,
  { at, min, max }: Readonly<Record<'at' | 'min' | 'max', number>>,
): Promise<Framed> => {
  for (let bytes = seen; ; bytes = Buffer.concat([bytes, await nextChunk(socket)])) {
    if (bytes.length < min) continue;
    const length = at + bytes.readInt32BE(at);
    if (length < min || length > max) throw new Error('not a message');
    if (bytes.length >= length) return { message: bytes.subarray(0, length), rest: bytes.subarray(length) };
  }
};

/** Read piece by piece and never flowing, so that nothing is lost to whoever reads next. */
const nextChunk = async (socket: Socket): Promise<Buffer> => {
  for (;;) {
    const chunk: Buffer | null = socket.read();
    if (chunk) return chunk;
    const closed = once(socket, 'close').then(() => Promise.reject(new Error('closed')));
    await Promise.race([once(socket, 'readable'), closed]);
  }
};
