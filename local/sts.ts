import type { ServerResponse } from 'node:http';
import * as z from 'zod';
import { AwsError, accessDenied } from './aws-error.ts';
import { parseJsonObject } from './aws-json.ts';
import { PolicyDocument, trusts } from './iam.ts';
import type { Session, Sessions } from './sessions.ts';

const Tag = z.strictObject({
  Key: z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u),
  Value: z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u),
});

/** A function's keys are a role's session already, and what they assume is chained to it: an hour at most. */
const AssumeRole = z.strictObject({
  Action: z.literal('AssumeRole'),
  Version: z.literal('2011-06-15'),
  RoleArn: z.string(),
  RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/),
  DurationSeconds: z.coerce.number().int().min(900).max(3_600),
  ExternalId: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,1224}$/)
    .optional(),
  SourceIdentity: z
    .string()
    .regex(/^(?!aws:)[\w+=,.@-]{2,64}$/)
    .optional(),
  Policy: z
    .string()
    .max(2_048)
    .regex(/^[\t\n\r -\xff]+$/)
    .transform(parseJsonObject)
    .pipe(PolicyDocument)
    .optional(),
  Tags: z.array(Tag).max(50),
});
type AssumeRole = z.infer<typeof AssumeRole>;

/**
 * AWS packs policy and tags in a way that it does not describe, against a limit of its own. Here their characters are added
 * up against a limit that the largest policy and long tags do not meet together.
 */
const PACKED_MAX_CHARACTERS = 2_300;

/** Answers `<AssumeRoleResult>`. Throws `AwsError`, also for each parameter that is not implemented. */
export const assumeRole = (sessions: Sessions, caller: Session, body: string): string => {
  const input = new URLSearchParams(body);
  const parsed = AssumeRole.safeParse(withTags(input));
  if (!parsed.success) throw new AwsError('ValidationError', z.prettifyError(parsed.error));
  const { RoleArn: roleArn, RoleSessionName: name, DurationSeconds: seconds } = parsed.data;
  const role = sessions.role(roleArn);
  for (const question of questionsOf(parsed.data)) {
    const request = { ...question, resource: roleArn };
    const asked = { ...request, context: { ...caller.context, ...question.context } };
    // Stricter than AWS within one account, where a trust policy that names the caller's role would do alone.
    if (!role || sessions.refusalOf(caller, request) || !trusts(role.trust, caller.roleArn, asked))
      throw accessDenied(caller.arn, request);
  }
  if (role && seconds > role.maxSessionSeconds)
    throw new AwsError('ValidationError', 'DurationSeconds exceeds the MaxSessionDuration of this role');
  const { SourceIdentity, Tags, Policy: policy } = parsed.data;
  const packed = [input.get('Policy') ?? '', ...Tags.flatMap(({ Key, Value }) => [Key, Value])].join('');
  const percent = Math.ceil((100 * packed.length) / PACKED_MAX_CHARACTERS);
  if (percent > 100) throw new AwsError('PackedPolicyTooLarge', `Packed size is ${percent}% of its limit.`);
  const tags = Tags.map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, [Value]]);
  const identity = SourceIdentity === undefined ? {} : { 'aws:SourceIdentity': [SourceIdentity] };
  const context = { ...Object.fromEntries(tags), ...identity };
  const expiration = sessions.now() + seconds * 1000;
  const made = sessions.issue({ roleArn, name, expiration, context, ...(policy ? { policy } : {}) });
  return `<AssumeRoleResult><AssumedRoleUser><Arn>${made.arn}</Arn></AssumedRoleUser><Credentials><AccessKeyId>${made.accessKeyId}</AccessKeyId>
    <SecretAccessKey>${made.secretAccessKey}</SecretAccessKey><SessionToken>${made.sessionToken}</SessionToken>
    <Expiration>${new Date(expiration).toISOString()}</Expiration></Credentials><PackedPolicySize>${percent}</PackedPolicySize></AssumeRoleResult>`;
};

/** Lists are numbered in the query API: `Tags.member.1.Key`. */
const withTags = (input: URLSearchParams): object => {
  const Tags: Record<string, string>[] = [];
  const others: [string, string][] = [];
  for (const [name, value] of input) {
    const [, index, key] = /^Tags\.member\.(\d+)\.(Key|Value)$/.exec(name) ?? [];
    if (key) Tags[Number(index) - 1] = { ...Tags[Number(index) - 1], [key]: value };
    else others.push([name, value]);
  }
  return { ...Object.fromEntries(others), Tags };
};

/** One right for each thing that is asked. Only the first knows of the external id. */
const questionsOf = ({ Tags, SourceIdentity, ExternalId, RoleSessionName }: AssumeRole) => {
  const identity = SourceIdentity === undefined ? {} : { 'sts:SourceIdentity': [SourceIdentity] };
  const tags = {
    'aws:TagKeys': Tags.map(({ Key }) => Key),
    ...Object.fromEntries(Tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, [Value]])),
  };
  const external = ExternalId === undefined ? {} : { 'sts:ExternalId': [ExternalId] };
  const context = { ...tags, ...identity, ...external, 'sts:RoleSessionName': [RoleSessionName] };
  return [
    { action: 'sts:AssumeRole', context },
    ...(Tags.length > 0 ? [{ action: 'sts:TagSession', context: tags }] : []),
    ...(SourceIdentity === undefined ? [] : [{ action: 'sts:SetSourceIdentity', context: identity }]),
  ];
};

/** Answers `<GetCallerIdentityResult>`, which takes no right. */
export const callerIdentity = ({ arn }: Session): string =>
  `<GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult>`;

/** Runs one call and writes what comes of it, in XML as services with a query API do. */
export const answerQuery = async (response: ServerResponse, call: () => Promise<unknown>): Promise<void> => {
  const succeed = (result: unknown) => `<Response>${result}</Response>`;
  const fail = (error: unknown): string => {
    const { status, code, message } = error instanceof AwsError ? error : new AwsError('InternalFailure', '');
    const text = message.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    response.statusCode = status;
    return `<ErrorResponse><Error><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>`;
  };
  response.setHeader('content-type', 'text/xml').end(await call().then(succeed, fail));
};
