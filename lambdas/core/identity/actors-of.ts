import { DELEGATION_MAX_DEPTH } from '../limits.ts';
import { fail, ok, type Result } from '../result.ts';
import { isUsableSubject, type TokenClaims } from './check-token.ts';
import { isJsonObject, own } from './decode-token.ts';
import type { PrincipalId } from './principal.ts';
import type { TokenRefusal } from './token-refusal.ts';

/**
 * The chain of `act` claims (RFC 8693 4.1), current actor first. An actor without `iss` belongs to the token's own
 * issuer. A chain that cannot be read whole refuses the token: whoever is left out could approve their own request.
 */
export const actorsOf = ({ issuer, payload }: TokenClaims): Result<readonly PrincipalId[], TokenRefusal> => {
  const actors: PrincipalId[] = [];
  let claim = own(payload, 'act');
  while (claim !== undefined) {
    const actor = actorOf(claim, issuer);
    if (actor === undefined || actors.length === DELEGATION_MAX_DEPTH) return fail('actor_unusable');
    actors.push(actor);
    claim = isJsonObject(claim) ? own(claim, 'act') : undefined;
  }
  return ok(actors);
};

const actorOf = (claim: unknown, tokenIssuer: string): PrincipalId | undefined => {
  if (!isJsonObject(claim)) return undefined;
  const subject = own(claim, 'sub');
  const issuer = own(claim, 'iss') ?? tokenIssuer;
  return isUsableSubject(subject) && isUsableSubject(issuer) ? { issuer, subject } : undefined;
};
