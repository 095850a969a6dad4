import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Assembly } from '../../local/assembly.ts';
import { AwsError } from '../../local/aws-error.ts';
import type { JsonObject } from '../../local/aws-json.ts';
import type { AccessRequest } from '../../local/iam.ts';

/** A machine that EC2 Instance Connect and Systems Manager know, wherever it stands. */
export interface LocalMachine {
  readonly instanceId: string;
  pushKey(osUser: string, publicKey: string): void;
  /** As root: a document's script with the parameters in it. Throws where there is no agent that would run it. */
  run(script: string, parameters: Readonly<Record<string, string>>): Promise<MachineOutput>;
}
export type MachineOutput = Readonly<{ exitCode: number; output: string }>;

export type MachineServices = ReturnType<typeof createMachineServices>;
type Authorize = (operation: string, questions: readonly AccessRequest[]) => void;

const Push = z.strictObject({ InstanceId: z.string(), InstanceOSUser: z.string(), SSHPublicKey: z.string() });
const Send = z.strictObject({
  DocumentName: z.string(),
  InstanceIds: z.tuple([z.string()]),
  Parameters: z.record(
    z.string(),
    z.tuple([z.string()]).transform(([value]) => value),
  ),
  TimeoutSeconds: z.int().min(30),
});
const Look = z.strictObject({ CommandId: z.string(), InstanceId: z.string() });

/** Whatever is not of this form is refused, and so is every other operation. */
const read = <T>(schema: z.ZodType<T>, [operation, only]: readonly string[], body: JsonObject): T => {
  const parsed = schema.safeParse(operation === only ? body : undefined);
  if (!parsed.success) throw new AwsError('ValidationException', z.prettifyError(parsed.error));
  return parsed.data;
};

/** EC2 Instance Connect, and Run Command of Systems Manager. */
export const createMachineServices = (
  { region, account, documents }: Pick<Assembly, 'region' | 'account' | 'documents'>,
  machines: readonly LocalMachine[],
) => {
  const commands = new Map<string, { Status: string; StandardOutputContent: string }>();
  const arnOf = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
  const machineOf = (id: string, error: string): LocalMachine => {
    const machine = machines.find(({ instanceId }) => instanceId === id);
    if (!machine) throw new AwsError(error, `${id} is not known`);
    return machine;
  };
  const send = ({ DocumentName, InstanceIds: [id], Parameters }: z.infer<typeof Send>): string => {
    const machine = machineOf(id, 'InvalidInstanceId');
    const document = documents.find(({ Name }) => Name === DocumentName)?.Content;
    if (!document) throw new AwsError('InvalidDocument', `${DocumentName} does not exist`);
    const given = Object.entries(Parameters);
    const isFit = ([name, value]: [string, string]): boolean =>
      new RegExp(document.parameters[name]?.allowedPattern ?? '(?!)').test(value);
    if (given.length !== Object.keys(document.parameters).length || !given.every(isFit))
      throw new AwsError('InvalidParameters', 'The parameters do not match those of the document');
    const { runCommand } = document.mainSteps[0].inputs;
    const script = given.reduce((text, [name, value]) => text.replaceAll(`{{ ${name} }}`, value), runCommand);
    const command = randomUUID();
    const keep = (Status: string, output = '') =>
      commands.set(`${command} ${id}`, { Status, StandardOutputContent: output });
    keep('InProgress');
    const settle = ({ exitCode, output }: MachineOutput) =>
      keep(exitCode === 0 ? 'Success' : 'Failed', output);
    void machine.run(script, Parameters).then(settle, () => keep('TimedOut'));
    return command;
  };
  return {
    connect(operation: string, body: JsonObject, authorize: Authorize): unknown {
      const input = read(Push, [operation, 'SendSSHPublicKey'], body);
      const context = { 'ec2:osuser': [input.InstanceOSUser] };
      const resource = arnOf('ec2', `instance/${input.InstanceId}`);
      authorize(operation, [{ action: 'ec2-instance-connect:SendSSHPublicKey', resource, context }]);
      const machine = machineOf(input.InstanceId, 'EC2InstanceNotFoundException');
      machine.pushKey(input.InstanceOSUser, input.SSHPublicKey);
      return { RequestId: randomUUID(), Success: true };
    },
    manage(operation: string, body: JsonObject, authorize: Authorize): unknown {
      const action = `ssm:${operation}`;
      if (operation === 'SendCommand') {
        const input = read(Send, [operation, operation], body);
        const on = [
          arnOf('ssm', `document/${input.DocumentName}`),
          arnOf('ec2', `instance/${input.InstanceIds[0]}`),
        ];
        authorize(
          operation,
          on.map((resource) => ({ action, resource })),
        );
        return { Command: { CommandId: send(input) } };
      }
      const { CommandId, InstanceId } = read(Look, [operation, 'GetCommandInvocation'], body);
      authorize(operation, [{ action, resource: arnOf('ssm', '*') }]);
      const found = commands.get(`${CommandId} ${InstanceId}`);
      if (!found) throw new AwsError('InvocationDoesNotExist', 'The command is not known there');
      return { CommandId, InstanceId, ...found };
    },
  };
};
