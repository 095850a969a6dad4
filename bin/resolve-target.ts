import { DescribeDBClustersCommand, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { readArguments, required, UsageError } from './command-line.ts';
import { Mistakes } from './mistakes.ts';
import { type Resolved, resourceYaml, targetOfCluster, targetOfInstance } from './rds-target.ts';

/** `config resolve`: asks RDS once, with the operator's own credentials, and prints what to put into `resources.yaml`. */
export const resolveTarget = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: ['instance', 'cluster', 'region'], switches: [] });
  if (given.words.length > 0)
    throw new UsageError(`"${given.words[0]}" is too much: write --instance ${given.words[0]}.`);
  const instance = given.values.get('instance');
  const cluster = given.values.get('cluster');
  if ((instance === undefined) === (cluster === undefined))
    throw new UsageError('Name one: --instance or --cluster.');
  const client = new RDSClient({ region: required(given, 'region') });
  const resolved =
    instance === undefined
      ? await describeCluster(client, cluster ?? '')
      : await describeInstance(client, instance);
  if (!resolved.ok) throw new Mistakes(resolved.mistakes);
  console.log(resourceYaml(resolved.target));
  console.error(
    '\nPaste this into config/resources.yaml. Then set up the database once ' +
      `(docs/targets/${resolved.target.make.kind}.sql), and let` +
      '\n`npm run config -- check <id>` say what it still lacks.',
  );
};

const describeInstance = async (client: RDSClient, id: string): Promise<Resolved> => {
  const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id });
  const { DBInstances = [] } = await client.send(command).catch((error: unknown) => refuse(id, error));
  const [instance] = DBInstances;
  return instance ? targetOfInstance(instance) : refuse(id, new Error('RDS names no such instance'));
};

const describeCluster = async (client: RDSClient, id: string): Promise<Resolved> => {
  const command = new DescribeDBClustersCommand({ DBClusterIdentifier: id });
  const { DBClusters = [] } = await client.send(command).catch((error: unknown) => refuse(id, error));
  const [cluster] = DBClusters;
  return cluster ? targetOfCluster(cluster) : refuse(id, new Error('RDS names no such cluster'));
};

/** Credentials that are missing, a name that does not exist, a right that is lacking: all are the caller's to mend. */
const refuse = (id: string, error: unknown): never => {
  const message = error instanceof Error ? `${error.message} (${error.name})` : String(error);
  throw new Mistakes([{ file: 'Amazon RDS', path: id, message }]);
};
