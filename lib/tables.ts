import { RemovalPolicy } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** What nobody may do to the trail. Functions are denied it in their roles too; here it holds for people as well. */
export const NEVER_ON_AUDIT = [
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:PartiQLDelete',
  'dynamodb:PartiQLInsert',
  'dynamodb:PartiQLSelect',
  'dynamodb:PartiQLUpdate',
  'dynamodb:UpdateTimeToLive',
  'dynamodb:DeleteTable',
];

const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });
const number = (name: string): Attribute => ({ name, type: AttributeType.NUMBER });

const KEPT = {
  billingMode: BillingMode.PAY_PER_REQUEST,
  encryption: TableEncryption.AWS_MANAGED,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  deletionProtection: true,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

/** State and trail are two tables so that rights to them can differ. Both outlive the stack. */
export class Tables extends Construct {
  readonly grants: Table;
  readonly audit: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.grants = this.#makeGrants();
    this.audit = this.#makeAudit();
  }

  #makeGrants(): Table {
    const grants = new Table(this, 'Grants', {
      ...KEPT,
      partitionKey: text('pk'),
      sortKey: text('sk'),
      // Only idempotency records and stored task tokens carry it; state never disappears by age.
      timeToLiveAttribute: 'purgeAt',
    });
    grants.addGlobalSecondaryIndex({
      indexName: 'due',
      partitionKey: text('due'),
      sortKey: number('dueAt'),
      projectionType: ProjectionType.KEYS_ONLY,
    });
    grants.addGlobalSecondaryIndex({
      indexName: 'mine',
      partitionKey: text('mine'),
      sortKey: number('createdAt'),
      projectionType: ProjectionType.ALL,
    });
    return grants;
  }

  #makeAudit(): Table {
    return new Table(this, 'Audit', {
      ...KEPT,
      partitionKey: text('chain'),
      sortKey: number('seq'),
      resourcePolicy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            effect: Effect.DENY,
            principals: [new AnyPrincipal()],
            actions: NEVER_ON_AUDIT,
            // A table's own policy cannot name the table while it is being made; `*` is the table here.
            resources: ['*'],
          }),
        ],
      }),
    });
  }
}
