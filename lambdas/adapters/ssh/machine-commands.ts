import { setTimeout as pause } from 'node:timers/promises';
import {
  GetCommandInvocationCommand,
  InvalidInstanceId,
  InvocationDoesNotExist,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { DependencyUnavailable } from '../../app/ports.ts';
import { endingRoleArn } from '../../core/aws/role-shards.ts';
import type { SshResource } from '../../core/config/resource.ts';
import { SESSION_MIN_SECONDS } from '../../core/limits.ts';
import {
  MACHINE_ANSWER_MAX_MS,
  MACHINE_DELIVERY_SECONDS,
  MACHINE_POLL_MAX_MS,
  MACHINE_POLL_MIN_MS,
} from '../../core/ssh/limits.ts';
import { documentFor, isElsewhere } from '../../core/ssh/machine-roles.ts';
import type { AssumeRole, SessionKeys } from '../aws/assume-role.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';

/** What a machine has answered, or a code that says why it did not. */
export type MachineAnswer =
  | { readonly answered: true; readonly output: string }
  | { readonly answered: false; readonly code: 'not_managed' | 'no_answer' | 'not_run' };

/** Runs our one document on a machine with the keys of a grant; with none, only whether it could end sessions is told. */
export type RunOnMachine = (
  resource: SshResource,
  keys: readonly string[],
  grantId: string,
) => Promise<MachineAnswer>;

const clientIn = (region: string, credentials?: SessionKeys) =>
  new SSMClient({ ...AWS_CLIENT_SETTINGS, region, ...(credentials ? { credentials } : {}) });

export interface SystemsManagerTools {
  /** The deployment's own. */
  readonly documentName: string;
  readonly assume: AssumeRole;
  readonly connect?: typeof clientIn;
}

/**
 * By Systems Manager's Run Command; elsewhere by a role of the machine's account, with a session for each command that is named by
 * its grant and dropped here. Throws `DependencyUnavailable` when Systems Manager itself is away.
 */
export const systemsManager = ({
  documentName,
  assume,
  connect = clientIn,
}: SystemsManagerTools): RunOnMachine => {
  const clients = new Map<string, SSMClient>();
  return async (resource, keys, grantId) => {
    const { region } = resource.target;
    const ask = { resource, keys, documentName: documentFor(documentName, resource) };
    if (isElsewhere(resource)) {
      const session = await assume({
        roleArn: endingRoleArn(resource.target),
        externalId: resource.target.externalId,
        sessionName: grantId,
        seconds: SESSION_MIN_SECONDS,
      });
      const client = connect(region, session.keys);
      return runDocument(client, ask).finally(() => client.destroy());
    }
    const client = clients.get(region) ?? connect(region);
    clients.set(region, client);
    return runDocument(client, ask);
  };
};

export interface RunAsk {
  readonly resource: SshResource;
  readonly keys: readonly string[];
  readonly documentName: string;
}

/** The same, with the rights of whoever's client it is. */
export const runDocument = async (client: SSMClient, ask: RunAsk): Promise<MachineAnswer> => {
  const CommandId = await send(client, ask);
  return CommandId === undefined
    ? { answered: false, code: 'not_managed' }
    : answerOf(client, { CommandId, InstanceId: ask.resource.target.instanceId });
};

/** What the document takes for *no key*: an empty parameter might be taken for none at all. */
const NO_KEYS = 'none';

/** Undefined where Systems Manager knows no agent of that machine: it does not run, or the agent is away. */
const send = async (
  client: SSMClient,
  { resource, keys, documentName }: RunAsk,
): Promise<string | undefined> => {
  const { instanceId, osUser } = resource.target;
  const command = new SendCommandCommand({
    DocumentName: documentName,
    InstanceIds: [instanceId],
    Parameters: { osUser: [osUser], keys: [keys.join(',') || NO_KEYS] },
    TimeoutSeconds: MACHINE_DELIVERY_SECONDS,
  });
  try {
    const { Command } = await client.send(command);
    if (Command?.CommandId === undefined) throw new Error('no command was made');
    return Command.CommandId;
  } catch (error) {
    if (error instanceof InvalidInstanceId) return undefined;
    throw new DependencyUnavailable('ssm', error);
  }
};

/** States that say nothing yet. Everything else is final. */
const UNDER_WAY = new Set(['Pending', 'InProgress', 'Delayed', 'Cancelling']);

const answerOf = async (
  client: SSMClient,
  which: { readonly CommandId: string; readonly InstanceId: string },
): Promise<MachineAnswer> => {
  const until = performance.now() + MACHINE_ANSWER_MAX_MS;
  for (let pauseMs = MACHINE_POLL_MIN_MS; ; pauseMs = Math.min(2 * pauseMs, MACHINE_POLL_MAX_MS)) {
    await pause(pauseMs);
    const seen = await look(client, which);
    if (seen?.Status === 'Success') return { answered: true, output: seen.StandardOutputContent ?? '' };
    if (seen && !UNDER_WAY.has(seen.Status ?? '')) return { answered: false, code: 'not_run' };
    if (performance.now() > until) return { answered: false, code: 'no_answer' };
  }
};

/** Right after it was sent, a command may not be found yet. */
const look = async (client: SSMClient, which: { CommandId: string; InstanceId: string }) => {
  try {
    return await client.send(new GetCommandInvocationCommand(which));
  } catch (error) {
    if (error instanceof InvocationDoesNotExist) return undefined;
    throw new DependencyUnavailable('ssm', error);
  }
};
