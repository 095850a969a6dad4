import * as z from 'zod';
import { SCOPE_KINDS } from '../core/containment/containment.ts';
import { CONTAINMENT_ID_PATTERN } from '../core/grant/ids.ts';
import { NAME_MAX_CHARACTERS, NOTE_MAX_CHARACTERS } from '../core/limits.ts';
import { readable, Time } from './field-schemas.ts';

const Why = readable(NOTE_MAX_CHARACTERS).describe('Why; everybody who may see it reads this, and auditors');

export const ContainBody = z
  .strictObject({
    scope: z.enum(SCOPE_KINDS).describe('What is stopped'),
    key: readable(NAME_MAX_CHARACTERS)
      .optional()
      .describe(
        'Of a principal, its name in principals.yaml or its key (32 hex digits, as access logs show it); of a task and a resource, the id. Of everything, none',
      ),
    why: Why,
  })
  .refine(({ scope, key }) => (scope === 'everything') === (key === undefined), {
    path: ['key'],
    message: 'must be there, but for everything, which has none',
  })
  .meta({ id: 'Contain' });

export const LiftBody = z.strictObject({ why: Why }).meta({ id: 'Lift' });

export const ContainmentPath = z.object({ id: z.string().regex(CONTAINMENT_ID_PATTERN) });

const WordView = z.object({
  by: z.object({ issuer: z.string(), subject: z.string(), name: z.string() }),
  why: z.string(),
  at: Time,
});

export const ContainmentView = z
  .object({
    id: z.string(),
    state: z
      .enum(['holding', 'settled', 'lifted'])
      .describe(
        '`holding`: every use within is refused, and what lives there is being ended; `settled`: two passes have found nothing left; `lifted`: access is given again to what asks anew',
      ),
    scope: z.enum(SCOPE_KINDS),
    key: z.string(),
    names: z.array(z.string()).describe('Whom a key, or a task, is known to be of; empty: nobody we know'),
    placed: WordView,
    settledAt: Time.optional(),
    lifted: WordView.optional(),
    passes: z
      .int()
      .describe('How many are in the trail; one that finds only what the one before left is not'),
    lastPass: z
      .object({
        at: Time,
        ended: z.object({ grants: z.int(), runs: z.int(), approvals: z.int(), tasks: z.int() }),
        owed: z
          .int()
          .describe('Grants that were over and not proved dead, and runs that had not come to an end'),
      })
      .optional(),
    stillEnding: z
      .object({
        count: z.int().describe('Of all of them; the lists are cut'),
        grants: z.array(
          z.object({
            id: z.string(),
            status: z
              .enum(['open', 'pending', 'quarantined'])
              .describe(
                '`open`: no pass has come to it yet; `quarantined`: its end could not be proved three times',
              ),
            attempts: z.int(),
            lastError: z.string().optional().describe('A step and a code; docs/operations.md explains them'),
          }),
        ),
        runs: z.array(z.string()),
      })
      .optional()
      .describe('What is within and has not come to its end, as it is now. Only where one stop is asked for'),
  })
  .meta({ id: 'Containment' });

export const ContainmentListView = z
  .object({ containments: z.array(ContainmentView) })
  .meta({ id: 'ContainmentList' });
