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

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly error?: string;
}

/** A stand-in for the reads of EKS's API that `config check` makes. It checks no signature; a page of its lists holds one thing, and the first holds none. */
export const startEksApi = async (made: MadeCluster) => {
  const server = createServer((request, response) => {
    const { status, body, error } = answerTo(made, new URL(request.url ?? '', 'http://eks'));
    const type = error === undefined ? {} : { 'x-amzn-errortype': error };
    response.writeHead(status, { 'content-type': 'application/json', ...type });
    response.end(JSON.stringify(body));
  });
  return {
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    close: () => closeServer(server),
  };
};

const refusal = (status: number, error: string): Answer => ({ status, body: { message: error }, error });

const answerTo = (made: MadeCluster, { pathname, searchParams }: URL): Answer => {
  const { name, endpoint, authenticationMode, entries, denied } = made;
  const [, , cluster, list, principal, policies] = pathname.split('/').map(decodeURIComponent);
  const operation = operationOf({ list, principal, policies });
  if (denied.includes(operation)) return refusal(403, 'AccessDeniedException');
  if (cluster !== name) return refusal(404, 'ResourceNotFoundException');
  if (operation === 'DescribeCluster')
    return { status: 200, body: { cluster: { name, endpoint, accessConfig: { authenticationMode } } } };
  if (authenticationMode === 'CONFIG_MAP') return refusal(400, 'InvalidRequestException');
  const page = Number(searchParams.get('nextToken') ?? 0);
  if (operation === 'ListAccessEntries') {
    const arns = entries.map(({ principalArn }) => principalArn);
    return { status: 200, body: pageOf('accessEntries', arns, page) };
  }
  const entry = entries.find(({ principalArn }) => principalArn === principal);
  if (entry === undefined) return refusal(404, 'ResourceNotFoundException');
  const { policies: own = [], ...accessEntry } = entry;
  if (operation === 'DescribeAccessEntry') return { status: 200, body: { accessEntry } };
  const associated = own.map((policyArn) => ({ policyArn }));
  return { status: 200, body: pageOf('associatedAccessPolicies', associated, page) };
};

const pageOf = (name: string, things: readonly unknown[], page: number): object => ({
  [name]: page === 0 ? [] : [things[page - 1]],
  ...(page < things.length ? { nextToken: String(page + 1) } : {}),
});

const operationOf = (
  path: Readonly<Record<'list' | 'principal' | 'policies', string | undefined>>,
): string => {
  if (path.list === undefined) return 'DescribeCluster';
  if (path.principal === undefined) return 'ListAccessEntries';
  return path.policies === undefined ? 'DescribeAccessEntry' : 'ListAssociatedAccessPolicies';
};
