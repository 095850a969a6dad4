import * as z from 'zod';
import {
  SLACK_ACTION_MAX_CHARACTERS,
  SLACK_RESPONSE_URL_MAX_CHARACTERS,
  SLACK_VALUE_MAX_CHARACTERS,
} from '../limits.ts';
import { fail, ok, type Result } from '../result.ts';
import { readButtonValue, SLACK_ACTIONS } from './button-value.ts';

/** The one workspace and the one app whose calls are heard. */
export interface SlackHome {
  readonly teamId: string;
  readonly appId: string;
}

/** What a person of that workspace said by pressing a button of ours. */
export interface Interaction {
  readonly team: string;
  readonly user: string;
  readonly approvalId: string;
  /** Of what the person saw: it may no longer be what is asked. */
  readonly digest: string;
  readonly decision: 'approve' | 'deny';
  /** Where Slack takes an answer for that person alone; undefined where it named no place. */
  readonly responseUrl: string | undefined;
}

/**
 * `malformed`: not one form with one payload of one press. `elsewhere`: another workspace, app or organisation.
 * `outsider`: a guest, or somebody of another workspace who shares the channel. `unknown_action`: no button of ours.
 * `only_a_link`: the button that opens the page was pressed, of which nothing follows.
 */
export type InteractionRefusal = 'malformed' | 'elsewhere' | 'outsider' | 'unknown_action' | 'only_a_link';

/** Reads bytes whose signature has been verified, once. */
export const readInteraction = (
  rawBody: Uint8Array,
  home: SlackHome,
): Result<Interaction, InteractionRefusal> => {
  const payload = payloadOf(rawBody);
  if (payload === undefined) return fail('malformed');
  const { user, team, actions, response_url } = payload;
  if (!isHome(payload, home)) return fail('elsewhere');
  if (!isMember(payload, home)) return fail('outsider');
  const [action] = actions;
  if (action.action_id === SLACK_ACTIONS.review) return fail('only_a_link');
  const decision = DECISIONS.get(action.action_id);
  if (decision === undefined) return fail('unknown_action');
  const pressed = readButtonValue(action.value ?? '');
  if (pressed === undefined) return fail('malformed');
  return ok({ team: team.id, user: user.id, ...pressed, decision, responseUrl: response_url });
};

const DECISIONS: ReadonlyMap<string, 'approve' | 'deny'> = new Map([
  [SLACK_ACTIONS.approve, 'approve'],
  [SLACK_ACTIONS.deny, 'deny'],
]);

const Id = z.string().regex(/^[A-Z0-9]{2,32}$/);

/** Slack adds fields as it likes, so those that are not named are ignored; those that are must be just so. */
const Payload = z.object({
  type: z.literal('block_actions'),
  api_app_id: Id,
  team: z.object({ id: Id, enterprise_id: Id.nullish() }),
  enterprise: z.object({ id: Id }).nullish(),
  is_enterprise_install: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  user: z.object({
    id: Id,
    team_id: Id,
    is_stranger: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_bot: z.boolean().optional(),
  }),
  container: z.object({ type: z.literal('message') }),
  actions: z.tuple([
    z.object({
      type: z.literal('button'),
      action_id: z.string().max(SLACK_ACTION_MAX_CHARACTERS),
      value: z.string().max(SLACK_VALUE_MAX_CHARACTERS).optional(),
    }),
  ]),
  response_url: z.string().max(SLACK_RESPONSE_URL_MAX_CHARACTERS).optional(),
});
type Payload = z.output<typeof Payload>;

/** A second `payload` would leave it open which of them was meant. */
const payloadOf = (rawBody: Uint8Array): Payload | undefined => {
  try {
    const fields = [...new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(rawBody))];
    const [field] = fields;
    if (fields.length !== 1 || field?.[0] !== 'payload') return undefined;
    const parsed = Payload.safeParse(JSON.parse(field[1]));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};

/** An app that is installed for a whole organisation is heard from each of its workspaces, which is not what was set up. */
const isHome = ({ team, api_app_id, enterprise, is_enterprise_install }: Payload, home: SlackHome): boolean =>
  team.id === home.teamId &&
  api_app_id === home.appId &&
  (is_enterprise_install === undefined ||
    is_enterprise_install === false ||
    is_enterprise_install === 'false') &&
  (enterprise?.id ?? team.enterprise_id ?? null) === (team.enterprise_id ?? enterprise?.id ?? null);

const isMember = ({ user }: Payload, { teamId }: SlackHome): boolean =>
  user.team_id === teamId &&
  ![user.is_stranger, user.is_restricted, user.is_ultra_restricted, user.is_bot].includes(true);
