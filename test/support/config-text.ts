import assert from 'node:assert/strict';
import { compileConfig } from '../../lambdas/core/config/compile.ts';
import type { CompiledConfig } from '../../lambdas/core/config/compiled.ts';
import type { ConfigFiles, FileError } from '../../lambdas/core/config/config-files.ts';
import { RESOURCE_ACTIONS } from '../../lambdas/core/config/resource.ts';

/** The scope of a policy about every action but `unmask`, whose context knows nothing of people and durations. */
export const ANY_ACCESS = `action in [${RESOURCE_ACTIONS.map((action) => `Action::"${action}"`).join(', ')}]`;

/** One small valid configuration, as text. Tests change one thing of it. */
export const VALID: ConfigFiles = {
  issuers: `
issuers:
  - issuer: https://id.example.com
    jwksUri: https://id.example.com/jwks
    algorithms: [ES256]
    types: [at+jwt]
    audiences: [latchkey]
    maxLifetimeSeconds: 900
    groups: { claim: groups, required: false }
    defaultType: agent
`,
  principals: `
principals:
  - name: sales-analyst
    type: agent
    issuer: https://id.example.com
    subject: crew-1
    groups: [data-crew]
  - name: deployer
    type: workload
    issuer: https://id.example.com
    claims: { pipeline: main }
`,
  resources: `
environments: [staging, prod]
unguarded: [staging]
resources:
  - id: orders-db
    kind: postgres
    description: Orders
    env: staging
    actions: [postgres:connect]
    maxDurationSeconds: 3600
    target:
      account: "111122223333"
      region: eu-central-1
      resourceId: db-ABCDEFGHIJKLMNOPQRSTUVWXYZ
      host: orders.c1abcdefghij.eu-central-1.rds.amazonaws.com
      port: 5432
      database: orders
      roleArn: arn:aws:iam::111122223333:role/latchkey-target-orders-db
      templateRole: orders_app
      objectOwner: orders_owner
      connectionLimit: 5
      tls: { ca: rds }
  - id: billing-db
    kind: postgres
    description: Invoices
    env: prod
    actions: [postgres:connect]
    maxDurationSeconds: 900
    target:
      account: "111122223333"
      region: eu-central-1
      resourceId: cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ
      host: billing.cluster-c1abcdefghij.eu-central-1.rds.amazonaws.com
      database: billing
      roleArn: arn:aws:iam::111122223333:role/latchkey-target-billing-db
      templateRole: billing_app
      objectOwner: billing_owner
      tls: { ca: rds }
`,
  examples: `
examples:
  - { agent: sales-analyst, action: postgres:connect, resource: orders-db, durationSeconds: 900, expect: allow, because: [data-crew] }
  - { agent: sales-analyst, action: postgres:connect, resource: billing-db, durationSeconds: 900, expect: needs_approval(1) }
`,
  policies: [
    {
      file: 'guard-rails.cedar',
      text: `@id("prod-needs-approval") @reason("Production needs a person.")
forbid (principal, ${ANY_ACCESS}, resource in Env::"prod") unless { context.approvals >= 1 };
@id("no-unbounded-writes") @reason("Say which rows.")
forbid (principal, action == Action::"postgres:write", resource) when { context has run && !context.run.bounded };`,
    },
    {
      file: 'data-crew.cedar',
      text: `@id("data-crew") @reason("The data crew may.")
permit (principal in Group::"data-crew", action == Action::"postgres:connect", resource) when { context.durationSeconds <= 900 };`,
    },
  ],
  certificates: new Map(),
  guardRails: 'required',
};

type YamlFile = 'issuers' | 'principals' | 'resources' | 'examples';

/** The valid configuration with one piece of text replaced, which must be there. */
export const edited = (file: YamlFile, from: string, to: string): ConfigFiles => {
  assert.ok(VALID[file].includes(from), `${file} has no ${from}`);
  return { ...VALID, [file]: VALID[file].replace(from, to) };
};

/** The valid configuration with one more file of policies. */
export const withPolicy = (text: string, file = 'extra.cedar'): ConfigFiles => ({
  ...VALID,
  policies: [...VALID.policies, { file, text }],
});

export const compiled = (files: ConfigFiles = VALID): CompiledConfig => {
  const result = compileConfig(files);
  if (!result.ok) assert.fail(JSON.stringify(result.errors, null, 1));
  return result.value;
};

/** The mistakes of a configuration that must have some. */
export const mistakes = (files: ConfigFiles): readonly FileError[] => {
  const result = compileConfig(files);
  if (result.ok) assert.fail('the configuration was accepted');
  return result.errors;
};

/** Asserts that there is exactly one mistake, and where it is. */
export const assertOneMistake = (
  files: ConfigFiles,
  expected: { readonly file: string; readonly path: string; readonly message: RegExp },
): void => {
  const [mistake, ...others] = mistakes(files);
  assert.deepEqual(others, []);
  assert.equal(mistake?.file, expected.file);
  assert.equal(mistake?.path, expected.path);
  assert.match(mistake?.message ?? '', expected.message);
};
