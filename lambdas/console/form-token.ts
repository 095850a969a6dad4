import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a form is for. A token that was given for one form is good for no other. */
export type FormName =
  | 'approve'
  | 'deny'
  | 'break_glass'
  | 'close_review'
  | 'revoke'
  | 'contain'
  | 'lift'
  | 'sign_out';

/** What a form is about: the approval, the grant or the stop, and of an approval the digest that the page showed. */
export interface FormSubject {
  readonly form: FormName;
  readonly id: string;
  readonly digest: string;
}

/**
 * HMAC-SHA256 (base64url) under a secret of the session, so that neither another site nor another session can make one.
 * As JSON, since then no two subjects are spelled alike.
 */
export const formToken = (secret: string, { form, id, digest }: FormSubject): string =>
  createHmac('sha256', secret)
    .update(JSON.stringify([form, id, digest]))
    .digest('base64url');

export const isFormToken = (given: string, secret: string, subject: FormSubject): boolean => {
  const expected = Buffer.from(formToken(secret, subject));
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
};
