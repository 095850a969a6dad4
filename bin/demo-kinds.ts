import type { ResourceKind } from '../lambdas/core/config/resource.ts';
import type { LocalStack } from '../local/stack.ts';
import type { ApiClient } from './api-client.ts';
import { tellCluster } from './demo-cluster.ts';
import { tellMariadb, tellPasswords } from './demo-databases.ts';
import { tellMachine } from './demo-machine.ts';
import { tellSessions } from './demo-sessions.ts';
import type { Narrator } from './narrator.ts';

export interface KindScene {
  readonly stack: LocalStack;
  readonly crew: ApiClient;
  readonly task: string;
  readonly narrator: Narrator;
}

/** A kind is added here, and is then asked for, used, ended and refused in the demo. Databases with PostgreSQL and IAM authentication are its main story. */
export const KIND_SCENES: Readonly<
  Partial<Record<Exclude<ResourceKind, 'postgres'>, (scene: KindScene) => Promise<void>>>
> = {
  mysql: tellMariadb,
  aws: (scene) => tellSessions({ ...scene, endpoint: scene.stack.aws.endpointUrl }),
  ssh: tellMachine,
  eks: tellCluster,
};

/** One life of a database with passwords and of each other kind, one after the other. */
export const tellKinds = async (scene: KindScene): Promise<void> => {
  await tellPasswords(scene);
  for (const tell of Object.values(KIND_SCENES)) await tell(scene);
};
