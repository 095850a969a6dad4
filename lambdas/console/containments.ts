import * as z from 'zod';
import { EVERYTHING, SCOPE_KINDS } from '../core/containment/containment.ts';
import { NAME_MAX_CHARACTERS } from '../core/limits.ts';
import { type Answer, pageAnswer } from './answer.ts';
import { Note, refusalAnswer, unknownPage } from './approvals.ts';
import { containmentPage, containmentsPage } from './containments-page.ts';
import { type FormSubject, formToken } from './form-token.ts';
import { linkItem, messagePage } from './message-page.ts';
import { isContainmentId, type Place, pathOf } from './place.ts';
import type { FormFields } from './read-form.ts';
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
  type Visit,
} from './visit.ts';

const PLACE = 'containments';

export const showContainments = (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> =>
  showToPerson(deps, { call, place: PLACE }, async (visit) => {
    const listed = await deps.useCases.listContainments(visit.visitor);
    if (!listed.ok) return refusalAnswer(deps, { visit, place: PLACE }, listed.failure);
    const placing = formParts(deps, visit, PLACE);
    return pageAnswer(200, containmentsPage({ ...pageParts(deps, visit), placing }, listed.value));
  });

export const showContainment = async (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> => {
  const id = call.event.pathParameters?.id;
  if (!isContainmentId(id)) return unknownPage(deps);
  return showToPerson(deps, { call, place: id }, async (visit) => {
    const shown = await deps.useCases.showContainment(visit.visitor, id);
    if (!shown.ok) return refusalAnswer(deps, { visit, place: id }, shown.failure);
    return pageAnswer(200, containmentPage(pageParts(deps, visit), shown.value));
  });
};

const pageParts = (deps: ConsoleDeps, visit: Visit) => ({
  frame: visit.frame,
  now: deps.clock(),
  partsOf: (id: string) => formParts(deps, visit, id as Place),
});

/** A form is good at its own place alone: the one that places stops has no id. */
const formParts = (deps: ConsoleDeps, { session }: Visit, place: Place) => ({
  action: pathOf(deps.address, place),
  digest: '',
  tokenOf: (form: FormSubject['form']) => formToken(session.formSecret, subjectOf(form, place)),
});

const subjectOf = (form: FormSubject['form'], place: Place): FormSubject => ({
  form,
  id: place === PLACE ? '' : place,
  digest: '',
});

const COMMON = { digest: z.literal(''), token: z.string(), note: Note };
const ContainFields = z.strictObject({
  form: z.literal('contain'),
  ...COMMON,
  scope: z.enum(SCOPE_KINDS),
  key: z
    .string()
    .max(NAME_MAX_CHARACTERS)
    .transform((key) => key.trim()),
});
const LiftFields = z.strictObject({ form: z.literal('lift'), ...COMMON });

export const contain = (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> =>
  takeForm(deps, { call, place: PLACE }, async (visit, fields) => {
    const read = ContainFields.safeParse(Object.fromEntries(fields));
    if (!read.success) return refuseForm(deps, call, 'fields_wrong');
    const refused = refuse(deps, call, { visit, fields, subject: subjectOf('contain', PLACE) });
    if (refused) return refused;
    const { scope: kind, key, note } = read.data;
    // A key beside *everything* is a choice that was changed halfway: nobody can tell which half was meant.
    if ((kind === 'everything') !== (key === ''))
      return refusalAnswer(deps, { visit, place: PLACE }, { code: 'not_known' });
    const stop = kind === 'everything' ? EVERYTHING : { kind, key };
    const contained = await deps.useCases.contain(visit.visitor, { stop, why: note.trim() });
    if (!contained.ok) return refusalAnswer(deps, { visit, place: PLACE }, contained.failure);
    return done(deps, visit, { message: STOPPED, id: contained.value.containment.id });
  });

export const liftContainment = async (deps: ConsoleDeps, call: ConsoleCall): Promise<Answer> => {
  const id = call.event.pathParameters?.id;
  if (!isContainmentId(id)) return unknownPage(deps);
  return takeForm(deps, { call, place: id }, async (visit, fields) => {
    const read = LiftFields.safeParse(Object.fromEntries(fields));
    if (!read.success) return refuseForm(deps, call, 'fields_wrong');
    const refused = refuse(deps, call, { visit, fields, subject: subjectOf('lift', id) });
    if (refused) return refused;
    const ask = { containmentId: id, why: read.data.note.trim() };
    const lifted = await deps.useCases.liftContainment(visit.visitor, ask);
    if (!lifted.ok) return refusalAnswer(deps, { visit, place: id }, lifted.failure);
    return done(deps, visit, { message: LIFTED, id });
  });
};

const refuse = (
  deps: ConsoleDeps,
  call: ConsoleCall,
  about: { readonly visit: Visit; readonly fields: FormFields; readonly subject: FormSubject },
): Answer | undefined => {
  const { visit, fields, subject } = about;
  const refused = checkToken(deps, { call, session: visit.session }, { subject, fields });
  return refused ?? (isPerson(deps, visit) ? undefined : notAPerson(visit));
};

const done = (
  deps: ConsoleDeps,
  visit: Visit,
  { message, id }: { readonly message: Message; readonly id: string },
): Answer => {
  const links = [
    linkItem(pathOf(deps.address, id as Place), 'See what is still being ended'),
    linkItem(pathOf(deps.address, PLACE), 'Containments'),
  ];
  return pageAnswer(message.status, messagePage(visit.frame, message, { links }));
};

const STOPPED: Message = {
  status: 200,
  title: 'Stopped',
  what: 'Your stop is recorded. Every use within is refused from now on, and what lives there is being ended.',
  next: 'In about two minutes it has settled, unless something does not end. Only somebody else can lift it.',
};

const LIFTED: Message = {
  status: 200,
  title: 'Lifted',
  what: 'Access is given again to what asks anew, unless another stop is in its way. What was ended stays ended.',
  next: 'Tell whoever placed it.',
};
