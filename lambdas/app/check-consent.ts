import type { Approval } from '../core/approval/approval.ts';
import { statementText } from '../core/approval/digest.ts';
import { isBoundTo, isWhole } from '../core/approval/outcome.ts';
import type { Grant } from '../core/grant/grant.ts';
import type { QueuedRun } from '../core/run/run.ts';
import type { EpochMs } from '../core/time.ts';
import type { Alarm, Store, TaskVault } from './ports.ts';
import type { RunAsked } from './run-payload.ts';

/** What is about to be executed, and what it says of itself. */
interface Consented {
  readonly run: QueuedRun;
  readonly grant: Grant;
  readonly asked: RunAsked;
  readonly vault: Pick<TaskVault, 'mac'>;
}

/**
 * Whether the bytes that are about to be executed are those that people consented to, by the approval as it stands now.
 * `over`: its plan was revoked or has ended. A run that nobody was asked about has nothing to compare.
 */
const checkConsent = async (
  store: Pick<Store, 'readApproval'>,
  about: Consented,
  now: EpochMs,
): Promise<'holds' | 'mismatch' | 'over'> => {
  const { run } = about;
  if (run.approval === undefined) return run.consent === undefined ? 'holds' : 'mismatch';
  const approval = await store.readApproval(run.approval);
  if (!approval || !isWhole(approval) || !isBound(approval, about)) return 'mismatch';
  if (approval.asked.subject.kind === 'run') return approval.state === 'consumed' ? 'holds' : 'mismatch';
  return approval.state === 'approved' && now < approval.useBy ? 'holds' : 'over';
};

/** The same as why nothing is executed; undefined: the consent holds. What is not what people saw rings. */
export const consentFailure = async (
  deps: { readonly store: Pick<Store, 'readApproval'>; readonly alarm: Alarm },
  about: Consented,
  now: EpochMs,
): Promise<'approval_over' | 'approval_mismatch' | undefined> => {
  const consent = await checkConsent(deps.store, about, now);
  if (consent === 'holds') return undefined;
  if (consent === 'over') return 'approval_over';
  deps.alarm('ApprovalMismatch');
  return 'approval_mismatch';
};

const isBound = (approval: Approval, { run, grant, asked, vault }: Consented): boolean => {
  const { subject, statements } = approval.asked;
  const mac = vault.mac('approval', statementText({ ...asked, maxRows: run.maxRows }));
  return (
    (subject.kind === 'plan' || subject.id === run.id) &&
    isBoundTo(approval.asked, grant, subject) &&
    statements[run.statementIndex ?? -1]?.mac === mac
  );
};
