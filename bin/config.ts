import { checkConfiguration } from './check-config.ts';
import { runSubcommand } from './command-line.ts';
import { writeConfigSchemas } from './config-schemas.ts';
import { printTarget } from './print-target.ts';
import { resolveTarget } from './resolve-target.ts';

const HELP = `
Describe what can be reached, and see that it can be.

  npm run config -- resolve --instance orders --region eu-central-1
  npm run config -- resolve --cluster billing --region eu-central-1
      Asks Amazon RDS with your own credentials (rds:DescribeDBInstances, rds:DescribeDBClusters) and prints a
      resource for config/resources.yaml.

  npm run config -- check
      Compiles the configuration as a deployment would, and names every mistake with its mend.

  npm run config -- check orders-db
      Also logs in to that database as latchkey_admin, with a token signed by your own credentials
      (rds-db:connect), and says what it still lacks. Nothing is changed there.

  npm run config -- check reports
      Also asks IAM, with your own credentials for that account (iam:GetRole, GetRolePolicy, ListRolePolicies,
      ListAttachedRolePolicies, GetPolicy, GetPolicyVersion), whether its roles are as they must be.

  npm run config -- check reports-host
      Also sees that the document that ends sessions on that machine is the one of this version, and runs it there,
      without a key and with your own credentials (ssm:GetDocument, SendCommand, GetCommandInvocation); of a machine
      elsewhere it asks IAM about its roles first.

  npm run config -- target reports
      Prints the CloudFormation template that makes what a resource needs in its own account: roles, access entries
      of a cluster, the document that ends sessions on a machine. The construct AccessTarget makes the same. What
      Latchkey's own stack makes (createTargetRoles in cdk.json) is left out, or refused if nothing else is left.

  npm run config -- schemas
      Writes the JSON Schemas by which editors complete the files of config/. Needed when the shape changes;
      format them with: npx biome format --write config

  check and target take
      --config <folder>      the configuration to read; config/ unless said otherwise
      --guard-rails removed  as the setting of the same name in cdk.json
      --settings <file>      where account and stack of Latchkey are read from; cdk.json unless said otherwise
`;

const COMMANDS = {
  resolve: resolveTarget,
  check: checkConfiguration,
  target: printTarget,
  schemas: writeConfigSchemas,
};

await runSubcommand(HELP, COMMANDS, process.argv.slice(2));
