import { createServer } from 'node:http';
import { closeServer, listenOnLoopback, readBody } from '../../local/loopback.ts';
import { Sessions } from '../../local/sessions.ts';

export interface StsServer {
  readonly url: string;
  readonly sessions: Sessions;
  /** What was asked, in order. */
  readonly asked: URLSearchParams[];
  /** While true, every answer is an error of the service itself. */
  isAway: boolean;
  close(): Promise<void>;
}

/** An STS on loopback that lets whoever asks assume one role, and no other. */
export const startSts = async (roleArn: string): Promise<StsServer> => {
  const sessions = new Sessions([]);
  const server = createServer(async (request, response) => {
    const input = new URLSearchParams(String(await readBody(request, 100_000)));
    sts.asked.push(input);
    if (sts.isAway) return response.writeHead(500).end('<ErrorResponse/>');
    if (input.get('RoleArn') !== roleArn) return response.writeHead(403).end('<ErrorResponse/>');
    response.writeHead(200, { 'content-type': 'text/xml' }).end(assumed(sessions, roleArn, input));
  });
  const sts: StsServer = {
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    sessions,
    asked: [],
    isAway: false,
    close: () => closeServer(server),
  };
  return sts;
};

const assumed = (sessions: Sessions, roleArn: string, input: URLSearchParams): string => {
  const expiration = Date.now() + Number(input.get('DurationSeconds')) * 1_000;
  const made = sessions.issue({ roleArn, name: input.get('RoleSessionName') ?? '', expiration });
  const members = {
    AccessKeyId: made.accessKeyId,
    SecretAccessKey: made.secretAccessKey,
    SessionToken: made.sessionToken,
    Expiration: new Date(expiration).toISOString(),
  };
  const xml = Object.entries(members).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<AssumeRoleResponse><AssumeRoleResult><Credentials>${xml.join('')}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
};
