import type { ResourceKind } from '../lambdas/core/config/resource.ts';
import type { LocalStack } from '../local/stack.ts';
import type { ApiClient, Wire } from './api-client.ts';
import { tellSessions } from './demo-sessions.ts';
import { expect } from './expect-status.ts';
import { accessOf } from './kind-access.ts';
import type { Narrator } from './narrator.ts';

export interface KindScene {
  readonly stack: LocalStack;
  readonly crew: ApiClient;
  readonly task: string;
  readonly narrator: Narrator;
}

/** A kind is added here, and is then asked for, used, ended and refused in the demo. Databases with PostgreSQL are its main story. */
export const KIND_SCENES: Readonly<
  Partial<Record<Exclude<ResourceKind, 'postgres'>, (scene: KindScene) => Promise<void>>>
> = {
  aws: (scene) => tellSessions({ ...scene, endpoint: scene.stack.aws.endpointUrl }),
  ssh: (scene) =>
    tellLife(scene, {
      kind: 'ssh',
      asks: 'It asks for a login to the machine that makes the reports',
      uses: 'It logs in with a key of its own, which is let in for a minute, and knows the machine by its pinned key',
      ends: 'It gives the login back, with the session still open',
      limit: 'The key is refused although AWS would go on offering it.',
    }),
};

/** One life of each other kind, one after the other. */
export const tellKinds = async (scene: KindScene): Promise<void> => {
  for (const tell of Object.values(KIND_SCENES)) await tell(scene);
};

interface LifeWords {
  readonly kind: ResourceKind;
  readonly asks: string;
  readonly uses: string;
  readonly ends: string;
  readonly limit: string;
}

/** Asked for, given, used, ended, and no use any more: what the words are about is done, or the story stops. */
const tellLife = async ({ stack, crew, task, narrator }: KindScene, words: LifeWords): Promise<void> => {
  const { request, newHolder } = accessOf(words.kind);
  const holder = newHolder();
  const asked = { ...request, task, durationSeconds: 600, reason: 'Look after the nightly reports' };
  const grant = expect(await crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }), 201);
  narrator.step(words.asks, [`Allowed by policy ${grant.body.determinedBy[0]?.id}.`], grant);
  const path = `/v1/grants/${grant.body.id}`;
  const vended = expect(await crew.post(`${path}/credentials`, holder.body), 201);
  const open = await holder.open(stack, vended.body);
  narrator.step(words.uses, [], vended);
  const cut = open.cut();
  const askedAt = performance.now();
  const ended = expect(await crew.end<Wire['GrantView']>(path), 200);
  const cutMs = (await cut) - askedAt;
  const again = await holder.open(stack, vended.body).then(
    () => 'let in',
    () => 'refused',
  );
  if (again === 'let in') throw new Error(`a credential of ${words.kind} outlived its grant`);
  const { ending } = ended.body;
  narrator.step(
    words.ends,
    [
      ...(ending?.steps ?? []).map((step) => `${step.name}: ${step.outcome} (after ${step.atMs} ms)`),
      `Proved dead ${ending?.deadAfterMs} ms after the end; what was open was cut after ${cutMs.toFixed(0)} ms; once more with the same: ${again}. ${words.limit}`,
    ],
    ended,
  );
};
