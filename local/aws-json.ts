import type { ServerResponse } from 'node:http';
import { AwsError } from './aws-error.ts';

export type JsonObject = Record<string, unknown>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const parseJsonObject = (text: string): JsonObject => {
  try {
    const value: unknown = JSON.parse(text || '{}');
    if (isJsonObject(value)) return value;
  } catch {
    // Answered below, like every body that is not an object.
  }
  throw new AwsError('SerializationException', 'The body is not a JSON object');
};

/** `DynamoDB_20120810.PutItem` → `PutItem`; empty when there is none. */
export const operationOf = (target: string | string[] | undefined): string =>
  String(target ?? '').split('.')[1] ?? '';

/** Runs one call of an AWS JSON service and writes what comes of it. */
export const answerJson = async (response: ServerResponse, call: () => Promise<unknown>): Promise<void> => {
  const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers });
    response.end(JSON.stringify(body));
  };
  try {
    const answer = await call();
    // 200, unless the call has said otherwise.
    send(response.statusCode, answer);
  } catch (error) {
    const { code, status, message, fields } =
      error instanceof AwsError ? error : new AwsError('InternalServerError', String(error), { status: 500 });
    // REST services of AWS name the error in a header, and not in the body.
    send(status, { __type: code, message, ...fields }, { 'x-amzn-errortype': code });
  }
};
