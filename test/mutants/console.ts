import type { Mutant } from '../../bin/mutant.ts';

const READ_FORM = 'lambdas/console/read-form.ts';
const VISIT = 'lambdas/console/visit.ts';
const SIGN_IN = 'lambdas/app/sign-in-person.ts';
const ISSUER = 'lambdas/adapters/people-issuer.ts';
const VISIBLE = 'lambdas/console/visible-text.ts';
const FORM_TESTS = ['test/console/forms.test.ts'];
const PAGE_TESTS = ['test/console/pages.test.ts'];
const SIGN_IN_TESTS = ['test/console/sign-in.test.ts'];
const ISSUER_TESTS = ['test/adapters/people-issuer.test.ts'];

/** Whose word it is, that they meant it, and that they saw what they decided on. */
export const CONSOLE_MUTANTS: readonly Mutant[] = [
  {
    promise: 4,
    rule: 'a form of another origin is refused',
    file: READ_FORM,
    find: `if (onlyHeader(event, 'origin') !== ownOrigin) return fail('origin_wrong');`,
    replace: '',
    tests: FORM_TESTS,
  },
  {
    promise: 4,
    rule: 'a form that a browser calls cross-site is refused',
    file: READ_FORM,
    find: `site !== 'same-origin'`,
    replace: `site === ''`,
    tests: FORM_TESTS,
  },
  {
    promise: 4,
    rule: 'a field that is there twice makes a form unreadable',
    file: READ_FORM,
    find: 'fields.size === pairs.length ? fields : undefined',
    replace: 'fields',
    tests: FORM_TESTS,
  },
  {
    promise: 4,
    rule: 'a form without its own token is refused',
    file: VISIT,
    find: `isFormToken(fields.get('token') ?? '', session.formSecret, subject)`,
    replace: `isFormToken(fields.get('token') ?? '', session.formSecret, subject) || fields.size > 0`,
    tests: FORM_TESTS,
  },
  {
    promise: 4,
    rule: 'a token is bound to its form, its subject and the digest that was shown',
    file: 'lambdas/console/form-token.ts',
    find: 'JSON.stringify([form, id, digest])',
    replace: 'JSON.stringify([form, id])',
    tests: FORM_TESTS,
  },
  {
    promise: 4,
    rule: 'nothing that does not show hides in what is decided on',
    file: VISIBLE,
    find: '\\p{Default_Ignorable_Code_Point}',
    replace: '',
    tests: PAGE_TESTS,
  },
  {
    promise: 4,
    rule: 'text of agents is text and never markup',
    file: VISIBLE,
    find: ': show(part),',
    replace: ': Object.assign(new String(part), { isEscaped: true }),',
    tests: PAGE_TESTS,
  },
  {
    promise: 4,
    rule: 'a page is in no frame of others',
    file: 'lambdas/console/answer.ts',
    find: `"frame-ancestors 'none'"`,
    replace: `"frame-ancestors *"`,
    tests: PAGE_TESTS,
  },
  {
    promise: 4,
    rule: 'Enter in a field sends nothing',
    file: 'lambdas/console/form.ts',
    find: '<button type="submit" disabled hidden></button>',
    replace: '',
    tests: PAGE_TESTS,
  },
  {
    promise: 1,
    rule: 'whoever is no person is shown nothing',
    file: VISIT,
    find: 'isPerson(deps, visit) ? show(visit) : notAPerson(visit)',
    replace: 'show(visit)',
    tests: SIGN_IN_TESTS,
  },
  {
    promise: 1,
    rule: 'a session ends, by the clock',
    file: 'lambdas/core/identity/session.ts',
    find: 'now < session.expiresAt && ',
    replace: 'now !== session.expiresAt && ',
    tests: SIGN_IN_TESTS,
  },
  {
    promise: 1,
    rule: 'signing out ends the session and not only the cookie',
    file: 'lambdas/adapters/dynamo/dynamo-sessions.ts',
    find: `stringOf(item, 'state') !== 'begun'`,
    replace: `stringOf(item, 'state') === ''`,
    tests: FORM_TESTS,
  },
  {
    promise: 1,
    rule: 'a sign-in leads to a page of ours only',
    file: 'lambdas/console/place.ts',
    find: `typeof text === 'string' && APPROVAL_ID_PATTERN.test(text)`,
    replace: `typeof text === 'string' && text !== ''`,
    tests: SIGN_IN_TESTS,
  },
  {
    promise: 2,
    rule: 'the trail knows of a sign-in before there is a session',
    file: SIGN_IN,
    find: 'await recordPerson(deps,',
    replace: 'void recordPerson(deps,',
    tests: SIGN_IN_TESTS,
  },
  {
    promise: 8,
    rule: 'a sign-out is in the trail',
    file: 'lambdas/console/sign-in.ts',
    find: 'await signedOut(deps, visitor)',
    replace: 'await Promise.resolve(visitor)',
    tests: FORM_TESTS,
  },
  {
    promise: 8,
    rule: 'what a person notes of a revocation hides nothing',
    file: 'lambdas/console/grants.ts',
    find: 'note: Note,',
    replace: 'note: z.string(),',
    tests: FORM_TESTS,
  },
  {
    promise: 1,
    rule: 'an ID token is signed by its issuer',
    file: ISSUER,
    find: 'client.enableNonRepudiationChecks(made);',
    replace: '',
    tests: ISSUER_TESTS,
  },
  {
    promise: 3,
    rule: 'a sign-in is as old as its issuer says, and never younger than now',
    file: ISSUER,
    find: 'authenticatedAt: Math.min(authenticatedAt, now)',
    replace: 'authenticatedAt',
    tests: ISSUER_TESTS,
  },
  {
    promise: 1,
    rule: 'whoever has signed out is asked who they are',
    file: 'lambdas/console/sign-in.ts',
    find: ` || hasSignedOut(event)`,
    replace: '',
    tests: FORM_TESTS,
  },
  {
    promise: 4,
    rule: 'Enter on a choice sends no form',
    file: 'lambdas/console/form.ts',
    find: '<button type="submit" formmethod="dialog" formnovalidate hidden></button>',
    replace: '',
    tests: PAGE_TESTS,
  },
];
