import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { AssetDirs } from '../../bin/bundle.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { appContext } from '../../lib/app-context.ts';
import { LatchkeyStack } from '../../lib/latchkey-stack.ts';
import { FUNCTIONS, ORDERS, settingsOf } from './sample-settings.ts';
import { scratchDir } from './scratch-dir.ts';

let assetDirs: AssetDirs | undefined;

/** A folder for each function with next to nothing in it: what is bundled is another test's matter. */
const emptyAssets = (): AssetDirs => {
  if (assetDirs) return assetDirs;
  const dir = scratchDir();
  for (const name of FUNCTIONS) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'index.cjs'), `exports.handler = async () => '${name}';`);
  }
  assetDirs = Object.fromEntries(FUNCTIONS.map((name) => [name, join(dir, name)])) as AssetDirs;
  return assetDirs;
};

export interface SampleStack {
  readonly settings?: object;
  readonly resources?: readonly Resource[];
}

export const sampleStack = ({
  settings = {},
  resources = [ORDERS],
}: SampleStack = {}): {
  app: App;
  stack: Stack;
} => {
  const app = new App({
    outdir: scratchDir(),
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    treeMetadata: false,
    stackTraces: false,
    context: appContext(false),
  });
  const read = settingsOf(settings);
  const env = { account: read.account, region: read.region };
  const stack = new LatchkeyStack(app, read.stackName, {
    settings: read,
    resources,
    assetDirs: emptyAssets(),
    env,
  });
  return { app, stack };
};

export interface TemplateResource {
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON, and tests read deep into it
  readonly properties: any;
  readonly deletionPolicy: string | undefined;
}

/** What the stack deploys, with intrinsic functions turned into names that a person can read. */
export const sampleResources = (sample?: SampleStack): TemplateResource[] => {
  const template: { Resources: Record<string, RawResource> } = Template.fromStack(
    sampleStack(sample).stack,
  ).toJSON() as never;
  return Object.entries(template.Resources).map(([id, resource]) => ({
    id: nameOf(id),
    type: resource.Type,
    properties: readable(resource.Properties ?? {}),
    deletionPolicy: resource.DeletionPolicy,
  }));
};

interface RawResource {
  readonly Type: string;
  readonly Properties?: unknown;
  readonly DeletionPolicy?: string;
}

export const ofType = (resources: readonly TemplateResource[], type: string): TemplateResource[] =>
  resources.filter((resource) => resource.type === type);

/** CDK ends every id with eight hexadecimal digits. */
const nameOf = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '');

/** `{"Fn::GetAtt": ["TablesGrants12345678", "Arn"]}` → `<TablesGrants.Arn>`, and so on. */
export const readable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first) {
    const [name, argument] = first;
    if (name === 'Ref') return `<${nameOf(String(argument))}>`;
    if (name === 'Fn::GetAtt') return `<${nameOf(argument[0])}.${argument[1]}>`;
    if (name === 'Fn::Join') return argument[1].map(readable).join(argument[0]);
  }
  return Object.fromEntries(entries.map(([key, member]) => [key, readable(member)]));
};
