import { createHash } from 'node:crypto';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
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
import { afterDecision, afterRefusal, NOT_KNOWN, OUTSIDER, REPEATED } from './slack-words.ts';

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
  (deps: SlackInteractionDeps) =>
  async (
    event: APIGatewayProxyEvent,
    context: Pick<Context, 'awsRequestId'>,
  ): Promise<APIGatewayProxyResult> => {
    try {
      return await answer(deps, event, context);
    } catch (error) {
      if (!(error instanceof DependencyUnavailable)) throw error;
      deps.log('error', 'an interaction could not be heard', { dependency: error.dependency });
      return { statusCode: 503, headers: HEADERS, body: '' };
    }
  };

const answer = async (
  deps: SlackInteractionDeps,
  event: APIGatewayProxyEvent,
  context: Pick<Context, 'awsRequestId'>,
): Promise<APIGatewayProxyResult> => {
  const call = signedCall(event);
  if (!call || !verifySlackSignature({ ...call, secret: await deps.signingSecret(), now: deps.clock() }))
    return REFUSED;
  const fingerprint = createHash('sha256').update(call.signature).digest('hex');
  if (!(await deps.claimOnce(fingerprint))) return say(REPEATED);
  const read = readInteraction(call.rawBody, deps.home);
  if (!read.ok) return answerTo(read.failure);
  const text = await decide(deps, read.value, { call, event, context, fingerprint });
  await whisper(deps, read.value, text);
  return say(text);
};

interface SignedCall {
  readonly rawBody: Uint8Array;
  readonly timestamp: string;
  readonly signature: string;
}

/** The bytes that were signed: what API Gateway encoded is decoded, and nothing is ever written anew. */
const signedCall = (event: APIGatewayProxyEvent): SignedCall | undefined => {
  const timestamp = headerOf(event, 'x-slack-request-timestamp');
  const signature = headerOf(event, 'x-slack-signature');
  if (timestamp === undefined || signature === undefined || event.body === null) return undefined;
  const rawBody = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  return rawBody.length > SLACK_BODY_MAX_BYTES ? undefined : { rawBody, timestamp, signature };
};

/** A header that came twice says two things, so it says nothing. */
const headerOf = ({ headers, multiValueHeaders }: APIGatewayProxyEvent, name: string): string | undefined => {
  const values = Object.entries(multiValueHeaders ?? {}).filter(([key]) => key.toLowerCase() === name);
  if (values.length > 1 || values.some(([, all]) => (all?.length ?? 0) > 1)) return undefined;
  const single = Object.entries(headers ?? {}).filter(([key]) => key.toLowerCase() === name);
  return single.length > 1 ? undefined : (single[0]?.[1] ?? values[0]?.[1]?.[0]);
};

interface Press {
  readonly call: SignedCall;
  readonly event: APIGatewayProxyEvent;
  readonly context: Pick<Context, 'awsRequestId'>;
  readonly fingerprint: string;
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
  const decided = await deps.decide(visitorOf(person, press), {
    approvalId,
    digest,
    decision,
    way: 'button',
  });
  return decided.ok ? afterDecision(decided.value, decision) : afterRefusal(decided.failure.code);
};

const requestOf = ({ event: { requestContext, headers }, context }: Press) => ({
  client: {
    ip: requestContext.identity.sourceIp,
    userAgent: headerAgent(headers),
  },
  requestId: requestContext.requestId,
  invocationId: context.awsRequestId,
});

const headerAgent = (headers: APIGatewayProxyEvent['headers'] | null): string =>
  Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === 'user-agent')?.[1] ?? '';

/** Slack has signed who it was, so the signature is the proof that the trail names, and its time when it was given. */
const visitorOf = ({ issuer, subject, type, name, groups, owners }: SlackPerson, press: Press): Visitor => {
  const authenticatedAt = Number(press.call.timestamp) * SECOND_MS;
  return {
    principal: {
      issuer,
      subject,
      type,
      name,
      listed: true,
      groups: { known: true, names: groups },
      owners,
      delegation: [],
      tokenFingerprint: press.fingerprint,
      tokenExpiresAt: authenticatedAt + SLACK_SIGNATURE_TOLERANCE_SECONDS * SECOND_MS,
    },
    authenticatedAt,
    ...requestOf(press),
  };
};

/** As the trail names somebody of whom nothing is known but what Slack has signed. */
const strangerOf = ({ team, user }: Interaction, press: Press): Caller => ({
  principal: {
    issuer: 'https://slack.com',
    subject: `${team}/${user}`,
    type: 'human',
    name: `${team}/${user}`,
    listed: false,
    groups: { known: false },
    owners: [],
    delegation: [],
    tokenFingerprint: press.fingerprint,
    tokenExpiresAt: (Number(press.call.timestamp) + SLACK_SIGNATURE_TOLERANCE_SECONDS) * SECOND_MS,
  },
  ...requestOf(press),
});

/** What was decided stands, whether or not the person can be told. */
const whisper = async ({ whisper: tell, log }: SlackInteractionDeps, said: Interaction, text: string) => {
  if (said.responseUrl === undefined) return;
  await tell(said.responseUrl, text).catch(() =>
    log('warn', 'a person could not be answered', { about: said.approvalId }),
  );
};

const answerTo = (refusal: InteractionRefusal): APIGatewayProxyResult => {
  if (refusal === 'only_a_link') return { statusCode: 200, headers: HEADERS, body: '' };
  return refusal === 'outsider' ? say(OUTSIDER) : REFUSED;
};

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

/** Without a word on what was wrong: whoever is not Slack learns nothing. */
const REFUSED: APIGatewayProxyResult = { statusCode: 401, headers: HEADERS, body: '' };

const say = (text: string): APIGatewayProxyResult => ({
  statusCode: 200,
  headers: HEADERS,
  body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
});
