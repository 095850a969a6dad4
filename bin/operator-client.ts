import { type ApiAnswer, type ApiClient, createApiClient, type Wire } from './api-client.ts';
import { Mistakes } from './mistakes.ts';

export interface Operator {
  readonly client: ApiClient;
  /** The body of an answer that is as wanted. Anything else is told in words that say what to do, and ends the command. */
  ask<T>(answer: Promise<ApiAnswer<T>>): Promise<T>;
}

const MEANING = {
  LATCHKEY_URL: 'where the API is, the output ApiUrl of the stack',
  LATCHKEY_TOKEN: 'an access token of yours, from the issuer that people have',
};

/** Somebody with a token of their own: the address and the token are in the environment, never on the command line. */
export const operatorFrom = (environment: NodeJS.ProcessEnv): Operator => {
  const missing = (Object.keys(MEANING) as (keyof typeof MEANING)[]).filter((name) => !environment[name]);
  if (missing.length > 0)
    throw new Mistakes(
      missing.map((name) => ({ file: name, path: '', message: `set it: ${MEANING[name]}.` })),
    );
  const url = (environment.LATCHKEY_URL ?? '').replace(/\/$/, '');
  const client = createApiClient(url, environment.LATCHKEY_TOKEN ?? '');
  return {
    client,
    async ask(answering) {
      const answer = await answering.catch((error: unknown) => {
        throw new Mistakes([
          { file: 'LATCHKEY_URL', path: url, message: `did not answer (${causeOf(error)}).` },
        ]);
      });
      if (answer.status < 300) return answer.body;
      throw new Mistakes([problemOf(answer)]);
    },
  };
};

/** Undici wraps what the network said. */
const causeOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
};

const problemOf = ({ status, body }: ApiAnswer<unknown>) => {
  if (status === 401)
    return {
      file: 'LATCHKEY_TOKEN',
      path: '',
      message: 'was not accepted: it has run out, or is for something else.',
    };
  const { code, title, detail, errors = [] } = body as Partial<Wire['ProblemView']>;
  const fields = errors.map(({ pointer, detail: why }) => `${pointer} ${why}`).join('; ');
  return {
    file: title ?? `status ${status}`,
    path: code ?? '',
    message: [detail, fields].filter(Boolean).join(' ') || 'no more is known.',
  };
};
