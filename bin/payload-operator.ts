import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { connectDynamo } from '../lambdas/adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../lambdas/adapters/dynamo/dynamo-store.ts';
import { type KeyStore, keyStore } from '../lambdas/adapters/vault/key-store.ts';
import type { Store } from '../lambdas/app/ports.ts';
import { appendEntry } from '../lambdas/core/audit/chain.ts';
import type { Receipt } from '../lambdas/core/audit/entry.ts';
import type { AuditFact } from '../lambdas/core/audit/event.ts';
import { CONFIG_CHAIN, PAYLOADS_CHAIN } from '../lambdas/core/audit/system-chain.ts';
import type { Task } from '../lambdas/core/grant/task.ts';
import { Mistakes } from './mistakes.ts';
import { type PayloadBucket, payloadBucket } from './payload-bucket.ts';

/** Names of outputs of the stack. */
export interface PayloadPlaces {
  readonly grantsTable: string;
  readonly auditTable: string;
  readonly keysTable: string;
  readonly bucket: string;
}

export type PayloadFact = Extract<AuditFact, { readonly type: `payload.${string}` }>;

/** A person with their own AWS credentials, and what they work on. */
export interface PayloadOperator {
  readonly store: Pick<Store, 'readTask' | 'readChain'>;
  readonly keys: KeyStore;
  readonly bucket: PayloadBucket;
  /** Appends to the chain of payloads, under the name that AWS knows this person by. */
  record(fact: PayloadFact): Promise<Receipt>;
}

export const connectOperator = async (places: PayloadPlaces): Promise<PayloadOperator> => {
  const dynamo = connectDynamo({ grants: places.grantsTable, audit: places.auditTable });
  const store = dynamoStore(dynamo, Date.now);
  const arn = await whoIsThis();
  return {
    store,
    keys: keyStore(dynamo.client, places.keysTable),
    bucket: payloadBucket(new S3Client({}), places.bucket),
    record: async (fact) => {
      const context = {
        actor: { kind: 'operator', arn },
        requestId: randomUUID(),
        invocationId: '',
        policyDigest: await activeDigest(store),
        software: version(),
      } as const;
      return store.appendSystem(PAYLOADS_CHAIN, (head) =>
        appendEntry({ chain: PAYLOADS_CHAIN, head }, { ...fact, ...context }, Date.now()),
      );
    },
  };
};

const whoIsThis = async (): Promise<string> => {
  const { Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  if (Arn === undefined) throw new Error('AWS does not say whose credentials these are');
  return Arn;
};

/** Empty before anything was activated. */
const activeDigest = async (store: Store): Promise<string> => {
  const { entry } = await store.readSystemHead(CONFIG_CHAIN);
  return entry?.event.type === 'config.activated' ? entry.event.digest : '';
};

const version = (): string =>
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

export const payloadMistake = (task: string, message: string): Mistakes =>
  new Mistakes([{ file: 'audit', path: task, message }]);

export const taskOf = async (operator: PayloadOperator, task: string): Promise<Task> => {
  const found = await operator.store.readTask(task);
  if (!found) throw payloadMistake(task, 'there is no such task.');
  return found;
};
