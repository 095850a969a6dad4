import type { MachineAnswer } from '../lambdas/adapters/ssh/machine-commands.ts';
import { DependencyUnavailable } from '../lambdas/app/ports.ts';
import type { SshResource } from '../lambdas/core/config/resource.ts';
import { readEndReport } from '../lambdas/core/ssh/end-report.ts';
import type { TargetCheck } from './target-check.ts';

const APPLY_PAGE = 'Set it up as docs/targets/ssh.md says.';

/** What each code of the machine's answer calls for. */
const MENDS: Readonly<Record<string, string>> = {
  not_managed:
    'Systems Manager knows no agent of it: it must run, with the role of docs/targets/ssh.md, in this account and region.',
  no_document:
    'The document is not in its account and region: deploy what `npm run config -- target` prints for it, or Latchkey itself.',
  no_answer: 'Its agent has not answered in time: see whether it is busy, or cut off.',
  not_run: 'Its agent did not run the document: see Run Command in the console of Systems Manager.',
  not_tried: 'It was not looked at: mend what is above first.',
  no_such_user: 'Make the user that "osUser" names.',
  is_root: '"osUser" must be another user than root.',
  unreadable_keys: 'ssh-keygen must be there, and able to read keys.',
  no_sshd: '`sshd -T` fails there: run it and mend what it says.',
  no_file: `sshd has no RevokedKeys. ${APPLY_PAGE}`,
  not_roots: 'The file of RevokedKeys must be root’s, and nobody else may write it.',
  not_written: 'The file of RevokedKeys could not be written: see whether the disk is full.',
  not_in_force:
    'The sshd that runs does not refuse by the file: reload it; and it must log at INFO, to journald or a file.',
  root_rights: 'The user can become root, by sudo or a group: take that from it.',
  authorized_keys: `Keys of a file let the user in. ${APPLY_PAGE}`,
  methods: `Something other than a key lets the user in. ${APPLY_PAGE}`,
  certificates: 'Certificates let the user in: set TrustedUserCAKeys to none for it.',
};

export type RunWithoutGrant = (resource: SshResource, keys: readonly string[]) => Promise<MachineAnswer>;

/** Whether a machine can take part, by the document that will end its sessions, run without a key: nothing is ended. */
export const checkSshTarget = async (
  runOnMachine: RunWithoutGrant,
  resource: SshResource,
): Promise<readonly TargetCheck[]> => {
  const answer = await runOnMachine(resource, []).catch(withoutDocument);
  const report = answer.answered ? readEndReport(answer.output) : undefined;
  if (!report) return [check('Systems Manager runs the document there', codeOf(answer))];
  return [
    check('Systems Manager runs the document there', undefined),
    check('sshd refuses the keys of grants that have ended', report.refused, 'yes'),
    check(`nothing but a pushed key lets ${resource.target.osUser} in`, report.ways, 'one'),
  ];
};

type Answer = MachineAnswer | { readonly answered: false; readonly code: 'no_document' };

/** Everything else that keeps Systems Manager from running it is told as it is. */
const withoutDocument = (error: unknown): Answer => {
  const { cause } = error instanceof DependencyUnavailable ? error : {};
  if (cause instanceof Error && cause.name === 'InvalidDocument')
    return { answered: false, code: 'no_document' };
  throw error;
};

const codeOf = (answer: Answer): string => (answer.answered ? 'unreadable' : answer.code);

const check = (item: string, code: string | undefined, good?: string): TargetCheck => {
  const ok = code === good;
  return { item, ok, mend: ok ? undefined : (MENDS[code ?? ''] ?? `It answered ${code}. ${APPLY_PAGE}`) };
};
