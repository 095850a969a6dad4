import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const Resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).optional(),
});
const Template = z.looseObject({ Resources: z.record(z.string(), Resource) });
type Resource = z.output<typeof Resource>;

/** Types that MiniStack refuses in a template. */
export const UNKNOWN_TYPES = [
  'AWS::EC2::SecurityGroupEgress',
  'AWS::SSM::Document',
  'AWS::WAFv2::WebACLAssociation',
];

/**
 * What is changed in the template before MiniStack 1.5.33 deploys it, and nothing else is. `deploy-gaps.test.ts` has
 * one test for each that fails when MiniStack no longer needs it.
 */
const CONCESSIONS: readonly ((resource: Resource) => Resource | undefined)[] = [
  (resource) => (UNKNOWN_TYPES.includes(resource.Type) ? undefined : resource),
  // Alarms over an expression of several metrics are refused.
  (resource) =>
    resource.Type === 'AWS::CloudWatch::Alarm' && resource.Properties?.Metrics ? undefined : resource,
  // A state's time-out may be an expression; MiniStack compares its text with a number. Here it is the longest grant.
  (resource) =>
    resource.Type === 'AWS::StepFunctions::StateMachine'
      ? replaced(resource, [/(TimeoutSeconds\\*":)\\*"\{%[^"]*%\}\\*"/g, `$1${43_200}`])
      : resource,
  // AWS compares `aws:PrincipalArn` with the ARN of the role behind a session, MiniStack with the session's own.
  (resource) =>
    resource.Type === 'AWS::IAM::Role'
      ? replaced(resource, [
          /"aws:PrincipalArn":"arn:aws:iam::(\d+):role\/([^"]+)"/g,
          '"aws:PrincipalArn":"arn:aws:sts::$1:assumed-role/$2/*"',
        ])
      : resource,
  // AWS authorizes the signals to a task for its state machine, MiniStack for `*`.
  (resource) =>
    resource.Type === 'AWS::IAM::Role'
      ? replaced(resource, [/("states:SendTask\w+"[^{}]*"Resource":)("[^"]*"|\[[^\]]*\])/g, '$1"*"'])
      : resource,
];

const replaced = (resource: Resource, [pattern, by]: readonly [RegExp, string]): Resource =>
  Resource.parse(JSON.parse(JSON.stringify(resource).replace(pattern, by)));

/** Makes the concessions in a cloud assembly. Answers the logical ids of what was changed or left out. */
export const concede = (outdir: string, stackName: string): readonly string[] => {
  const file = join(outdir, `${stackName}.template.json`);
  const template = Template.parse(JSON.parse(readFileSync(file, 'utf8')));
  const changed: string[] = [];
  const resources = Object.entries(template.Resources).flatMap(([id, resource]) => {
    const conceded = CONCESSIONS.reduce<Resource | undefined>((now, make) => now && make(now), resource);
    if (JSON.stringify(conceded) !== JSON.stringify(resource)) changed.push(id);
    return conceded ? [[id, conceded] as const] : [];
  });
  writeFileSync(file, JSON.stringify({ ...template, Resources: Object.fromEntries(resources) }));
  leadToHandlers(outdir);
  return changed;
};

/** MiniStack finds `index.js` and `index.mjs`; Lambda finds `index.cjs` too. So each function gets one that leads there. */
const leadToHandlers = (outdir: string): void => {
  for (const name of readdirSync(outdir).filter((entry) => /^asset\.[0-9a-f]{64}$/.test(entry)))
    writeFileSync(join(outdir, name, 'index.js'), "module.exports = require('./index.cjs');\n");
};
