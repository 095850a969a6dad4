import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:https';
import { parseAllDocuments } from 'yaml';
import type { LocalCertificate } from '../../local/certificates.ts';
import { closeServer, listenOnLoopback, readBody } from '../../local/loopback.ts';
import type { Sessions } from '../../local/sessions.ts';
import { verifyEksToken } from './eks-token.ts';
import { type Answer, answerCall, type Call, failure } from './kubernetes-calls.ts';
import { KubernetesObject, kindOf, ObjectStore, resourceOfKind } from './kubernetes-objects.ts';

/** Who a session of this role is in the cluster: `{{SessionName}}` stands for the session's name. */
export interface AccessEntry {
  readonly roleArn: string;
  readonly username: string;
}

export interface ClusterOptions {
  readonly certificate: LocalCertificate;
  readonly cluster: string;
  readonly region: string;
  /** Asked at each call, because the sessions are made after the port is known. */
  readonly sessions: () => Pick<Sessions, 'lookup'> | undefined;
  readonly entries: readonly AccessEntry[];
  readonly port?: number | undefined;
  readonly clock?: () => number;
}

export interface LocalCluster {
  readonly endpoint: string;
  readonly server: Server;
  /** As the cluster's creator: every document of a file, and nothing that is not understood. */
  apply(yaml: string): void;
  readonly store: ObjectStore;
  stop(): Promise<void>;
}

/** Kinds of a manifest that only a whole API server can honour. They are left out, and `test:full` applies them to one. */
const LEFT_OUT = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
const BODY_MAX_BYTES = 1024 * 1024;

/**
 * A small stand-in for the API server of an EKS cluster: TLS, tokens verified as EKS does, access entries, RBAC, and as much of the
 * API as grants need. What it does not understand it refuses.
 */
export const startCluster = async (options: ClusterOptions): Promise<LocalCluster> => {
  const { certificate } = options;
  const store = new ObjectStore();
  const server = createServer(
    { key: certificate.keyPem, cert: certificate.certPem },
    async (request, response) => {
      const { status, body } = await serve(options, store, request).catch(() =>
        failure(500, 'InternalError'),
      );
      const [type, text] =
        typeof body === 'string' ? ['text/plain', body] : ['application/json', JSON.stringify(body)];
      response.writeHead(status, { 'content-type': type }).end(text);
    },
  );
  const port = await listenOnLoopback(server, options.port);
  return {
    endpoint: `https://localhost:${port}`,
    server,
    store,
    apply(yaml) {
      for (const document of parseAllDocuments(yaml)) applyOne(store, document.toJS());
    },
    stop: () => closeServer(server),
  };
};

const applyOne = (store: ObjectStore, document: unknown): void => {
  const object = KubernetesObject.parse(document);
  if (LEFT_OUT.includes(object.kind)) return;
  const resource = resourceOfKind(object);
  if (resource === undefined) throw new TypeError(`${object.kind} is not understood here`);
  const namespace = kindOf(resource)?.namespaced ? (object.metadata.namespace ?? 'default') : '';
  store.put(resource, namespace, object);
};

const serve = async (
  options: ClusterOptions,
  store: ObjectStore,
  request: IncomingMessage,
): Promise<Answer> => {
  const bytes = await readBody(request, BODY_MAX_BYTES);
  if (bytes === 'too large') return failure(413, 'RequestEntityTooLarge');
  const user = userOf(options, request.headers.authorization ?? '');
  if (user === undefined) return failure(401, 'Unauthorized');
  const call: Call = {
    method: request.method ?? '',
    url: new URL(request.url ?? '/', 'https://localhost'),
    contentType: request.headers['content-type'],
    text: bytes.toString('utf8'),
    asker: { user, groups: ['system:authenticated'], isMaster: false },
  };
  return answerCall(store, call);
};

/** Whom the token is for, as the cluster's entries have it. */
const userOf = (
  { cluster, region, sessions, entries, clock = Date.now }: ClusterOptions,
  authorization: string,
): string | undefined => {
  const [, token = ''] = /^Bearer (\S+)$/.exec(authorization) ?? [];
  const known = sessions();
  if (!known) return undefined;
  const lookup = (id: string) => known.lookup(id);
  const session = verifyEksToken(token, { cluster, region, lookup, now: clock() });
  const entry = entries.find(({ roleArn }) => roleArn === session?.roleArn);
  const name = session?.arn.split('/').at(-1) ?? '';
  return entry?.username.replace('{{SessionName}}', name.replaceAll('@', '-'));
};
