import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';

export interface AccessEntry {
  principalArn: string;
  username: string;
  type: string;
  kubernetesGroups?: string[];
  /** Their ARNs. */
  policies?: string[];
}

/** One cluster as EKS knows it, to be changed by a test before it is looked at. */
export interface MadeCluster {
  name: string;
  endpoint: string;
  authenticationMode: string;
  entries: AccessEntry[];
  /** Operations that whoever asks may not call. */
  denied: string[];
}

/** A stand-in for the reads of EKS's API that `config check` makes. It checks no signature. */
export const startEksApi = async (made: MadeCluster) => {
  const server = createServer((request, response) => {
    const [, , name, , principal, policies] = (request.url ?? '').split('/').map(decodeURIComponent);
    const entry = made.entries.find(({ principalArn }) => principalArn === principal);
    const operation = operationOf({ principal, policies });
    const isMissing = name !== made.name || (principal !== undefined && entry === undefined);
    const answer = (status: number, body: object, error?: string) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(error === undefined ? {} : { 'x-amzn-errortype': error }),
      });
      response.end(JSON.stringify(body));
    };
    if (made.denied.includes(operation)) return answer(403, { message: 'no' }, 'AccessDeniedException');
    if (isMissing) return answer(404, { message: 'none' }, 'ResourceNotFoundException');
    const { endpoint, authenticationMode } = made;
    const cluster = { name, endpoint, accessConfig: { authenticationMode } };
    const { policies: own = [], ...accessEntry } = entry ?? {};
    const associatedAccessPolicies = own.map((policyArn) => ({ policyArn }));
    if (operation === 'DescribeCluster') return answer(200, { cluster });
    return answer(200, operation === 'DescribeAccessEntry' ? { accessEntry } : { associatedAccessPolicies });
  });
  return {
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    close: () => closeServer(server),
  };
};

const operationOf = (path: Readonly<Record<'principal' | 'policies', string | undefined>>): string => {
  if (path.principal === undefined) return 'DescribeCluster';
  return path.policies === undefined ? 'DescribeAccessEntry' : 'ListAssociatedAccessPolicies';
};
