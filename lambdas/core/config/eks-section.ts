import * as z from 'zod';
import {
  EKS_CLUSTER_MAX_CHARACTERS,
  KUBERNETES_LABEL_MAX_CHARACTERS,
  KUBERNETES_NAME_MAX_CHARACTERS,
} from '../eks/limits.ts';
import { PROFILES_MAX_COUNT } from '../limits.ts';
import type { ConfigError } from './config-error.ts';
import { LOOPBACK_ACCOUNT } from './rds-endpoint.ts';
import type { EksResource } from './resource.ts';
import {
  Account,
  actionsOf,
  COMMON_FIELDS,
  Description,
  ExternalId,
  Id,
  Region,
  RoleArn,
  rolesOfAccountMistakes,
} from './resource-section.ts';
import { checkedBundle } from './tls-ca.ts';

/** A name that may stand in a host's. In those of the system no agent has any business. */
const Namespace = z
  .string()
  .max(KUBERNETES_LABEL_MAX_CHARACTERS)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, {
    error: 'must be the name of a namespace: lower-case letters, digits and dashes.',
  })
  .refine((name) => !name.startsWith('kube-'), {
    message: 'must be a namespace of your own: not one that begins with kube-.',
  });

/** Kubernetes' own roles for people: they reach further than any profile may, and grow with what is installed. */
const EVERYBODYS_ROLES = ['cluster-admin', 'admin', 'edit', 'view'];
const RESERVED_ROLE_PREFIXES = ['system:', 'eks:', 'latchkey'];

const RoleName = z
  .string()
  .max(KUBERNETES_NAME_MAX_CHARACTERS)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9:._-]*[A-Za-z0-9])?$/, { error: 'must be the name of a role.' })
  .refine(
    (name) =>
      !EVERYBODYS_ROLES.includes(name) && !RESERVED_ROLE_PREFIXES.some((prefix) => name.startsWith(prefix)),
    {
      message: `must be a role of your own: not ${EVERYBODYS_ROLES.join(', ')}, nor one that begins with ${RESERVED_ROLE_PREFIXES.join(', ')}.`,
    },
  );

const Profile = z.strictObject({
  description: Description,
  namespace: Namespace,
  role: z.strictObject({ kind: z.enum(['Role', 'ClusterRole']), name: RoleName }),
  mayFollowLogs: z.boolean().default(false),
});

const Target = z.strictObject({
  account: Account,
  region: Region,
  cluster: z
    .string()
    .max(EKS_CLUSTER_MAX_CHARACTERS)
    .regex(/^[0-9A-Za-z][A-Za-z0-9_-]*$/, { error: 'must be the name of a cluster.' }),
  endpoint: z.string().max(KUBERNETES_NAME_MAX_CHARACTERS),
  roleArn: RoleArn,
  externalId: ExternalId,
  administratorRoleArn: RoleArn.optional(),
  profiles: z.record(Id, Profile).refine((profiles) => isCount(Object.keys(profiles).length), {
    message: `must name 1 to ${PROFILES_MAX_COUNT} profiles.`,
  }),
  tls: z.strictObject({
    ca: z.union([z.string().min(1), z.strictObject({ file: z.string().min(1) })], {
      error: 'must be certificates in PEM form, or "file:" with the name of a PEM file beside this one.',
    }),
  }),
});

const isCount = (count: number): boolean => count >= 1 && count <= PROFILES_MAX_COUNT;

/** One cluster in `resources.yaml`. */
export const EksSection = z.strictObject({
  ...COMMON_FIELDS,
  kind: z.literal('eks'),
  actions: actionsOf(['eks:connect']),
  target: Target,
});

export type EksSection = z.infer<typeof EksSection>;

type Certificates = ReadonlyMap<string, string>;

export const eksMistakes = ({ target }: EksSection, certificates: Certificates): readonly ConfigError[] =>
  [...endpointMistakes(target), ...roleMistakes(target), ...bundleMistakes(target, certificates)].map(
    ({ path, message }) => ({ path: `target.${path}`, message }),
  );

/** What EKS calls the endpoint of a cluster's API server; the second form is that of clusters with both kinds of addresses. */
const ENDPOINTS = [
  /^https:\/\/[0-9A-Za-z]{1,64}\.[a-z0-9]{2,10}\.(?<region>[a-z0-9-]+)\.eks\.amazonaws\.com$/,
  /^https:\/\/[0-9A-Za-z]{1,64}\.[a-z0-9]{2,10}\.eks-cluster\.(?<region>[a-z0-9-]+)\.api\.aws$/,
];
const LOOPBACK_ENDPOINT = /^https:\/\/localhost:\d{1,5}$/;

const endpointMistakes = ({ endpoint, region, account }: EksSection['target']): readonly ConfigError[] => {
  const path = 'endpoint';
  if (LOOPBACK_ENDPOINT.test(endpoint) && account === LOOPBACK_ACCOUNT) return [];
  const found = ENDPOINTS.map((form) => form.exec(endpoint)?.groups?.region).find((one) => one !== undefined);
  if (found === undefined)
    return [
      {
        path,
        message:
          '"endpoint" must be the cluster’s own, as `aws eks describe-cluster` prints it: https://<id>.<x>.<region>.eks.amazonaws.com.',
      },
    ];
  return found === region
    ? []
    : [{ path, message: `"endpoint" is in ${found}, but "region" says ${region}: mend one of the two.` }];
};

/** A session that is the user of a grant must never be taken for the administrator. */
const roleMistakes = (target: EksSection['target']): readonly ConfigError[] => [
  ...rolesOfAccountMistakes(target),
  ...(target.administratorRoleArn === target.roleArn
    ? [
        {
          path: 'administratorRoleArn',
          message: '"administratorRoleArn" must be another role than "roleArn".',
        },
      ]
    : []),
];

const bundleOf = ({ tls: { ca } }: EksSection['target'], certificates: Certificates) => {
  if (typeof ca === 'string') return checkedBundle(ca);
  const pem = certificates.get(ca.file);
  return pem === undefined
    ? { ok: false as const, mend: `names ${ca.file}, which is not a *.pem file beside resources.yaml.` }
    : checkedBundle(pem);
};

const bundleMistakes = (target: EksSection['target'], certificates: Certificates): readonly ConfigError[] => {
  const bundle = bundleOf(target, certificates);
  return bundle.ok ? [] : [{ path: 'tls.ca', message: `"ca" ${bundle.mend}` }];
};

/** Once nothing is wrong with it. */
export const toEksResource = (section: EksSection, certificates: Certificates): EksResource => {
  const { tls: _tls, ...target } = section.target;
  const bundle = bundleOf(section.target, certificates);
  return {
    ...section,
    sensitive: [],
    target: {
      ...target,
      administratorRoleArn: target.administratorRoleArn,
      caPem: bundle.ok ? bundle.pem : '',
    },
  };
};
