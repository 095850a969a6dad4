import { EC2InstanceConnectClient } from '@aws-sdk/client-ec2-instance-connect';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createMachineServices, type LocalMachine } from '../../examples/targets/machine-services.ts';
import { type SshMachine, startSshMachine } from '../../examples/targets/ssh-machine.ts';
import { stsSessions } from '../../lambdas/adapters/aws/assume-role.ts';
import { instanceConnect } from '../../lambdas/adapters/ssh/instance-connect.ts';
import { systemsManager } from '../../lambdas/adapters/ssh/machine-commands.ts';
import { sshIssuer } from '../../lambdas/adapters/ssh/ssh-issuer.ts';
import { sshTarget } from '../../lambdas/adapters/ssh/ssh-target.ts';
import type { SshResource } from '../../lambdas/core/config/resource.ts';
import { documentFor, isElsewhere } from '../../lambdas/core/ssh/machine-roles.ts';
import {
  endingRolesOf,
  grantRolesOf,
  machinesBeside,
  machineUsersOf,
  type Permission,
  permissionsOf,
} from '../../lib/permissions.ts';
import { identitiesOf } from '../../local/assembly.ts';
import { createAwsEndpoint } from '../../local/aws-endpoint.ts';
import { createDynamo } from '../../local/dynamodb.ts';
import { parsePolicy } from '../../local/iam.ts';
import { LogLines } from '../../local/log-lines.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import { createS3 } from '../../local/s3.ts';
import { Sessions } from '../../local/sessions.ts';
import { createStepFunctions } from '../../local/step-functions.ts';
import { Template } from '../../local/template.ts';
import { TRUSTED, templateOf } from './aws-account.ts';
import { endSessionsDocument } from './end-sessions-document.ts';
import { SSH_RESOURCE } from './ssh-facts.ts';

const DOCUMENT = 'latchkey-end-ssh-sessions';
const NONE = 'arn:aws:none:::';

/** Of somebody else in the same account. */
export const OTHER_DOCUMENT = 'somebody-elses';

type RoleName = 'vend' | 'revoker';
const ROLES: Readonly<Record<RoleName, string>> = {
  vend: TRUSTED.vendRoleArn,
  revoker: TRUSTED.revokerRoleArn,
};

/** The rights of the deployed functions, where the listed machine is the resource's. */
const rightsOf = (resource: SshResource): Readonly<Record<RoleName, readonly Permission[]>> =>
  permissionsOf({
    ...{ grants: NONE, audit: NONE, grantWorkflow: NONE, runWorkflow: NONE, vaultKeys: NONE, payloads: NONE },
    ...{ runner: NONE, revoker: NONE, sweeper: NONE, notifier: NONE, authorizerLog: NONE },
    ...{ consoleSecret: undefined, notifierSecret: undefined, noticeTopic: undefined },
    ...{ targetRoles: [], sessionRoles: [] },
    endingRoles: endingRolesOf([resource]),
    grantRoles: grantRolesOf([resource]),
    administratorRoles: [],
    databaseUsers: [],
    machineUsers: machineUsersOf([resource]),
    adminSecrets: [],
    passwordSecret: undefined,
    endSessionsDocument:
      machinesBeside([resource]).length === 0
        ? undefined
        : `arn:aws:ssm:${resource.target.region}:${resource.target.account}:document/${DOCUMENT}`,
  });

const roleOf = (name: RoleName, rights: readonly Permission[]) => ({
  arn: ROLES[name],
  maxSessionSeconds: 3_600,
  trust: parsePolicy({ Version: '2012-10-17', Statement: [] }),
  policies: [
    parsePolicy({
      Version: '2012-10-17',
      Statement: rights.map(({ effect = 'Allow', actions, on, when = {} }) => {
        return { Effect: effect, Action: actions, Resource: on, Condition: when };
      }),
    }),
  ],
});

