import type { EksResource, MysqlResource } from '../../lambdas/core/config/resource.ts';

/** One valid resource of each kind that has none in `facts.ts`. */
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

export const MYSQL_RESOURCE: MysqlResource = {
  ...COMMON,
  id: 'stock-db',
  kind: 'mysql',
  description: 'Stock of the shop',
  actions: ['mysql:connect'],
  target: {
    ...PLACE,
    resourceId: 'db-STOCK',
    host: 'localhost',
    port: 3306,
    database: 'stock',
    engine: 'mysql',
    auth: 'iam',
    adminSecretArn: undefined,
    roleArn: 'arn:aws:iam::000000000000:role/latchkey-target-stock-db',
    templateRole: 'stock_app',
    preparedTransactions: 'agents',
    connectionLimit: 3,
    caPem: 'pem',
  },
};
