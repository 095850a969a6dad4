import { createServer, request as forward } from 'node:https';
import type { LocalCertificate } from '../../local/certificates.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';

/** Where one call is cut: before it reaches the cluster, or after it did and before the answer is told. */
export interface Cut {
  readonly call: number;
  readonly at: 'before' | 'after';
}

export interface FaultyCluster {
  readonly endpoint: string;
  /** Calls that have come since the last `cutAt`. */
  calls(): number;
  /** From now on this one is cut, and every one behind it: whoever asked has died. */
  cutAt(cut: Cut | undefined): void;
  stop(): Promise<void>;
}

/** Stands in front of a cluster, with its name and certificate, and cuts calls. */
export const startFaultyCluster = async (
  endpoint: string,
  { keyPem, certPem }: LocalCertificate,
): Promise<FaultyCluster> => {
  let cut: Cut | undefined;
  let calls = 0;
  const server = createServer({ key: keyPem, cert: certPem }, (request, response) => {
    calls += 1;
    const call = calls;
    const isCut = cut !== undefined && call >= cut.call;
    if (cut && (call > cut.call || (call === cut.call && cut.at === 'before')))
      return request.socket.destroy();
    const { method, headers, url = '/' } = request;
    const sent = forward(new URL(url, endpoint), { method, headers, ca: certPem }, (answer) => {
      answer.on('data', () => undefined).on('end', () => isCut && request.socket.destroy());
      if (!isCut) answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers));
    });
    sent.on('error', () => request.socket.destroy());
    request.pipe(sent);
  });
  const port = await listenOnLoopback(server);
  return {
    endpoint: `https://localhost:${port}`,
    calls: () => calls,
    cutAt(next) {
      cut = next;
      calls = 0;
    },
    stop: () => closeServer(server),
  };
};
