import { sshIssuer } from '../../lambdas/adapters/ssh/ssh-issuer.ts';
import { sshTarget } from '../../lambdas/adapters/ssh/ssh-target.ts';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import type { Issuer, Target } from '../../lambdas/app/ports-of-targets.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import type { Resource, SshResource } from '../../lambdas/core/config/resource.ts';
import { type App, REQUEST, startApp } from './app.ts';
import { CALLER } from './facts.ts';
import { SSH_RESOURCE } from './ssh-facts.ts';

/** A machine that only remembers: what is true of real ones is proved in `test/adapters` and `test/full`. Each call can be made to fail. */
export const rememberedMachine = (clock: () => number) => {
  const pushed = new Set<string>();
  const refused = new Set<string>();
  const control: { fail: ((call: string) => void) | undefined } = { fail: undefined };
  const calls = {
    async pushKey(_target: unknown, { line }: { readonly line: string }) {
      control.fail?.('push');
      pushed.add(line);
      control.fail?.('pushed');
    },
    async runOnMachine(_resource: unknown, keys: readonly string[]) {
      control.fail?.('run');
      for (const key of keys) refused.add(key);
      control.fail?.('ran');
      const output = `latchkey refused=yes ways=one found=${keys.length} unknown=0 ended=0 left=0\n`;
      return { answered: true as const, output };
    },
  };
  return {
    control,
    calls,
    /** Keys that open a session now. */
    letsIn: () => [...pushed].filter((line) => !refused.has(line)),
    target: sshTarget({ ...calls, clock }) as Target<SshResource>,
    issuer: sshIssuer({ ...calls, clock }) as Issuer<SshResource>,
  };
};

export const SSH_REQUEST = { ...REQUEST, resource: SSH_RESOURCE.id, action: 'ssh:connect' };

/** The same use cases with a machine for their only resource. */
export const sshDeps = (app: App, machine: ReturnType<typeof rememberedMachine>) => {
  const deps = {
    ...app.deps,
    resources: [SSH_RESOURCE] as readonly Resource[],
    targets: { ssh: machine.target },
    issuers: { ssh: machine.issuer },
    endings: {
      end: async ({ id }: { id: string }) => void (await endAccess(deps, id, app.context)),
      reconcile: async () => 0,
    },
  };
  return deps;
};

export const startSshApp = async () => {
  const app = await startApp();
  const machine = rememberedMachine(() => app.time.now);
  const deps = sshDeps(app, machine);
  const newActive = async (task?: string): Promise<string> => {
    const request = { ...SSH_REQUEST, task: task ?? (await app.newTask()) };
    const asked = await requestAccess(deps, CALLER, { request, idempotencyKey: undefined });
    if (!asked.ok) throw new Error(asked.failure.code);
    const { id } = asked.value.grant;
    await activateGrant(deps, id, app.context);
    return id;
  };
  return { app, machine, deps, newActive };
};

export type SshApp = Awaited<ReturnType<typeof startSshApp>>;
