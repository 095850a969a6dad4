import * as z from 'zod';
import { GRANT_ID_PATTERN } from '../core/grant/ids.ts';
import { type Answer, pageAnswer } from './answer.ts';
import { Note, refusalAnswer, unknownPage } from './approvals.ts';
import { formToken } from './form-token.ts';
import { grantsPage } from './grants-page.ts';
import { linkItem, messagePage } from './message-page.ts';
import { pathOf } from './place.ts';
import type { Message } from './refusal-words.ts';
import type { ConsoleCall } from './request.ts';
import {
  type ConsoleDeps,
  checkToken,
  isPerson,
  notAPerson,
  refuseForm,
  showToPerson,
  takeForm,
} from './visit.ts';

export const showGrants = (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> =>
  showToPerson(deps, { call, place: 'grants' }, async ({ visitor, frame, session }) => {
    const grants = await deps.useCases.listLiveGrants(visitor);
    const tokenOf = (id: string) => formToken(session.formSecret, { form: 'revoke', id, digest: '' });
    return pageAnswer(200, grantsPage({ frame, now: deps.clock(), tokenOf }, grants));
  });

const RevokeFields = z.strictObject({
  form: z.literal('revoke'),
  digest: z.literal(''),
  token: z.string(),
  note: Note,
});

export const revoke = async (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> => {
  const id = call.event.pathParameters?.id ?? '';
  if (!GRANT_ID_PATTERN.test(id)) return unknownPage(deps);
  return takeForm(deps, { call, place: 'grants' }, async (visit, fields) => {
    const read = RevokeFields.safeParse(Object.fromEntries(fields));
    if (!read.success) return refuseForm(deps, call, 'fields_wrong');
    const subject = { form: 'revoke', id, digest: '' } as const;
    const refused = checkToken(deps, { call, session: visit.session }, { subject, fields });
    if (refused) return refused;
    if (!isPerson(deps, visit)) return notAPerson(visit);
    const note = read.data.note.trim();
    const revoked = await deps.useCases.revokeGrant(visit.visitor, { grantId: id, note });
    if (!revoked.ok) return refusalAnswer(deps, { visit, place: 'grants' }, revoked.failure);
    const links = linkItem(pathOf(deps.address, 'grants'), 'Live grants');
    return pageAnswer(REVOKED.status, messagePage(visit.frame, REVOKED, { links }));
  });
};

const REVOKED: Message = {
  status: 200,
  title: 'Revoked',
  what: 'Your revocation is recorded. Nothing can be done under the grant any more, and the connections it opened are being ended.',
  next: 'The trail says when they were proved dead.',
};