/** What is made in the account of a machine that is elsewhere, and nothing where it is beside Latchkey. */
export const rolesThere = (resource: SshResource) => {
  if (!isElsewhere(resource)) return [];
  const { account, region } = resource.target;
  return identitiesOf(new Template(templateOf(resource), { stack: 'Target', account, region })).roles;
};

/** EC2 Instance Connect and Systems Manager before given machines, with each caller held to the rights of its own role. */
export const startMachineServices = async (machines: readonly LocalMachine[], resource = SSH_RESOURCE) => {
  const rights = rightsOf(resource);
  const ours = (['vend', 'revoker'] as const).map((name) => roleOf(name, rights[name]));
  const sessions = new Sessions([...ours, ...rolesThere(resource)]);
  const { account, region } = resource.target;
  const documents = [DOCUMENT, documentFor(DOCUMENT, resource), OTHER_DOCUMENT].map(endSessionsDocument);
  const assembly = { region, account, tables: [] };
  const [dynamo, s3] = [createDynamo(), createS3(undefined, [])];
  /** `ssm:SendCommand`, in order. */
  const calls: string[] = [];
  const endpoint = createAwsEndpoint({
    ...{ assembly, sessions, dynamo, s3, logs: new LogLines([]), functionOf: () => undefined },
    machines: createMachineServices({ ...assembly, documents }, machines),
    stepFunctions: createStepFunctions({ machines: [], invoke: async () => undefined }),
    onCall: ({ action }) => calls.push(action),
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(endpoint)}`;
  const settingsOf = (role: RoleName) => {
    const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue({
      roleArn: ROLES[role],
      name: 't',
    });
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    return { endpoint: url, region, maxAttempts: 1, credentials };
  };
  const clients: { destroy(): void }[] = [];
  const keep = <T extends { destroy(): void }>(client: T): T => {
    clients.push(client);
    return client;
  };
  return {
    calls,
    documentName: DOCUMENT,
    connectClient: (role: RoleName) => keep(new EC2InstanceConnectClient(settingsOf(role))),
    ssmClient: (role: RoleName) => keep(new SSMClient(settingsOf(role))),
    /** As `vend` has it, and as `revoker`. */
    pushKey: instanceConnect({
      assume: stsSessions(settingsOf('vend')),
      connect: (_region, credentials) =>
        keep(new EC2InstanceConnectClient({ ...settingsOf('vend'), ...(credentials && { credentials }) })),
    }),
    runOnMachine: systemsManager({
      documentName: DOCUMENT,
      assume: stsSessions(settingsOf('revoker')),
      connect: (_region, credentials) =>
        keep(new SSMClient({ ...settingsOf('revoker'), ...(credentials && { credentials }) })),
    }),
    /** STS and the two services, as whoever asks has them. */
    sessions,
    settingsOf,
    async close() {
      for (const client of clients) client.destroy();
      await closeServer(endpoint);
      await dynamo.close();
      s3.close();
    },
  };
};

/** The sample machine with the adapters that lead to it, and a clock that a test moves. */
export const startSshStage = async () => {
  const time = { skippedMs: 0, machineSkewMs: 0 };
  const clock = () => Date.now() + time.skippedMs;
  const machine: SshMachine = await startSshMachine({
    ...SSH_RESOURCE.target,
    port: 0,
    clock: () => clock() + time.machineSkewMs,
  });
  const services = await startMachineServices([machine]);
  const resource: SshResource = {
    ...SSH_RESOURCE,
    target: { ...SSH_RESOURCE.target, host: '127.0.0.1', port: machine.port, hostKeys: [machine.hostKey] },
  };
  return {
    ...services,
    time,
    clock,
    machine,
    resource,
    target: sshTarget({ runOnMachine: services.runOnMachine, clock }),
    issuer: sshIssuer({ pushKey: services.pushKey, clock }),
    async close() {
      await machine.stop();
      await services.close();
    },
  };
};

export type SshStage = Awaited<ReturnType<typeof startSshStage>>;
