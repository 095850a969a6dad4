import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { CloseAsk, CloseReport, IssueAsk, Issued, OpenAsk } from '../../lambdas/app/ports-of-targets.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { ok, type Result } from '../../lambdas/core/result.ts';

/** How access of a kind begins and ends at its target: what is true of the real ones is proved in `test/adapters`. */
export interface Nature {
  /** Whether each grant has something of its own there, without which nothing opens: a role, a user, a binding. */
  readonly makes: boolean;
  /** How long a credential opens something. */
  readonly opensForMs: number;
  /** By whose clock that begins: `us` signs it, `target` gives it. */
  readonly timedBy: 'us' | 'target';
  /** `session`: what was opened goes on until it is cut. `call`: the credential is looked at each time. */
  readonly opens: 'session' | 'call';
  /** The target refuses it from the end of its grant on, by its own clock. */
  readonly knowsEnd: boolean;
  /** It opens nothing until it was released, and its time begins then. */
  readonly isPushed: boolean;
  /** How long after the natural end of its credentials a grant that makes nothing goes on being refused; the clocks differ. */
  readonly refusedForMs: number;
}

export interface RememberedCredential {
  readonly id: string;
  readonly grantId: string;
  readonly secret: string;
  /** By the target's clock. Undefined while it opens nothing yet. */
  until: number | undefined;
}

export interface RememberedSession {
  readonly grantId: string;
  isCut: boolean;
}

interface Control {
  /** Throws to make a call fail: before it does anything, or after. */
  fail: ((call: string) => void) | undefined;
  report: Partial<CloseReport>;
  isAway: boolean;
  /** How far the target's clock is ahead of ours. */
  skewMs: number;
  /** Asked of a credential that is being pushed. */
  onRelease: ((credential: RememberedCredential) => Promise<void>) | undefined;
}

/** A target and an issuer of one kind that only remember. Each call can be made to fail. */
export const rememberedPlace = (
  nature: Nature,
  clock: () => number,
  contentOf: (ask: IssueAsk<Resource>, secret: string) => Issued['content'],
) => {
  const made = new Set<string>();
  const credentials = new Map<string, RememberedCredential>();
  const sessions: RememberedSession[] = [];
  /** Grants of kinds that make nothing, and until when they are refused by our clock. */
  const refused = new Map<string, number>();
  const control: Control = {
    fail: undefined,
    report: {},
    isAway: false,
    skewMs: 0,
    onRelease: undefined,
  };
  const targetNow = () => clock() + control.skewMs;
  const reach = () => {
    if (control.isAway) throw new DependencyUnavailable('target', new Error('away'));
  };

  const isRefused = (grantId: string): boolean =>
    nature.makes ? !made.has(grantId) : clock() < (refused.get(grantId) ?? 0);
  const opens = ({ grantId, until }: RememberedCredential): boolean =>
    until !== undefined && targetNow() < until && !isRefused(grantId);

  const target = {
    async open({ grant, isStillWanted }: OpenAsk<Resource>): Promise<'opened' | 'unwanted'> {
      reach();
      control.fail?.('open');
      if (!(await isStillWanted())) return 'unwanted';
      if (nature.makes) made.add(grant.id);
      control.fail?.('opened');
      return 'opened';
    },
    async close({ grantId, grant }: CloseAsk<Resource>): Promise<CloseReport> {
      if (control.isAway) return { dead: false, steps: [], error: 'connect:unavailable' };
      control.fail?.('close');
      made.delete(grantId);
      refused.set(grantId, (grant?.credentialsUntil ?? clock()) + nature.refusedForMs);
      for (const session of sessions) session.isCut ||= session.grantId === grantId;
      control.fail?.('closed');
      const steps = [{ name: 'drop_role', outcome: 'done', atMs: 1 }];
      return { dead: true, steps, error: undefined, ...control.report };
    },
    inventory: async () => {
      reach();
      return [...made];
    },
  };

  const issuer = {
    async issue(ask: IssueAsk<Resource>): Promise<Result<Issued>> {
      const { grant, id } = ask;
      if (nature.timedBy === 'target') reach();
      const ownEnd = (nature.timedBy === 'us' ? clock() : targetNow()) + nature.opensForMs;
      const until = nature.knowsEnd ? Math.min(ownEnd, grant.expiresAt) : ownEnd;
      const secret = `secret-of-${id}`;
      const credential = { id, grantId: grant.id, secret, until: nature.isPushed ? undefined : until };
      credentials.set(id, credential);
      const push = async () => {
        await control.onRelease?.(credential);
        reach();
        credential.until = targetNow() + nature.opensForMs;
      };
      return ok({
        content: contentOf(ask, secret),
        secret,
        expiresAt: clock() + nature.opensForMs,
        ...(nature.isPushed ? { release: push } : {}),
      });
    },
  };

  return {
    target,
    issuer,
    control,
    /** Grants that something was made for. */
    made,
    credentials,
    sessions,
    /** As its holder would use it: an open session, or one call that was let through. */
    use(id: string): RememberedSession | undefined {
      const credential = credentials.get(id);
      if (control.isAway || !credential || !opens(credential)) return undefined;
      const session = { grantId: credential.grantId, isCut: nature.opens === 'call' };
      if (nature.opens === 'session') sessions.push(session);
      return session;
    },
    /** What somebody could do there now who was given these credentials: log in, or go on with what is open. A key that was pushed is its holder's whoever heard of it. */
    usable(given: readonly string[]): readonly Usable[] {
      const known = nature.isPushed ? [...credentials.keys()] : given;
      const found = known.map((id) => credentials.get(id)).filter((credential) => credential !== undefined);
      return [
        ...found.filter(opens).map(({ grantId }) => ({ grantId, as: 'credential' as const })),
        ...sessions.filter(({ isCut }) => !isCut).map(({ grantId }) => ({ grantId, as: 'session' as const })),
      ];
    },
  };
};

export interface Usable {
  readonly grantId: string;
  readonly as: 'credential' | 'session';
}

export type RememberedPlace = ReturnType<typeof rememberedPlace>;
