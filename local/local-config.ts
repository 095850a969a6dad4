import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { AUDIENCE, type LocalIssuer } from '../examples/people/oidc-provider.ts';

/** What stands on this machine in the place of an issuer and of databases on RDS. */
export interface LocalPlaces {
  readonly issuer: Pick<LocalIssuer, 'issuer' | 'jwksUri'>;
  readonly certPem: string;
  /** By the ids of their resources. One that is not here is left out. */
  readonly databases: ReadonlyMap<string, { readonly port: number; readonly adminSecretArn?: string }>;
  /** By the ids of their resources. */
  readonly clusters: ReadonlyMap<string, { readonly endpoint: string }>;
  readonly account: string;
  readonly region: string;
  /** Of the instance with IAM authentication. */
  readonly resourceId: string;
  /** By the ids of their resources. */
  readonly machines: ReadonlyMap<string, { readonly port: number; readonly hostKey: string }>;
}

const Principals = z.looseObject({
  principals: z.array(z.looseObject({ owners: z.array(z.looseObject({})).default([]) })),
});
const Examples = z.looseObject({
  examples: z.array(z.looseObject({ resource: z.string().optional() })).default([]),
});
const Resources = z.looseObject({
  resources: z.array(z.looseObject({ id: z.string(), kind: z.string(), target: z.looseObject({}) })),
});

/**
 * Copies a configuration so that it can run here: the same principals, resources and policies, but every issuer is
 * the local provider and every address the local instance.
 */
export const writeLocalConfig = (from: string, to: string, places: LocalPlaces): void => {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
  writeFileSync(join(to, 'local.pem'), places.certPem);
  const read = (name: string): unknown => parse(readFileSync(join(from, name), 'utf8'));
  const write = (name: string, content: unknown) => writeFileSync(join(to, name), stringify(content));
  const { issuer, jwksUri } = places.issuer;
  const signs = { algorithms: ['ES256'], types: ['at+jwt'], audiences: [AUDIENCE] };
  const known = { issuer, jwksUri, ...signs, maxLifetimeSeconds: 3_600, defaultType: 'workload' };
  write('issuers.yaml', { issuers: [known] });
  const { principals } = Principals.parse(read('principals.yaml'));
  const owned = principals.map(({ owners, ...one }) => {
    return { ...one, issuer, owners: owners.map((owner) => ({ ...owner, issuer })) };
  });
  write('principals.yaml', { principals: owned });
  const { resources, ...rest } = Resources.parse(read('resources.yaml'));
  const here = resources.filter(({ id, kind }) => !DATABASES.includes(kind) || places.databases.has(id));
  const moved = here.map((one) => ({ ...one, target: localTarget(one, places) }));
  write('resources.yaml', { ...rest, resources: moved });
  const { examples } = Examples.parse(read('examples.yaml'));
  const isHere = (id: string | undefined) => !resources.some((one) => one.id === id && !here.includes(one));
  write('examples.yaml', { examples: examples.filter(({ resource }) => isHere(resource)) });
};

const DATABASES: readonly string[] = ['postgres', 'mysql'];

type Section = z.infer<typeof Resources>['resources'][number];

const localTarget = ({ id, kind, target }: Section, places: LocalPlaces): object => {
  const { account, region, resourceId, databases, clusters } = places;
  if (kind === 'aws') return inAccount(target, places);
  const machine = places.machines.get(id);
  if (machine)
    return { ...target, account, region, host: '127.0.0.1', port: machine.port, hostKeys: [machine.hostKey] };
  const roleArn = `arn:aws:iam::${account}:role/latchkey-target-${id}`;
  const here = { ...target, account, region, roleArn, tls: { ca: { file: 'local.pem' } } };
  if (kind === 'eks') return { ...here, endpoint: clusters.get(id)?.endpoint };
  const { port, adminSecretArn } = databases.get(id) ?? {};
  const address = { host: 'localhost', port };
  if (adminSecretArn === undefined) return { ...here, ...address, resourceId };
  return { ...here, ...address, adminSecretArn, roleArn: undefined };
};

/** Names stay; whatever says where they are says that they are here. */
const inAccount = (target: Section['target'], { account, region }: LocalPlaces): object =>
  JSON.parse(
    JSON.stringify(target).replaceAll(`${target.account}`, account).replaceAll(`${target.region}`, region),
  );
