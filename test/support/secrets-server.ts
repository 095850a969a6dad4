import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { closeServer, listenOnLoopback, readBody } from '../../local/loopback.ts';

interface Version {
  readonly id: string;
  readonly value: string;
  readonly createdSeconds: number;
  readonly stages: Set<string>;
}

interface Asked {
  readonly VersionStage?: string;
  readonly ClientRequestToken?: string;
  readonly SecretString?: string;
  readonly VersionStages?: readonly string[];
  readonly MoveToVersionId?: string;
  readonly RemoveFromVersionId?: string;
}

export type SecretsServer = Awaited<ReturnType<typeof startSecrets>>;

class Refused extends Error {}

/** Secrets Manager, as far as one secret with versions and stages goes, by its documentation; it refuses everything else. */
export const startSecrets = async (first: string) => {
  const time = { now: Date.now() };
  const versions: Version[] = [];
  const put = (value: string, stages: readonly string[], id: string = randomUUID()): Version => {
    const there = versions.find((version) => version.id === id);
    if (there && there.value !== value) throw new Refused('ResourceExistsException');
    if (there) return there;
    for (const stage of stages) for (const version of versions) version.stages.delete(stage);
    const made = { id, value, createdSeconds: time.now / 1000, stages: new Set(stages) };
    versions.push(made);
    return made;
  };
  const at = (stage: string): Version | undefined => versions.find(({ stages }) => stages.has(stage));
  const serve: Readonly<Record<string, (asked: Asked) => object>> = {
    GetSecretValue({ VersionStage = 'AWSCURRENT' }) {
      const found = at(VersionStage);
      if (!found) throw new Refused('ResourceNotFoundException');
      return { VersionId: found.id, SecretString: found.value, CreatedDate: found.createdSeconds };
    },
    PutSecretValue({ SecretString = '', VersionStages = ['AWSCURRENT'], ClientRequestToken }) {
      return { VersionId: put(SecretString, VersionStages, ClientRequestToken).id };
    },
    UpdateSecretVersionStage({ MoveToVersionId, RemoveFromVersionId }) {
      const [from, to] = [at('AWSCURRENT'), versions.find(({ id }) => id === MoveToVersionId)];
      if (!to || from?.id !== RemoveFromVersionId) throw new Refused('InvalidParameterException');
      from?.stages.delete('AWSCURRENT');
      to.stages.add('AWSCURRENT');
      return {};
    },
  };
  put(first, ['AWSCURRENT']);
  const server = createServer(async (request, response) => {
    const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
    const asked: Asked = JSON.parse(String(await readBody(request, 10_000)));
    let [status, body]: [number, object] = [200, {}];
    try {
      const call = serve[operation];
      if (!call) throw new Refused('InvalidRequestException');
      body = call(asked);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      [status, body] = [400, { __type: error.message }];
    }
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
  const port = await listenOnLoopback(server);
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = `http://127.0.0.1:${port}`;
  process.env.AWS_REGION ??= 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID ??= 'AKIATESTTESTTESTTEST';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  return {
    /** What it takes for the time of a new version. */
    time,
    count: () => versions.length,
    stop: () => closeServer(server),
  };
};
