import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * A stand-in for the query API of Amazon RDS, on the loopback: it answers the one call that `config resolve` makes in the
 * XML of that API, which the real SDK then reads. It knows nothing else, and checks no signature.
 */
export const startRds = async (described: Readonly<Record<string, string>>) => {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const action = form.get('Action') ?? '';
    const name = form.get('DBInstanceIdentifier') ?? form.get('DBClusterIdentifier') ?? '';
    asked.push(`${action} ${name}`);
    const members = described[name];
    response.writeHead(members === undefined ? 404 : 200, { 'content-type': 'text/xml' });
    response.end(members === undefined ? notFound(action, name) : answer(action, members));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${port}`, asked, close };
};

const NAMESPACE = 'http://rds.amazonaws.com/doc/2014-10-31/';

const answer = (action: string, members: string): string => {
  const list = action.replace('Describe', '');
  const member = list.slice(0, -1);
  return `<${action}Response xmlns="${NAMESPACE}"><${action}Result><${list}><${member}>${members}</${member}></${list}></${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`;
};

const notFound = (action: string, name: string): string => {
  const code = action.includes('Cluster') ? 'DBClusterNotFoundFault' : 'DBInstanceNotFound';
  return `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${name} not found.</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
};
