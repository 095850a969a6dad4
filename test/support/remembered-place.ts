import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { CloseAsk, CloseReport, IssueAsk, Issued, OpenAsk } from '../../lambdas/app/ports-of-targets.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { POSTGRES_IDLE_TIMEOUT_MS } from '../../lambdas/core/limits.ts';
import { ok, type Result } from '../../lambdas/core/result.ts';
import { type Denials, rememberedDenials } from './remembered-denials.ts';

/** How access of a kind begins and ends at its target: what is true of the real ones is proved in `test/adapters`. */
export interface Nature {
  /**
   * How each grant gets something of its own there, without which nothing opens: `locked`: an end waits for whoever makes it;
   * `in two steps`: it is made empty, and an end that comes then leaves nothing to fill. Undefined: nothing is made.
   */
  readonly makes: 'locked' | 'in two steps' | undefined;
  /** How long a credential opens something. */
  readonly opensForMs: number;
  /** By whose clock that begins: `us` signs it, `target` gives it. */
  readonly timedBy: 'us' | 'target';
  /** `session`: what was opened goes on until it is cut. `call`: the credential is looked at each time. */
  readonly opens: 'session' | 'call';
  /** The target refuses it from the end of its grant's window on, by its own clock. */
  readonly knowsEnd: boolean;
  /** The caller's own key: it opens nothing until it was released, and its time begins then. */
  readonly isPushed: boolean;
}

export interface RememberedCredential {
  readonly id: string;
  readonly grantId: string;
  readonly secret: string;
  /** By the target's clock, as is `until`, which is undefined while it opens nothing yet. */
  readonly issuedAt: number;
  until: number | undefined;
}

export interface RememberedSession {
  readonly grantId: string;
  readonly secret: string;
  isCut: boolean;
}

export interface Usable {
  readonly grantId: string;
  readonly as: 'credential' | 'session';
}

interface Control {
  /** Throws to make a call fail: before it does anything, or after. */
  fail: ((call: string) => void) | undefined;
  report: Partial<CloseReport>;
  isAway: boolean;
  /** How far the target's clock is ahead of ours. */
  skewMs: number;
  /** Told of a credential that is being pushed. */
  onRelease: ((credential: RememberedCredential) => Promise<void>) | undefined;
}

/** What a target holds, and its clock. */
interface Place {
  readonly nature: Nature;
  readonly clock: () => number;
  readonly targetNow: () => number;
  readonly control: Control;
  readonly made: Set<string>;
  /** Who is making something for a grant, and since when. */
  readonly making: Map<string, { readonly since: number }>;
  readonly credentials: Map<string, RememberedCredential>;
  readonly sessions: RememberedSession[];
  readonly denials: Denials;
  /** Keys that open nothing any more, whoever has pushed them. */
  readonly refusedKeys: Set<string>;
}

/** A target and an issuer of one kind that only remember. Each call can be made to fail. */
export const rememberedPlace = (
  nature: Nature,
  clock: () => number,
  contentOf: (ask: IssueAsk<Resource>, secret: string) => Issued['content'],
) => {
  const control: Control = {
    fail: undefined,
    report: {},
    isAway: false,
    skewMs: 0,
    onRelease: undefined,
  };
  const place: Place = {
    nature,
    clock,
    targetNow: () => clock() + control.skewMs,
    control,
    made: new Set(),
    making: new Map(),
    credentials: new Map(),
    sessions: [],
    denials: rememberedDenials(clock),
    refusedKeys: new Set(),
  };
  const { made, making, credentials, sessions } = place;
  return {
    control,
    made,
    credentials,
    target: {
      open: (ask: OpenAsk<Resource>) => open(place, ask),
      close: (ask: CloseAsk<Resource>) => close(place, ask),
      inventory: async () => {
        reach(place);
        return [...made, ...(nature.makes === 'in two steps' ? making.keys() : [])];
      },
    },
    issuer: { issue: (ask: IssueAsk<Resource>) => issue(place, ask, contentOf) },
    /** As its holder would use it: an open session, or one call that was let through. */
    use(id: string): RememberedSession | undefined {
      const credential = credentials.get(id);
      if (control.isAway || !credential || !isLetIn(place, credential)) return undefined;
      const { grantId, secret } = credential;
      const session = { grantId, secret, isCut: nature.opens === 'call' };
      if (nature.opens === 'session') sessions.push(session);
      return session;
    },
    /**
     * What somebody could do there now who was given these credentials: log in, or go on with what is open. A key that was
     * pushed is its holder's, whoever heard of it.
     */
    usable(given: readonly string[]): readonly Usable[] {
      const known = nature.isPushed ? [...credentials.keys()] : given;
      const found = known.map((id) => credentials.get(id)).filter((credential) => credential !== undefined);
      return [
        ...found
          .filter((one) => isLetIn(place, one))
          .map(({ grantId }) => ({ grantId, as: 'credential' as const })),
        ...sessions.filter(({ isCut }) => !isCut).map(({ grantId }) => ({ grantId, as: 'session' as const })),
      ];
    },
  };
};

