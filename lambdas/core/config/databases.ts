import type { MysqlResource, PostgresResource, Resource } from './resource.ts';

export type DatabaseResource = PostgresResource | MysqlResource;

/** A database whose users prove themselves by tokens that this role signs. */
export type SignedDatabase = DatabaseResource & { readonly target: { readonly roleArn: string } };

export const databasesOf = (resources: readonly Resource[]): readonly DatabaseResource[] =>
  resources.filter(
    (resource): resource is DatabaseResource => resource.kind === 'postgres' || resource.kind === 'mysql',
  );

export const signedDatabasesOf = (resources: readonly Resource[]): readonly SignedDatabase[] =>
  databasesOf(resources).filter(isSigned);

export const isSigned = (database: DatabaseResource): database is SignedDatabase =>
  database.target.auth === 'iam';

/** Where the passwords of our administrators are, each once. */
export const adminSecretsOf = (resources: readonly Resource[]): readonly string[] => [
  ...new Set(databasesOf(resources).flatMap(({ target }) => target.adminSecretArn ?? [])),
];
