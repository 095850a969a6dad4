import type { IssuerProfile, PrincipalEntry } from '../config/issuer.ts';
import { fail, ok, type Result } from '../result.ts';
import { actorsOf } from './actors-of.ts';
import type { TokenClaims } from './check-token.ts';
import { own } from './decode-token.ts';
import { groupsOf } from './groups-of.ts';
import { type Groups, isSamePrincipal, type Owner, type Principal, type PrincipalId } from './principal.ts';
import type { TokenRefusal } from './token-refusal.ts';

/** A token that has passed every check, its issuer's profile, and its fingerprint. */
export interface VerifiedToken {
  readonly claims: TokenClaims;
  readonly profile: IssuerProfile;
  readonly fingerprint: string;
}

/**
 * Who a verified token stands for. Refused when two entries of `principals.yaml` claim it: which groups and owners
 * apply must not depend on the order of a file.
 */
export const findPrincipal = (
  { claims, profile, fingerprint }: VerifiedToken,
  entries: readonly PrincipalEntry[],
): Result<Principal, TokenRefusal> => {
  const [entry, another] = entries.filter((candidate) => matches(candidate, claims));
  if (another !== undefined) return fail('principal_ambiguous');
  const delegation = profile.believesActor ? actorsOf(claims) : ok([]);
  if (!delegation.ok) return delegation;
  const type = entry?.type ?? profile.defaultType;
  return ok({
    issuer: claims.issuer,
    subject: claims.subject,
    type,
    name: entry?.name ?? claims.subject,
    ...standingOf(claims, profile, entry),
    ...(entry === undefined ? {} : { entryGroups: entry.groups }),
    owners: ownersOf(entry?.owners ?? [], type === 'agent' ? delegation.value : []),
    delegation: delegation.value,
    tokenFingerprint: fingerprint,
    tokenExpiresAt: claims.expiresAt,
  });
};

const matches = (entry: PrincipalEntry, { issuer, subject, payload }: TokenClaims): boolean =>
  entry.issuer === issuer &&
  (entry.subject === undefined || entry.subject === subject) &&
  Object.entries(entry.claims).every(([name, value]) => own(payload, name) === value);

/**
 * Groups of the token and of `principals.yaml` together. A claim that cannot be read makes all of them unknown,
 * since a policy may forbid a group that we do not see. Only an issuer whose profile does not require groups may
 * leave the claim out, and then `principals.yaml` alone speaks.
 */
const standingOf = (
  { payload }: TokenClaims,
  { groupsClaim, groupsRequired }: IssuerProfile,
  entry: PrincipalEntry | undefined,
): { readonly listed: boolean; readonly groups: Groups } => {
  const fromToken =
    groupsClaim === undefined
      ? ({ known: false, because: 'absent' } as const)
      : groupsOf(payload, groupsClaim);
  if (fromToken.known) return standing([...fromToken.names, ...(entry?.groups ?? [])]);
  if (fromToken.because === 'unusable' || groupsRequired) return { listed: true, groups: { known: false } };
  return entry === undefined ? { listed: false, groups: { known: false } } : standing(entry.groups);
};

const standing = (names: readonly string[]): { readonly listed: true; readonly groups: Groups } => ({
  listed: true,
  groups: { known: true, names: [...new Set(names)] },
});

/** Whoever an agent acts for, or through, answers for it as its listed owners do, and so never approves for it. */
const ownersOf = (listed: readonly Owner[], actors: readonly PrincipalId[]): readonly Owner[] => {
  const further = actors.filter((actor) => !listed.some((owner) => isSamePrincipal(owner, actor)));
  return [...listed, ...further.map((actor) => ({ ...actor, name: actor.subject }))];
};
