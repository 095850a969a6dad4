import { createHash } from 'node:crypto';
import type { CredentialContent } from '../../lambdas/app/credential.ts';
import type { IssueAsk } from '../../lambdas/app/ports-of-targets.ts';
import type { Resource, ResourceKind, VendAction } from '../../lambdas/core/config/resource.ts';
import { databaseUser } from '../../lambdas/core/grant/ids.ts';
import { RDS_TOKEN_SECONDS, SECOND_MS } from '../../lambdas/core/limits.ts';
import { PUSHED_KEY_SECONDS } from '../../lambdas/core/ssh/limits.ts';
import { AWS_RESOURCE, RESOURCE } from './facts.ts';
import { EKS_RESOURCE, MYSQL_RESOURCE } from './kind-facts.ts';
import { type Nature, type RememberedPlace, rememberedPlace } from './remembered-place.ts';
import { SSH_RESOURCE } from './ssh-facts.ts';

/** What tests about every kind need of one. A kind is added here, and is then in all of them. */
export interface KindInTests {
  readonly resource: Resource;
  readonly action: VendAction;
  /** Where the resource has several. */
  readonly profile?: string;
  readonly nature: Nature;
  readonly content: (ask: IssueAsk<Resource>, secret: string) => CredentialContent;
}

/** A role or a user of its own, whose open connections outlive the token that opened them. */
const LOGIN: Nature = {
  makes: 'locked',
  opensForMs: RDS_TOKEN_SECONDS * SECOND_MS,
  timedBy: 'us',
  opens: 'session',
  knowsEnd: false,
  isPushed: false,
};

/** A session of STS: AWS ends it, at the end of its grant at the latest, and refuses it before when it is told to. */
const ROLE_SESSION: Nature = {
  makes: undefined,
  opensForMs: RDS_TOKEN_SECONDS * SECOND_MS,
  timedBy: 'target',
  opens: 'call',
  knowsEnd: true,
  isPushed: false,
};

const PUSHED_KEY: Nature = {
  makes: undefined,
  opensForMs: PUSHED_KEY_SECONDS * SECOND_MS,
  timedBy: 'target',
  opens: 'session',
  knowsEnd: false,
  isPushed: true,
};

const BINDING: Nature = { ...LOGIN, makes: 'in two steps', opens: 'call' };

/** The content of a credential, for kinds of which nothing here reads it. */
const unread = ({ resource }: IssueAsk<Resource>) =>
  ({ kind: resource.kind }) as unknown as CredentialContent;

export const KINDS: Readonly<Record<ResourceKind, KindInTests>> = {
  postgres: {
    resource: RESOURCE,
    action: 'postgres:connect',
    nature: LOGIN,
    content: ({ grant }, secret) => ({
      kind: 'postgres',
      host: RESOURCE.target.host,
      port: RESOURCE.target.port,
      database: RESOURCE.target.database,
      user: databaseUser(grant.id),
      password: secret,
      caPem: RESOURCE.target.caPem,
    }),
  },
  mysql: { resource: MYSQL_RESOURCE, action: 'mysql:connect', nature: LOGIN, content: unread },
  aws: {
    resource: AWS_RESOURCE,
    action: 'aws:assume',
    profile: 'read-reports',
    nature: ROLE_SESSION,
    content: ({ id }, secret) => ({
      kind: 'aws',
      accessKeyId: id,
      secretAccessKey: secret,
      sessionToken: secret,
      region: AWS_RESOURCE.target.region,
    }),
  },
  ssh: { resource: SSH_RESOURCE, action: 'ssh:connect', nature: PUSHED_KEY, content: unread },
  eks: { resource: EKS_RESOURCE, action: 'eks:connect', nature: BINDING, content: unread },
};

/** In the order of the table. */
export const KIND_NAMES = Object.keys(KINDS) as readonly ResourceKind[];

export type Places = Readonly<Record<ResourceKind, RememberedPlace>>;

/** One of each kind. */
export const rememberedPlaces = (clock: () => number): Places => {
  const place = (kind: ResourceKind) => rememberedPlace(KINDS[kind].nature, clock, KINDS[kind].content);
  return {
    postgres: place('postgres'),
    mysql: place('mysql'),
    aws: place('aws'),
    ssh: place('ssh'),
    eks: place('eks'),
  };
};

/** What use cases ask for by kind, each as `wrap` makes it. */
export const portsOf = <P extends 'target' | 'issuer'>(
  places: Places,
  port: P,
  wrap: (port: RememberedPlace[P]) => RememberedPlace[P] = (same) => same,
) => ({
  postgres: wrap(places.postgres[port]),
  mysql: wrap(places.mysql[port]),
  aws: wrap(places.aws[port]),
  ssh: wrap(places.ssh[port]),
  eks: wrap(places.eks[port]),
});

/** What a request for it says beside task, duration and reason. */
export const requestFor = (kind: ResourceKind) => {
  const { resource, action, profile } = KINDS[kind];
  return { resource: resource.id, action, ...(profile === undefined ? {} : { profile }) };
};

/** What a caller brings to a vend: where access is by key, the public half of one that is this grant's and nobody else's. */
export const broughtFor = (kind: ResourceKind, grantId: string): { readonly publicKey?: string } =>
  kind === 'ssh' ? { publicKey: publicKeyOf(grantId) } : {};

/** `ssh-ed25519 AAAA…`: any 32 bytes below the prime of the field are one. Nobody has the private half. */
const publicKeyOf = (grantId: string): string => {
  const point = createHash('sha256').update(grantId).digest();
  point[31] = (point[31] ?? 0) & 0x3f;
  const fields = [Buffer.from('ssh-ed25519'), point].flatMap((field) => [lengthOf(field), field]);
  return `ssh-ed25519 ${Buffer.concat(fields).toString('base64')}`;
};

const lengthOf = (field: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(field.length);
  return length;
};
