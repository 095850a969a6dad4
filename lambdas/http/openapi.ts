import * as z from 'zod';
import { WAIT_MAX_SECONDS } from '../core/limits.ts';
import {
  CREDENTIAL_PROCESS_TYPE,
  CredentialProcessView,
  EXEC_CREDENTIAL_TYPE,
  ExecCredentialView,
  KUBECONFIG_TYPE,
} from './credential-schemas.ts';
import type { OperationForm } from './operations.ts';
import { FORMS, needsBody } from './operations.ts';
import type { Route } from './routes.ts';
import { ROUTES } from './routes.ts';
import { ProblemView } from './schemas.ts';

const SCHEMA_BASE = '#/components/schemas/';

/** OpenAPI 3.1 of every route, from the same lists that route and validate. */
export const openApiDocument = (version: string): object => ({
  openapi: '3.1.0',
  info: {
    title: 'Latchkey',
    version,
    summary: 'Just-in-time access for AI agents',
    description:
      'Open a task, ask for a resource, use the credential, end the task. What people must approve is answered with `202` and `approval.url`: go on with other work and `GET` the `Location` with `?wait=20` until the state has changed. Every answer carries a receipt of its audit entry.',
  },
  security: [{ oidc: [] }],
  paths: pathsOf(ROUTES),
  components: {
    securitySchemes: {
      oidc: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'A token of a configured issuer',
      },
    },
    schemas: componentSchemas(),
    headers: {
      'Latchkey-Audit': {
        description: 'Receipt `chain/seq/hash`: an export of the trail that lacks this entry fails to verify',
        schema: { type: 'string' },
      },
    },
  },
});

const pathsOf = (routes: readonly Route[]): Record<string, Record<string, object>> => {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return paths;
};

const operationOf = (route: Route): object => {
  const form: OperationForm = FORMS[route.operation as keyof typeof FORMS];
  return {
    operationId: route.operation,
    summary: route.summary,
    ...parametersOf(form),
    ...(form.body
      ? {
          requestBody: {
            required: needsBody(form),
            content: { 'application/json': { schema: referTo(form.body) } },
          },
        }
      : {}),
    responses: { ...answersOf(route, form), default: problemAnswer() },
  };
};

const parametersOf = (form: OperationForm): { parameters?: object[] } => {
  const parameters = [
    ...shapeParameters('path', form.path),
    ...shapeParameters('query', form.query),
    ...(form.isIdempotent
      ? [{ in: 'header', name: 'Idempotency-Key', schema: { type: 'string', maxLength: 128 } }]
      : []),
    ...(form.canWait
      ? [
          {
            in: 'query',
            name: 'wait',
            description: `Seconds to wait for a settled state; more than ${WAIT_MAX_SECONDS} are taken for ${WAIT_MAX_SECONDS}. \`Prefer: wait=n\` does the same. A \`POST\` does not wait for people: it answers \`202\` at once, and a \`GET\` of its \`Location\` waits for them`,
            schema: { type: 'integer', minimum: 0, maximum: 999_999 },
          },
        ]
      : []),
  ];
  return parameters.length > 0 ? { parameters } : {};
};

const shapeParameters = (place: 'path' | 'query', schema: z.ZodObject | undefined): object[] =>
  Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    in: place,
    name,
    required: place === 'path',
    schema: plain(z.toJSONSchema(field as z.ZodType, { io: 'input' })),
  }));

const answersOf = (route: Route, form: OperationForm): Record<string, object> =>
  Object.fromEntries(
    Object.entries(form.answers).map(([status, schema]) => [
      status,
      {
        description: route.summary,
        headers: { 'Latchkey-Audit': { $ref: '#/components/headers/Latchkey-Audit' } },
        content: {
          'application/json': { schema: referTo(schema) },
          ...(route.operation === 'vendCredential'
            ? {
                'text/x-shellscript': { schema: { type: 'string' } },
                [CREDENTIAL_PROCESS_TYPE]: { schema: referTo(CredentialProcessView) },
                [EXEC_CREDENTIAL_TYPE]: { schema: referTo(ExecCredentialView) },
                [KUBECONFIG_TYPE]: { schema: { type: 'string' } },
              }
            : {}),
        },
      },
    ]),
  );

const problemAnswer = (): object => ({
  description: 'A problem (RFC 9457); `code` is one of those `GET /v1/problems` lists',
  content: { 'application/problem+json': { schema: referTo(ProblemView) } },
});

const referTo = (schema: z.ZodType): object => {
  const { id } = schema.meta() ?? {};
  return id ? { $ref: `${SCHEMA_BASE}${id}` } : plain(z.toJSONSchema(schema, { io: 'input' }));
};

/** zod registers every schema that carries an id; each becomes one component. */
const componentSchemas = (): Record<string, object> => {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: (id) => `${SCHEMA_BASE}${id}`, io: 'input' });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)]));
};

const plain = ({ $schema: _schema, $id: _id, ...schema }: Record<string, unknown>): object => schema;
