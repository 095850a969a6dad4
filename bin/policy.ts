import { runSubcommand } from './command-line.ts';
import { explainPolicy } from './explain-policy.ts';
import { testPolicy } from './test-policy.ts';

const HELP = `
Ask policy what it would say, without deploying anything.

  npm run policy -- test
      Asks every example of examples.yaml. Exit code 1 when one does not hold.

  npm run policy -- explain --agent sales-analyst --action postgres:connect --resource billing-db --duration 900
      Says what a request would be answered, and which policies decide. Durations are in seconds.
      --workload or --human  instead of --agent
      --groups a,b           groups of the token, instead of those in principals.yaml
      --profile logs-reader  where the resource has several: which of them
      --run-class write      one statement under the grant, of the class that --action names: read, write or ddl
      --unbounded            that it names no rows
      --tables public.a,b.c  the tables that it touches
      --unmask email         in place of --action and --duration: whether this category is shown as it is

  Both take
      --config <folder>      the configuration to read; config/ unless said otherwise
      --guard-rails removed  as the setting of the same name in cdk.json
      --json                 for programs
`;

await runSubcommand(HELP, { test: testPolicy, explain: explainPolicy }, process.argv.slice(2));
