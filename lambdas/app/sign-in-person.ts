import { createHash } from 'node:crypto';
import { appendEntry } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { AuditFact } from '../core/audit/event.ts';
import { systemChain } from '../core/audit/system-chain.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import { findPrincipal } from '../core/identity/find-principal.ts';
import { type Principal, principalKey } from '../core/identity/principal.ts';
import type { TokenRefusal } from '../core/identity/token-refusal.ts';
import { SECOND_MS, SESSION_SECONDS, SESSION_SECRET_BYTES } from '../core/limits.ts';
import { ok, type Result } from '../core/result.ts';
import { type Caller, callerContext } from './caller.ts';
import type { RandomBytes } from './ports.ts';
import type { Sessions, SignIn } from './ports-of-people.ts';
import type { TrailDeps } from './record-refusal.ts';
import type { Visitor } from './visitor.ts';

export interface SignInDeps extends TrailDeps {
  readonly sessions: Sessions;
  readonly principals: readonly PrincipalEntry[];
  readonly random: RandomBytes;
}

/** Under which a session is stored: whoever reads the table learns nothing that a browser could present. */
export const cookieHash = (cookie: string): string => createHash('sha256').update(cookie).digest('hex');

/**
 * Begins a session under an id that nobody has seen before, so that an id which somebody planted is worth nothing. The trail
 * knows of it first. Answers the cookie's value, which is kept nowhere.
 */
export const signInPerson = async (
  deps: SignInDeps,
  signIn: SignIn,
  from: Omit<Caller, 'principal'>,
): Promise<Result<string, TokenRefusal>> => {
  const found = findPrincipal(signIn, deps.principals);
  if (!found.ok) return found;
  const { authenticatedAt } = signIn;
  const caller = { ...from, principal: found.value };
  await recordPerson(deps, caller, { type: 'person.signed_in', authenticatedAt });
  const cookie = secret(deps.random);
  await deps.sessions.begin(cookieHash(cookie), sessionOf(deps, found.value, authenticatedAt));
  return ok(cookie);
};

const sessionOf = (deps: SignInDeps, principal: Principal, authenticatedAt: number) => ({
  principal,
  authenticatedAt,
  formSecret: secret(deps.random),
  expiresAt: deps.clock() + SESSION_SECONDS * SECOND_MS,
  policyDigest: deps.software.policyDigest,
});

/** 32 random bytes as 43 letters. */
export const secret = (random: RandomBytes): string =>
  Buffer.from(random(SESSION_SECRET_BYTES)).toString('base64url');

/** Until when words under that sign-in were this person's. Their session is over by then. */
export const signedOut = (deps: TrailDeps, visitor: Visitor): Promise<Receipt> =>
  recordPerson(deps, visitor, { type: 'person.signed_out' });

const recordPerson = (
  deps: TrailDeps,
  caller: Caller,
  fact: Extract<AuditFact, { type: `person.${string}` }>,
): Promise<Receipt> => {
  const chain = systemChain('sign-ins', principalKey(caller.principal), deps.clock());
  const event = { ...fact, ...callerContext(caller, deps.software) };
  return deps.store.appendSystem(chain, (head) => appendEntry({ chain, head }, event, deps.clock()));
};
