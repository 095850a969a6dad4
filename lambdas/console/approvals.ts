import * as z from 'zod';
import type { Approval } from '../core/approval/approval.ts';
import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import { RESOURCE_ACTIONS } from '../core/config/resource.ts';
import type { Result } from '../core/result.ts';
import { type Answer, pageAnswer } from './answer.ts';
import { approvalPage } from './approval-page.ts';
import { type FormSubject, formToken } from './form-token.ts';
import { inboxPage } from './inbox-page.ts';
import { linkItem, messagePage } from './message-page.ts';
import { isApprovalId, type Place, pathOf, signInPath } from './place.ts';
import type { FormFields } from './read-form.ts';
import { type Refusal, refusalWords, UNKNOWN_PAGE } from './refusal-words.ts';
import type { ConsoleCall } from './request.ts';
import { resultWords } from './result-words.ts';
import {
  bareFrame,
  type ConsoleDeps,
  checkToken,
  isPerson,
  notAPerson,
  refuseForm,
  showToPerson,
  takeForm,
  type Visit,
} from './visit.ts';

export const showInbox = (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> =>
  showToPerson(deps, { call, place: 'inbox' }, async ({ visitor, frame }) =>
    pageAnswer(200, inboxPage({ frame, now: deps.clock() }, await deps.useCases.listInbox(visitor))),
  );

export const showApproval = async (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> => {
  const id = call.event.pathParameters?.id;
  if (!isApprovalId(id)) return unknownPage(deps);
  return showToPerson(deps, { call, place: id }, async (visit) => {
    const shown = await deps.useCases.showApproval(visit.visitor, id);
    if (!shown.ok) return refusalAnswer(deps, { visit, place: id }, shown.failure);
    const { digest } = shown.value.approval;
    const parts = {
      action: pathOf(deps.address, id),
      digest,
      tokenOf: (form: FormSubject['form']) => formToken(visit.session.formSecret, { form, id, digest }),
    };
    return pageAnswer(200, approvalPage({ frame: visit.frame, now: deps.clock(), parts }, shown.value));
  });
};

/** Control characters in a note would be read by somebody later. */
export const Note = z.string().refine((text) => !/[^\P{C}\n\t]/u.test(text));

const COMMON = { digest: z.string().regex(/^[0-9a-f]{64}$/), token: z.string(), note: Note };
const DecisionFields = z.discriminatedUnion('form', [
  z.strictObject({
    form: z.literal('approve'),
    ...COMMON,
    action: z.enum(RESOURCE_ACTIONS).optional(),
    seconds: z
      .string()
      .regex(/^\d{1,6}$/)
      .transform(Number)
      .optional(),
  }),
  z.strictObject({ form: z.literal('deny'), ...COMMON }),
  z.strictObject({ form: z.literal('break_glass'), ...COMMON }),
  z.strictObject({ form: z.literal('close_review'), ...COMMON }),
]);
type DecisionFields = z.output<typeof DecisionFields>;

export const decide = async (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> => {
  const id = call.event.pathParameters?.id;
  if (!isApprovalId(id)) return unknownPage(deps);
  return takeForm(deps, { call, place: id }, async (visit, fields) => {
    const read = readDecision(fields);
    if (!read) return refuseForm(deps, call, 'fields_wrong');
    const { form, digest } = read;
    const { session } = visit;
    const refused = checkToken(deps, { call, session }, { subject: { form, id, digest }, fields });
    if (refused) return refused;
    if (!isPerson(deps, visit)) return notAPerson(visit);
    const decided = await carryOut(deps, { visit, id }, read);
    return decided.ok
      ? resultAnswer(deps, { visit, place: id }, { form, approval: decided.value })
      : refusalAnswer(deps, { visit, place: id }, decided.failure);
  });
};

const readDecision = (fields: FormFields): DecisionFields | undefined => {
  const read = DecisionFields.safeParse(Object.fromEntries(fields));
  if (!read.success) return undefined;
  // What to give is said whole or not at all.
  const isWhole =
    read.data.form !== 'approve' || (read.data.action === undefined) === (read.data.seconds === undefined);
  return isWhole ? read.data : undefined;
};

const carryOut = (
  { useCases }: ConsoleDeps,
  { visit, id }: { readonly visit: Visit; readonly id: string },
  fields: DecisionFields,
): Promise<Result<Approval, DecisionRefusal>> => {
  const note = fields.note.trim();
  const ask = { approvalId: id, digest: fields.digest, ...(note === '' ? {} : { note }) };
  const { visitor } = visit;
  switch (fields.form) {
    case 'close_review':
      return useCases.closeReview(visitor, { approvalId: id, note });
    case 'deny':
      return useCases.decideApproval(visitor, { ...ask, decision: 'deny', way: 'page' });
    case 'break_glass':
      return useCases.decideApproval(visitor, { ...ask, decision: 'approve', way: 'break_glass' });
    case 'approve': {
      const { action, seconds } = fields;
      const granted = action === undefined || seconds === undefined ? {} : { granted: { action, seconds } };
      return useCases.decideApproval(visitor, { ...ask, ...granted, decision: 'approve', way: 'page' });
    }
  }
};

interface At {
  readonly visit: Visit;
  readonly place: Place;
}

const resultAnswer = (
  deps: ConsoleDeps,
  { visit, place }: At,
  done: { readonly form: DecisionFields['form']; readonly approval: Approval },
): Answer => {
  const message = resultWords(done.form, done.approval);
  const links = linkItem(pathOf(deps.address, place), 'See the request');
  return pageAnswer(message.status, messagePage(visit.frame, message, { links }));
};

export const refusalAnswer = (deps: ConsoleDeps, { visit, place }: At, refusal: Refusal): Answer => {
  const message = refusalWords(refusal);
  const links =
    refusal.code === 'sign_in_again'
      ? linkItem(signInPath(deps.address, place, true), 'Sign in again and come back here')
      : refusal.code !== 'not_found' && linkItem(pathOf(deps.address, place), 'Open the page again');
  return pageAnswer(message.status, messagePage(visit.frame, message, { links }));
};

export const unknownPage = (deps: ConsoleDeps): Answer =>
  pageAnswer(UNKNOWN_PAGE.status, messagePage(bareFrame(deps), UNKNOWN_PAGE));
