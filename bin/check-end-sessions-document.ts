import { isDeepStrictEqual } from 'node:util';
import { GetDocumentCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { END_SESSIONS_CONTENT } from '../lib/end-sessions-document.ts';
import { Mistakes } from './mistakes.ts';
import { check, type TargetCheck } from './target-check.ts';

/** Whether what ends sessions on a machine is what this version would deploy: an older one may end what this one starts otherwise. */
export const checkEndSessionsDocument = async (
  client: SSMClient,
  { id, documentName }: { readonly id: string; readonly documentName: string },
): Promise<readonly TargetCheck[]> => {
  const found = await client
    .send(new GetDocumentCommand({ Name: documentName, DocumentFormat: 'JSON' }))
    .catch(unlessMissing);
  if (!found) return [];
  const ok = isDeepStrictEqual(parsed(found.Content), END_SESSIONS_CONTENT);
  const mend = `It is of another version: deploy what \`npm run config -- target ${id}\` prints for it, or Latchkey itself.`;
  return [check(`${documentName} is that of this version`, ok, mend)];
};

/** That it is missing is told by running it. */
const unlessMissing = (error: unknown): undefined => {
  if (error instanceof Error && error.name === 'InvalidDocument') return undefined;
  const message = error instanceof Error ? `${error.message} (${error.name})` : String(error);
  throw new Mistakes([{ file: 'AWS Systems Manager', path: '', message: `ssm:GetDocument: ${message}` }]);
};

const parsed = (content: string | undefined): unknown => {
  try {
    return JSON.parse(content ?? '');
  } catch {
    return undefined;
  }
};
