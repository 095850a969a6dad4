import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { CONSOLE_ROUTES } from '../lambdas/console/console-routes.ts';
import { REQUEST_BODY_MAX_BYTES } from '../lambdas/core/limits.ts';

const SLACK_PATH = CONSOLE_ROUTES.find(({ name }) => name === 'slack')?.path ?? '';

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
      rules: [
        tooManyRequests(props.requestsPerAddress),
        bodyTooLarge,
        commonAttacks('common-attacks', 2, { scope: { notStatement: { statement: fromSlack } } }),
        commonAttacks('common-attacks-from-slack', 3, { scope: fromSlack, counted: BODY_RULES }),
      ],
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

/** Slack's own calls, below the stage or at the root of a domain. No other route ends like this. */
const fromSlack: CfnWebACL.StatementProperty = {
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint: 'ENDS_WITH',
    searchString: SLACK_PATH,
    textTransformations: [{ priority: 0, type: 'NONE' }],
  },
};

/**
 * Slack sends the whole message back with the click on its button, so the body holds what an agent wrote: a reason with
 * `<script>` or `../` in it would keep people from denying. The console believes none of it before it has checked Slack's
 * signature, and renders none of it.
 */
const BODY_RULES = ['CrossSiteScripting_BODY', 'EC2MetaDataSSRF_BODY', 'GenericLFI_BODY', 'GenericRFI_BODY'];

/**
 * Counted everywhere. Bodies over 8 KB: the rule above says how large ours may be. Query strings over 2 KB: some providers
 * end a sign-in with a code that long, and the gateway takes 10 KB at most, all headers included.
 */
const SIZE_RULES = ['SizeRestrictions_BODY', 'SizeRestrictions_QUERYSTRING'];

const commonAttacks = (
  name: string,
  priority: number,
  { scope, counted = [] }: { scope: CfnWebACL.StatementProperty; counted?: readonly string[] },
): CfnWebACL.RuleProperty => ({
  name,
  priority,
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name: 'AWSManagedRulesCommonRuleSet',
      scopeDownStatement: scope,
      ruleActionOverrides: [...SIZE_RULES, ...counted].map((rule) => ({
        name: rule,
        actionToUse: { count: {} },
      })),
    },
  },
  visibilityConfig: visibility(name),
});
