import type { ConfigFiles } from '../../lambdas/core/config/config-files.ts';
import { ANY_ACCESS, VALID } from './config-text.ts';

const SENSITIVE = `
    sensitive:
      - { column: public.customers.email, category: email, mask: token }
      - { column: public.customers.card, category: card, mask: { keepLast: 4 } }
      - { column: hr.people.salary, category: salary }`;
const ROLES = `
      maskedTemplateRole: orders_app_masked
      runRoles: { read: orders_reader, write: orders_writer }`;

const OWNERS = `
    owners: [{ name: Dana, issuer: https://id.example.com, subject: dana }]`;

/**
 * The valid configuration with runs and with something sensitive: `orders-db` offers a login, reads and writes, and has
 * three sensitive columns; `billing-db`, in prod, offers reads and writes and has none. The data crew may do all that,
 * for as long as it likes, and sees nothing as it is.
 */
export const RUNNING: ConfigFiles = {
  ...VALID,
  principals: VALID.principals.replace('groups: [data-crew]', `groups: [data-crew]${OWNERS}`),
  resources: VALID.resources
    .replace('[postgres:connect]', '[postgres:connect, postgres:read, postgres:write]')
    .replace('maxDurationSeconds: 3600', `maxDurationSeconds: 14400${SENSITIVE}`)
    .replace('templateRole: orders_app', `templateRole: orders_app${ROLES}`)
    .replace('[postgres:connect]', '[postgres:connect, postgres:read, postgres:write]')
    .replace('maxDurationSeconds: 900', 'maxDurationSeconds: 14400')
    .replace(
      'templateRole: billing_app',
      'templateRole: billing_app\n      runRoles: { read: billing_reader, write: billing_writer }',
    ),
  examples:
    'examples: [{ workload: deployer, action: postgres:read, resource: orders-db, durationSeconds: 60, expect: deny }]',
  policies: [
    // As the sample's, these guard rails let reads of prod go unattended.
    ...VALID.policies
      .filter(({ file }) => file === 'guard-rails.cedar')
      .map(({ file, text }) => ({ file, text: text.replace('Action::"postgres:read", ', '') })),
    {
      file: 'crew.cedar',
      text: `@id("crew") @reason("r") permit (principal in Group::"data-crew", ${ANY_ACCESS}, resource);`,
    },
  ],
};

/** The same with one more file of policies. */
export const runningWith = (text: string): ConfigFiles => ({
  ...RUNNING,
  policies: [...RUNNING.policies, { file: 'extra.cedar', text }],
});

/** A permit to see these categories on every resource. */
export const sees = (...categories: readonly string[]): string =>
  `@id("sees") @reason("r") permit (principal in Group::"data-crew", action == Action::"unmask", resource)
  when { [${categories.map((name) => `Category::"${name}"`).join(', ')}].contains(context.category) };`;
