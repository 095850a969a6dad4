import { escapeIdentifier, escapeLiteral } from 'pg';
import type { PostgresResource } from '../../core/config/resource.ts';
import { databaseUser } from '../../core/grant/ids.ts';

/**
 * What makes the role of a grant, as the target is told it and as people who decide are shown it. Identifiers come from
 * configuration that admits plain names only, and are quoted all the same. `rds_iam` has no rights; it is inherited because
 * RDS asks for the membership in that form to let a login be by token.
 */
export const roleStatements = ({
  resource,
  grantId,
  template,
  verifier,
}: {
  readonly resource: PostgresResource;
  readonly grantId: string;
  /** The role whose rights the grant's role inherits. */
  readonly template: string;
  /** What the server is to keep of its password; people who decide are shown the statements without. */
  readonly verifier?: string | undefined;
}): readonly string[] => {
  const user = escapeIdentifier(databaseUser(grantId));
  const { connectionLimit, auth } = resource.target;
  const password = verifier === undefined ? '' : ` PASSWORD ${escapeLiteral(verifier)}`;
  return [
    `CREATE ROLE ${user} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT CONNECTION LIMIT ${connectionLimit}${password}`,
    `COMMENT ON ROLE ${user} IS ${escapeLiteral(grantId)}`,
    `GRANT ${escapeIdentifier(template)} TO ${user} WITH ADMIN FALSE, INHERIT TRUE, SET FALSE`,
    ...(auth === 'iam' ? [`GRANT rds_iam TO ${user} WITH ADMIN FALSE, INHERIT TRUE, SET FALSE`] : []),
  ];
};
