import type * as z from 'zod';
import type { Caller } from '../app/caller.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { Result } from '../core/result.ts';
import * as containments from './containment-schemas.ts';
import { CredentialView } from './credential-schemas.ts';
import type { Operation } from './routes.ts';
import * as runs from './run-schemas.ts';
import * as schemas from './schemas.ts';

/** What each operation takes and gives, once for validation, OpenAPI and the tests. */
export interface OperationForm {
  readonly path?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** `POST` that may be repeated safely under a key. */
  readonly isIdempotent?: true;
  /** `Prefer: wait=n` and `?wait=n` are honoured. */
  readonly canWait?: true;
  /** Waits as long as may be waited, unless the caller says for how long. */
  readonly waitsUnlessTold?: true;
  readonly answers: Readonly<Record<number, z.ZodType>>;
}

/** A call that no field is needed for needs no body at all. */
export const needsBody = ({ body }: OperationForm): boolean => body?.safeParse({}).success === false;

export const FORMS = {
  whoAmI: { answers: { 200: schemas.MeView } },
  listResources: { answers: { 200: schemas.ResourcesView } },
  openTask: { body: schemas.OpenTaskBody, isIdempotent: true, answers: { 201: schemas.TaskView } },
  listTasks: { query: schemas.ListQuery, answers: { 200: schemas.TaskListView } },
  readTask: { path: schemas.TaskPath, answers: { 200: schemas.TaskView } },
  renewTask: { path: schemas.TaskPath, body: schemas.EmptyBody, answers: { 200: schemas.TaskView } },
  endTask: { path: schemas.TaskPath, answers: { 200: schemas.TaskView, 202: schemas.TaskView } },
  requestAccess: {
    query: schemas.RequestAccessQuery,
    body: schemas.RequestAccessBody,
    isIdempotent: true,
    canWait: true,
    answers: { 200: schemas.PreviewView, 201: schemas.GrantView, 202: schemas.GrantView },
  },
  listGrants: { query: schemas.ListQuery, answers: { 200: schemas.GrantListView } },
  readGrant: { path: schemas.GrantPath, canWait: true, answers: { 200: schemas.GrantView } },
  vendCredential: {
    path: schemas.GrantPath,
    body: schemas.VendBody,
    answers: { 201: CredentialView },
  },
  requestRun: {
    path: schemas.GrantPath,
    body: runs.RequestRunBody,
    isIdempotent: true,
    canWait: true,
    waitsUnlessTold: true,
    answers: { 200: runs.RunView, 202: runs.RunView },
  },
  readRun: { path: schemas.RunPath, canWait: true, answers: { 200: runs.RunView } },
  requestPlan: {
    body: runs.RequestPlanBody,
    isIdempotent: true,
    answers: { 202: runs.PlanView },
  },
  readPlan: { path: schemas.PlanPath, canWait: true, answers: { 200: runs.PlanView } },
  endPlan: { path: schemas.PlanPath, answers: { 200: runs.PlanView } },
  cancelRun: { path: schemas.RunPath, answers: { 200: runs.RunView } },
  releaseGrant: { path: schemas.GrantPath, answers: { 200: schemas.GrantView, 202: schemas.GrantView } },
  contain: {
    body: containments.ContainBody,
    answers: { 200: containments.ContainmentView, 201: containments.ContainmentView },
  },
  listContainments: { answers: { 200: containments.ContainmentListView } },
  readContainment: { path: containments.ContainmentPath, answers: { 200: containments.ContainmentView } },
  liftContainment: {
    path: containments.ContainmentPath,
    body: containments.LiftBody,
    answers: { 200: containments.ContainmentView },
  },
  readOpenApi: { answers: { 200: schemas.OpenApiView } },
  listProblems: { answers: { 200: schemas.ProblemListView } },
  readProblem: { path: schemas.ProblemPath, answers: { 200: schemas.ProblemKindView } },
} as const satisfies Readonly<Record<Operation, OperationForm>>;

type Form<O extends Operation> = (typeof FORMS)[O];
type Part<O extends Operation, P extends string> =
  Form<O> extends { readonly [K in P]: infer S extends z.ZodType } ? z.output<S> : undefined;

/** One call, after identity and form were checked: nothing past this point sees raw input. */
export interface Call<O extends Operation> {
  readonly operation: O;
  readonly caller: Caller;
  readonly path: Part<O, 'path'>;
  readonly query: Part<O, 'query'>;
  readonly body: Part<O, 'body'>;
  readonly waitSeconds: number;
  readonly idempotencyKey: string | undefined;
  /** Lower case, as sent. */
  readonly accept: string;
}

/** What a handler answers. Without a receipt of its own the answer carries that of the active configuration. */
export interface Reply {
  readonly status: number;
  readonly body: object | string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly receipt?: Receipt;
}

export type Handlers<O extends Operation = Operation> = {
  readonly [P in O]: (call: Call<P>) => Promise<Result<Reply>>;
};
