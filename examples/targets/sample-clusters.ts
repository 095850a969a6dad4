import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { type ClusterOptions, type LocalCluster, startCluster } from './kubernetes.ts';

const Resources = z.looseObject({
  resources: z.array(
    z.looseObject({
      id: z.string(),
      kind: z.string(),
      target: z.looseObject({ cluster: z.string().optional() }),
    }),
  ),
});

export interface SampleClusterOptions extends Pick<ClusterOptions, 'certificate' | 'sessions' | 'region'> {
  readonly account: string;
  /** Of the first. */
  readonly port: number | undefined;
  readonly runnerRole: string;
}

/**
 * A cluster for each that a configuration names, by the id of its resource, with the access entries that `docs/targets/eks.md` asks
 * for, set up by the very file that an infra team applies.
 */
export const startSampleClusters = async (
  configDir: string,
  { account, runnerRole, port, ...options }: SampleClusterOptions,
): Promise<ReadonlyMap<string, LocalCluster>> => {
  const { resources } = Resources.parse(parse(readFileSync(join(configDir, 'resources.yaml'), 'utf8')));
  const clusters = new Map<string, LocalCluster>();
  for (const { id, kind, target } of resources) {
    if (kind !== 'eks' || target.cluster === undefined) continue;
    const sessionRole = `arn:aws:iam::${account}:role/latchkey-target-${id}`;
    const cluster = await startCluster({
      ...options,
      cluster: target.cluster,
      port: clusters.size === 0 ? port : undefined,
      entries: [
        { roleArn: runnerRole, username: 'latchkey-admin' },
        { roleArn: sessionRole, username: 'latchkey:{{SessionName}}' },
      ],
    });
    for (const file of ['examples/clusters/shop.yaml', 'docs/targets/eks.yaml'])
      cluster.apply(readFileSync(file, 'utf8'));
    clusters.set(id, cluster);
  }
  return clusters;
};