export type RememberedPlace = ReturnType<typeof rememberedPlace>;

const reach = ({ control }: Place): void => {
  if (control.isAway) throw new DependencyUnavailable('target', new Error('away'));
};

const isLetIn = (place: Place, credential: RememberedCredential): boolean =>
  credential.until !== undefined &&
  place.targetNow() < credential.until &&
  !place.refusedKeys.has(credential.secret) &&
  (place.nature.makes ? place.made.has(credential.grantId) : !place.denials.refuse(credential));

/** The question is asked when the target holds whatever makes an end that comes now be seen. */
const open = async (
  place: Place,
  { grant, isStillWanted }: OpenAsk<Resource>,
): Promise<'opened' | 'unwanted'> => {
  const { nature, control, made, making, clock } = place;
  reach(place);
  control.fail?.('open');
  const mine = { since: clock() };
  const isMine = () => making.get(grant.id) === mine;
  if (nature.makes === 'locked' && making.has(grant.id)) throw new DependencyUnavailable('target', 'locked');
  if (nature.makes) making.set(grant.id, mine);
  try {
    if (!(await isStillWanted())) return 'unwanted';
    if (nature.makes && !isMine()) throw new DependencyUnavailable('target', 'taken away meanwhile');
    if (nature.makes) made.add(grant.id);
    control.fail?.('opened');
    return 'opened';
  } finally {
    if (isMine()) making.delete(grant.id);
  }
};

const close = async (place: Place, { grantId, grant }: CloseAsk<Resource>): Promise<CloseReport> => {
  const { nature, control, made, making, sessions, denials, refusedKeys, clock } = place;
  if (control.isAway) return { dead: false, steps: [], error: 'connect:unavailable' };
  control.fail?.('close');
  const maker = making.get(grantId);
  if (nature.makes === 'locked' && maker && clock() < maker.since + POSTGRES_IDLE_TIMEOUT_MS)
    return { dead: false, steps: [], error: 'nologin:locked' };
  making.delete(grantId);
  made.delete(grantId);
  const keys = grant?.publicKeys ?? [];
  for (const key of keys) refusedKeys.add(key);
  if (!nature.isPushed)
    denials.end({ grantId, until: grant?.credentialsUntil ?? clock(), at: place.targetNow() });
  for (const session of sessions)
    session.isCut ||= nature.isPushed ? keys.includes(session.secret) : session.grantId === grantId;
  control.fail?.('closed');
  const steps = [{ name: 'drop_role', outcome: 'done', atMs: 1 }];
  return { dead: true, steps, error: undefined, ...control.report };
};

const issue = async (
  place: Place,
  ask: IssueAsk<Resource>,
  contentOf: (ask: IssueAsk<Resource>, secret: string) => Issued['content'],
): Promise<Result<Issued>> => {
  const { nature, clock, targetNow, control, credentials } = place;
  const { grant, id } = ask;
  if (nature.timedBy === 'target') reach(place);
  const ownEnd = (nature.timedBy === 'us' ? clock() : targetNow()) + nature.opensForMs;
  const until = nature.knowsEnd ? Math.min(ownEnd, grant.expiresAt) : ownEnd;
  const secret = ask.publicKey?.line ?? `secret-of-${id}`;
  const credential: RememberedCredential = {
    ...{ id, grantId: grant.id, secret, issuedAt: targetNow() },
    until: nature.isPushed ? undefined : until,
  };
  credentials.set(id, credential);
  const push = async () => {
    await control.onRelease?.(credential);
    reach(place);
    credential.until = targetNow() + nature.opensForMs;
  };
  return ok({
    content: contentOf(ask, secret),
    secret,
    expiresAt: clock() + nature.opensForMs,
    ...(nature.isPushed ? { release: push } : {}),
  });
};
