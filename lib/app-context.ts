import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };

/**
 * How CDK behaves: as for a new project of this version. Said here and not in `cdk.json`, so that the template does not
 * depend on who asks for it.
 */
export const appContext = (check: boolean): Record<string, unknown> => ({
  ...recommendedFlags,
  // Each statement stays as `lib/permissions.ts` writes it.
  '@aws-cdk/aws-iam:minimizePolicies': false,
  '@aws-cdk/core:enablePartitionLiterals': true,
  'aws:cdk:enable-asset-metadata': true,
  'aws:cdk:enable-path-metadata': true,
  // CDK's own look at the template, against the schemas of CloudFormation; takes a second.
  '@aws-cdk/core:validateAgainstDefaultRules': check,
  '@aws-cdk/core:strictCfnValidateErrors': check,
});
