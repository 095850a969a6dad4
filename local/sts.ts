import type { ServerResponse } from 'node:http';
import * as z from 'zod';
import { AwsError, accessDenied } from './aws-error.ts';
import { trusts } from './iam.ts';
import type { Session, Sessions } from './sessions.ts';

/** A function's keys are a role's session already, and what they assume is chained to it: an hour at most. */
const AssumeRole = z.strictObject({
  Action: z.literal('AssumeRole'),
  Version: z.literal('2011-06-15'),
  RoleArn: z.string(),
  RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/),
  DurationSeconds: z.coerce.number().int().min(900).max(3_600),
});

/** Answers `<AssumeRoleResult>`. Throws `AwsError`, also for each parameter that is not implemented. */
export const assumeRole = (sessions: Sessions, caller: Session, body: string): string => {
  const parsed = AssumeRole.safeParse(Object.fromEntries(new URLSearchParams(body)));
  if (!parsed.success) throw new AwsError('ValidationError', z.prettifyError(parsed.error));
  const { RoleArn: roleArn, RoleSessionName: name, DurationSeconds: seconds } = parsed.data;
  const role = sessions.role(roleArn);
  const request = { action: 'sts:AssumeRole', resource: roleArn, context: caller.context };
  // Stricter than AWS within one account, where a trust policy that names the caller's role would do alone.
  if (!role || !sessions.isAllowed(caller, request) || !trusts(role.trust, caller.roleArn, request))
    throw accessDenied(caller.arn, request.action, roleArn);
  if (seconds > role.maxSessionSeconds)
    throw new AwsError('ValidationError', 'DurationSeconds exceeds the MaxSessionDuration of this role');
  const expiration = Date.now() + seconds * 1000;
  const { accessKeyId, secretAccessKey, sessionToken, arn } = sessions.issue({ roleArn, name, expiration });
  return `<AssumeRoleResult><AssumedRoleUser><Arn>${arn}</Arn></AssumedRoleUser><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId>
    <SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken>
    <Expiration>${new Date(expiration).toISOString()}</Expiration></Credentials></AssumeRoleResult>`;
};

/** Answers `<GetCallerIdentityResult>`, which takes no right. */
export const callerIdentity = ({ arn }: Session): string =>
  `<GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult>`;

/** Runs one call and writes what comes of it, in XML as STS does. */
export const answerSts = async (response: ServerResponse, call: () => Promise<unknown>): Promise<void> => {
  const succeed = (result: unknown) => `<Response>${result}</Response>`;
  const fail = (error: unknown): string => {
    const { status, code, message } = error instanceof AwsError ? error : new AwsError('InternalFailure', '');
    const text = message.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    response.statusCode = status;
    return `<ErrorResponse><Error><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>`;
  };
  response.setHeader('content-type', 'text/xml').end(await call().then(succeed, fail));
};
