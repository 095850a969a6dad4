import { createHash } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Caller } from '../app/caller.ts';
import { type Clock, DependencyUnavailable, type Log } from '../app/ports.ts';
import type { Visitor } from '../app/visitor.ts';
import type { Approval } from '../core/approval/approval.ts';
import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import type { AuditFact } from '../core/audit/event.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import { SECOND_MS, SLACK_BODY_MAX_BYTES, SLACK_SIGNATURE_TOLERANCE_SECONDS } from '../core/limits.ts';
import type { Result } from '../core/result.ts';
import { findSlackPerson, type SlackPerson } from '../core/slack/find-slack-person.ts';
import {
  type Interaction,
  type InteractionRefusal,
  readInteraction,
  type SlackHome,
} from '../core/slack/read-interaction.ts';
import { verifySlackSignature } from '../core/slack/verify-slack-signature.ts';
import type { EpochMs } from '../core/time.ts';
import type { Answer } from './answer.ts';
import { type ConsoleCall, type ConsoleHandler, onlyHeader } from './request.ts';
import { afterDecision, afterRefusal, NOT_KNOWN, OUTSIDER, REPEATED } from './slack-words.ts';
import { callerPartsOf } from './visit.ts';

/** What a person said with a button. */
export interface ButtonAsk {
  readonly approvalId: string;
  /** Of what the person saw. */
  readonly digest: string;
  readonly decision: 'approve' | 'deny';
  readonly way: 'button';
}

export interface SlackInteractionDeps {
  readonly signingSecret: () => Promise<string>;
  readonly home: SlackHome;
  readonly principals: readonly PrincipalEntry[];
  readonly decide: (visitor: Visitor, ask: ButtonAsk) => Promise<Result<Approval, DecisionRefusal>>;
  /** Whether this is the first time that the key (64 hex digits) is claimed. */
  readonly claimOnce: (key: string) => Promise<boolean>;
  /** Keeps in the trail that somebody whom no entry names tried to decide. */
  readonly recordUnknown: (caller: Caller, refusal: UnknownRefusal) => Promise<unknown>;
  /** Shows that person alone a text, at an address that Slack has named. Slack does not show what a press is answered with. */
  readonly whisper: (responseUrl: string, text: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export type UnknownRefusal = Extract<AuditFact, { readonly type: 'decision.refused' }>;

/** `POST /console/slack`. First whether Slack sent it, then whether it is new, then what it says, then who said it. */
export const slackInteraction =
  (deps: SlackInteractionDeps): ConsoleHandler =>
  async (call) => {
    try {
      return await answer(deps, call);
    } catch (error) {
      if (!(error instanceof DependencyUnavailable)) throw error;
      deps.log('error', 'an interaction could not be heard', { dependency: error.dependency });
      return { statusCode: 503, headers: HEADERS, body: '' };
    }
  };

const answer = async (deps: SlackInteractionDeps, call: ConsoleCall): Promise<Answer> => {
  const signed = signedBy(call.event);
  if (!signed || !verifySlackSignature({ ...signed, secret: await deps.signingSecret(), now: deps.clock() }))
    return REFUSED;
  const fingerprint = createHash('sha256').update(signed.signature).digest('hex');
  if (!(await deps.claimOnce(fingerprint))) return say(REPEATED);
  const read = readInteraction(signed.rawBody, deps.home);
  if (!read.ok) return answerTo(read.failure);
  const signedAt = Number(signed.timestamp) * SECOND_MS;
  const text = await decide(deps, read.value, { call, fingerprint, signedAt });
  await whisper(deps, read.value, text);
  return say(text);
};

interface Signed {
  readonly rawBody: Uint8Array;
  readonly timestamp: string;
  readonly signature: string;
}

/** The bytes that were signed: what API Gateway encoded is decoded, and nothing is ever written anew. */
const signedBy = (event: APIGatewayProxyEvent): Signed | undefined => {
  const timestamp = onlyHeader(event, 'x-slack-request-timestamp');
  const signature = onlyHeader(event, 'x-slack-signature');
  if (timestamp === undefined || signature === undefined || event.body === null) return undefined;
  const rawBody = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  return rawBody.length > SLACK_BODY_MAX_BYTES ? undefined : { rawBody, timestamp, signature };
};

/** Slack has signed who it was, so the signature is the proof that the trail names, and its time when it was given. */
interface Press {
  readonly call: ConsoleCall;
  /** SHA-256 (hex) of the signature. */
  readonly fingerprint: string;
  readonly signedAt: EpochMs;
}

const decide = async (deps: SlackInteractionDeps, said: Interaction, press: Press): Promise<string> => {
  const { approvalId, digest, decision, team, user } = said;
  const person = findSlackPerson({ team, user }, deps.principals);
  if (!person) {
    await deps.recordUnknown(strangerOf(said, press), {
      type: 'decision.refused',
      code: 'slack_account_unknown',
      decision: `${decision} by button`,
      about: approvalId,
    });
    return NOT_KNOWN;
  }
  const ask = { approvalId, digest, decision, way: 'button' } as const;
  const decided = await deps.decide(visitorOf(person, press), ask);
  return decided.ok ? afterDecision(decided.value, decision) : afterRefusal(decided.failure.code);
};

const visitorOf = ({ issuer, subject, name, groups, owners }: SlackPerson, press: Press): Visitor => ({
  principal: {
    issuer,
    subject,
    name,
    listed: true,
    groups: { known: true, names: groups },
    owners,
    ...proofOf(press),
  },
  authenticatedAt: press.signedAt,
  ...callerPartsOf(press.call),
});

/** As the trail names somebody of whom nothing is known but what Slack has signed. */
const strangerOf = ({ team, user }: Interaction, press: Press): Caller => ({
  principal: {
    issuer: 'https://slack.com',
    subject: `${team}/${user}`,
    name: `${team}/${user}`,
    listed: false,
    groups: { known: false },
    owners: [],
    ...proofOf(press),
  },
  ...callerPartsOf(press.call),
});

const proofOf = ({ fingerprint, signedAt }: Press) => ({
  type: 'human' as const,
  delegation: [],
  tokenFingerprint: fingerprint,
  tokenExpiresAt: signedAt + SLACK_SIGNATURE_TOLERANCE_SECONDS * SECOND_MS,
});

/** What was decided stands, whether or not the person can be told. */
const whisper = async ({ whisper: tell, log }: SlackInteractionDeps, said: Interaction, text: string) => {
  if (said.responseUrl === undefined) return;
  await tell(said.responseUrl, text).catch(() =>
    log('warn', 'a person could not be answered', { about: said.approvalId }),
  );
};

const answerTo = (refusal: InteractionRefusal): Answer => {
  if (refusal === 'only_a_link') return { statusCode: 200, headers: HEADERS, body: '' };
  return refusal === 'outsider' ? say(OUTSIDER) : REFUSED;
};

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

/** Without a word on what was wrong: whoever is not Slack learns nothing. */
const REFUSED: Answer = { statusCode: 401, headers: HEADERS, body: '' };

const say = (text: string): Answer => ({
  statusCode: 200,
  headers: HEADERS,
  body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
});
