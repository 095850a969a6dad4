import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { type SshMachine, startSshMachine } from './ssh-machine.ts';

const Resources = z.looseObject({
  resources: z.array(
    z.looseObject({
      id: z.string(),
      kind: z.string(),
      target: z.looseObject({ instanceId: z.string().default(''), osUser: z.string().default('') }),
    }),
  ),
});

/** A machine for each resource of kind `ssh` in a configuration, by the resource's id. The first listens on `port`, the others on the next ones. */
export const startSampleMachines = async (
  configDir: string,
  port: number | undefined,
): Promise<ReadonlyMap<string, SshMachine>> => {
  const { resources } = Resources.parse(parse(readFileSync(join(configDir, 'resources.yaml'), 'utf8')));
  const machines = new Map<string, SshMachine>();
  for (const { id, target } of resources.filter(({ kind }) => kind === 'ssh'))
    machines.set(id, await startSshMachine({ ...target, port: port && port + machines.size }));
  return machines;
};
