import * as z from 'zod';
import { APPROVAL_WAIT_MIN_SECONDS, APPROVAL_WAIT_SECONDS } from '../core/limits.ts';

/** Characters that show as something else, or as nothing, have no place in what people will read and decide on. */
const CONTROL = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufff9-\ufffb\ufffd]/u;
/** Tags, fillers, selectors and marks of direction can carry a second text, which only a model reads; a blank of Braille is one too. */
const INVISIBLE = /(?!\ufe0f)\p{Default_Ignorable_Code_Point}|\u2800/u;
/** What asks for an emoji's coloured form is at home behind one, and nowhere else. */
const STRAY_SELECTOR = /(?<!\p{Extended_Pictographic})\ufe0f/u;
const UNREADABLE = [CONTROL, INVISIBLE, STRAY_SELECTOR];

/** Text that people will read: nothing hidden in it, and nothing that looks like something else. */
export const readable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine(
      (text) => !UNREADABLE.some((kind) => kind.test(text)),
      'must not contain control or invisible characters',
    )
    .refine((text) => text.trim() === text, 'must not begin or end with a space');

export const ApprovalSeconds = z
  .int()
  .min(APPROVAL_WAIT_MIN_SECONDS)
  .max(APPROVAL_WAIT_SECONDS)
  .optional()
  .describe(
    `How long people have to decide, should they have to; ${APPROVAL_WAIT_SECONDS} unless said. Nobody is asked for longer than the grant lasts`,
  );

export const Time = z.iso.datetime().describe('UTC, with milliseconds');
export const Policies = z.array(z.object({ id: z.string(), reason: z.string().optional() }));

export const ApprovalView = z
  .object({
    id: z
      .string()
      .describe('Names what people are asked; a request may have had several, and this is the last'),
    state: z
      .enum(['pending', 'approved', 'consumed', 'denied', 'lapsed', 'cancelled', 'superseded'])
      .describe(
        '`approved`: enough people said yes; `consumed`: and it has begun; `lapsed`: nobody decided or it did not begin in time; `superseded`: policy asks for more by now, so people are asked anew',
      ),
    quorum: z.int().describe('How many people must approve'),
    approvals: z.int().optional().describe('How many have'),
    approveBy: Time.describe('People may decide until then; UTC'),
    url: z.string().describe('Where people decide; it authorises nothing by itself'),
    digest: z.string().optional().describe('SHA-256 of everything that is asked for; the page shows it too'),
    decidedBy: z.array(z.string()).optional().describe('Names of the people who have decided so far'),
    note: z
      .string()
      .optional()
      .describe('A person’s own words: why not, where somebody denied; else the last that was said'),
    granted: z
      .object({
        action: z.string().describe('What may be done'),
        durationSeconds: z.int().describe('For how long, from the moment it begins'),
      })
      .optional()
      .describe('May be less than was asked for: a shorter window, or an action that allows less'),
    useBy: Time.optional().describe('What has not begun by then does not begin any more; UTC'),
  })
  .meta({ id: 'Approval' });
