import type { EksResource } from '../../lambdas/core/config/resource.ts';

const PLACE = { account: '000000000000', region: 'us-east-1' } as const;
const COMMON = { env: 'staging', maxDurationSeconds: 3_600, sensitive: [] } as const;

export const EKS_RESOURCE: EksResource = {
  ...COMMON,
  id: 'shop-cluster',
  kind: 'eks',
  description: 'Services of the shop',
  actions: ['eks:connect'],
  target: {
    ...PLACE,
    cluster: 'shop',
    endpoint: 'https://shop.eks.example.com',
    caPem: 'pem',
    roleArn: 'arn:aws:iam::000000000000:role/latchkey-target-shop-cluster',
    administratorRoleArn: undefined,
    externalId: 'latchkey-test-7f3a',
    profiles: {
      viewer: {
        description: 'Look at the services',
        namespace: 'shop',
        role: { kind: 'ClusterRole', name: 'view' },
      },
    },
  },
};
