export interface LoginAttempt {
  readonly user: string;
  /** `host:port` as the caller knows the instance. */
  readonly endpoint: string;
  readonly now: number;
}

const MAX_AGE_SECONDS = 900;

/**
 * Whether this is an IAM login token for that user and place, and young enough. Its signature cannot be checked here,
 * since MiniStack keeps the secrets of its sessions to itself, nor whether its signer may `rds-db:connect`: both are
 * proved on the embedded stack.
 */
export const isLoginToken = (token: string, { user, endpoint, now }: LoginAttempt): boolean => {
  const url = URL.parse(`https://${token}`);
  const query = url?.searchParams;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query?.get('X-Amz-Date') ?? '')?.map(Number) ?? [];
  const age = now - Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  return (
    url?.host === endpoint &&
    query?.get('Action') === 'connect' &&
    query.get('DBUser') === user &&
    /^[0-9a-f]{64}$/.test(query.get('X-Amz-Signature') ?? '') &&
    age < MAX_AGE_SECONDS * 1_000
  );
};
