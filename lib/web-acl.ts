import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { REQUEST_BODY_MAX_BYTES } from '../lambdas/core/limits.ts';

export interface WebAclProps {
  readonly stageArn: string;
  /** Over any five minutes. */
  readonly requestsPerAddress: number;
  readonly name: string;
}

/** The firewall in front of the stage. It samples nothing: a sample would show the Authorization header. */
export class WebAcl extends Construct {
  constructor(scope: Construct, id: string, props: WebAclProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility(props.name),
      // By default only the first 16 KB of a body are looked at.
      associationConfig: { requestBody: { API_GATEWAY: { defaultSizeInspectionLimit: 'KB_64' } } },
      rules: [tooManyRequests(props.requestsPerAddress), bodyTooLarge, commonAttacks],
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: props.stageArn, webAclArn: acl.attrArn });
  }
}

const visibility = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  metricName,
  sampledRequestsEnabled: false,
});

const tooManyRequests = (limit: number): CfnWebACL.RuleProperty => ({
  name: 'too-many-requests',
  priority: 0,
  action: { block: {} },
  statement: { rateBasedStatement: { limit, aggregateKeyType: 'IP' } },
  visibilityConfig: visibility('too-many-requests'),
});

const bodyTooLarge: CfnWebACL.RuleProperty = {
  name: 'body-too-large',
  priority: 1,
  action: { block: {} },
  statement: {
    sizeConstraintStatement: {
      // What is beyond inspection is too large by definition.
      fieldToMatch: { body: { oversizeHandling: 'MATCH' } },
      comparisonOperator: 'GT',
      size: REQUEST_BODY_MAX_BYTES,
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  },
  visibilityConfig: visibility('body-too-large'),
};

const commonAttacks: CfnWebACL.RuleProperty = {
  name: 'common-attacks',
  priority: 2,
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name: 'AWSManagedRulesCommonRuleSet',
      // It refuses bodies over 8 KB; ours may be larger, and the rule above has the right size.
      ruleActionOverrides: [{ name: 'SizeRestrictions_BODY', actionToUse: { count: {} } }],
    },
  },
  visibilityConfig: visibility('common-attacks'),
};
