import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** What is kept of tasks beside the trail, sealed, and the keys that open it. Both outlive the stack. */
export class Payloads extends Construct {
  readonly keys: Table;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, retentionDays: number) {
    super(scope, id);
    this.keys = this.#makeKeys();
    this.bucket = this.#makeBucket(retentionDays);
  }

  /** Without any copy of itself: destroying a key is what erases, and from a backup it could be brought back. */
  #makeKeys(): Table {
    return new Table(this, 'Keys', {
      partitionKey: { name: 'task', type: AttributeType.STRING },
      timeToLiveAttribute: 'purgeAt',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  #makeBucket(retentionDays: number): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // Not KMS: `runner` has no way to it, and whoever reads here gets sealed bytes in any case.
      encryption: BucketEncryption.S3_MANAGED,
      // With versions a deletion would only hide, and what is to be erased would stay.
      versioned: false,
      // Objects under legal hold carry another value and are left alone.
      lifecycleRules: [
        { id: 'retention', tagFilters: { latchkey: 'kept' }, expiration: Duration.days(retentionDays) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    bucket.addToResourcePolicy(neverReplace(bucket));
    return bucket;
  }
}

/** Without versions a second put would destroy the first. So nobody may put where something is, people included. */
const neverReplace = (bucket: Bucket): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:PutObject'],
    resources: [bucket.arnForObjects('*')],
    conditions: { Null: { 's3:if-none-match': 'true' } },
  });
