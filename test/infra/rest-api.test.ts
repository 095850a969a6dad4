import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONSOLE_ROUTES } from '../../lambdas/console/console-routes.ts';
import {
  AUTHORIZER_CACHE_SECONDS,
  REQUEST_BODY_MAX_BYTES,
  WAIT_MAX_SECONDS,
} from '../../lambdas/core/limits.ts';
import { PROBLEMS } from '../../lambdas/http/problem-catalogue.ts';
import { ROUTES } from '../../lambdas/http/routes.ts';
import { GATEWAY_PROBLEMS } from '../../lib/gateway-problems.ts';
import { ofType, sampleResources, type TemplateResource } from './sample-stack.ts';

const resources = sampleResources();
const only = (type: string): TemplateResource => {
  const [found, ...others] = ofType(resources, type);
  assert.ok(found, `no ${type}`);
  assert.deepEqual(others, [], `more than one ${type}`);
  return found;
};

const methods = ofType(resources, 'AWS::ApiGateway::Method').map(({ properties }) => properties);

/** `/v1/grants/{id}` of a resource, from its place in the tree. */
const pathOf = (reference: string): string => {
  const found = ofType(resources, 'AWS::ApiGateway::Resource').find(({ id }) => `<${id}>` === reference);
  if (!found) return '';
  return `${pathOf(found.properties.ParentId)}/${found.properties.PathPart}`;
};

const sendsTo = ({ Integration }: TemplateResource['properties'], name: string): boolean =>
  Integration.Uri.endsWith(`/functions/<${name}Function.Arn>/invocations`);

describe('the one way in', () => {
  test('has a method for each route and no other', () => {
    assert.deepEqual(
      methods.map(({ HttpMethod, ResourceId }) => `${HttpMethod} ${pathOf(ResourceId)}`).sort(),
      [...ROUTES, ...CONSOLE_ROUTES].map(({ method, path }) => `${method} ${path}`).sort(),
    );
  });

  test('lets no unauthenticated byte reach a function but the authorizer', () => {
    assert.ok(methods.length > 0);
    for (const method of methods) {
      assert.ok(['GET', 'POST', 'DELETE'].includes(method.HttpMethod));
      if (sendsTo(method, 'console')) continue;
      assert.equal(method.AuthorizationType, 'CUSTOM');
      assert.equal(method.AuthorizerId, '<RestApiAuthorizer>');
    }
  });

  test('is open below /console alone, to the console alone, for pages, forms and Slack', () => {
    const open = methods.filter(({ AuthorizationType }) => AuthorizationType !== 'CUSTOM');
    assert.deepEqual(
      open.map(({ HttpMethod, ResourceId }) => `${HttpMethod} ${pathOf(ResourceId)}`).sort(),
      CONSOLE_ROUTES.map(({ method, path }) => `${method} ${path}`).sort(),
    );
    for (const method of open) {
      assert.equal(method.AuthorizationType, 'NONE');
      assert.ok(sendsTo(method, 'console'));
      assert.match(pathOf(method.ResourceId), /^\/console(\/|$)/);
      assert.ok(['GET', 'POST'].includes(method.HttpMethod));
      assert.equal(method.Integration.Type, 'AWS_PROXY');
    }
    for (const { path } of ROUTES) assert.doesNotMatch(path, /^\/console/);
  });

  test('sends each route to its own function, whole', () => {
    for (const { operation, function: name } of ROUTES) {
      const method = methods.find(({ OperationName }) => OperationName === operation);
      assert.equal(method?.Integration.Type, 'AWS_PROXY');
      assert.match(method?.Integration.Uri, new RegExp(`/functions/<${name}Function\\.Arn>/invocations$`));
      assert.ok(method?.Integration.TimeoutInMillis > WAIT_MAX_SECONDS * 1_000);
    }
  });
});

describe('the authorizer', () => {
  const { properties } = only('AWS::ApiGateway::Authorizer');
  const token = new RegExp(properties.IdentityValidationExpression);

  test('is asked by token, and its answer is reused no longer than agreed', () => {
    assert.equal(properties.Type, 'TOKEN');
    assert.equal(properties.IdentitySource, 'method.request.header.Authorization');
    assert.equal(properties.AuthorizerResultTtlInSeconds, AUTHORIZER_CACHE_SECONDS);
  });

  for (const accepted of ['Bearer aA0_-.b.c', 'bearer a.b.c', 'BEARER a.b.c'])
    test(`is asked about ${accepted}`, () => assert.match(accepted, token));

  for (const refused of [
    '',
    'Bearer ',
    'Bearer a.b',
    'Bearer a.b.c.d',
    'Bearer a..c',
    'Bearer a.b.c\n',
    'Bearer  a.b.c',
    'Bearer a.b.c=',
    'Basic YTpi',
    'xBearer a.b.c',
  ])
    test(`is not woken by ${JSON.stringify(refused)}`, () => assert.doesNotMatch(refused, token));
});

describe('the stage', () => {
  const { properties } = only('AWS::ApiGateway::Stage');

  test('throttles every method by itself', () => {
    const throttled = properties.MethodSettings.filter(
      ({ ThrottlingRateLimit, ThrottlingBurstLimit }: Record<string, number>) =>
        ThrottlingRateLimit === 50 && ThrottlingBurstLimit === 100,
    ).map(
      ({ HttpMethod, ResourcePath }: Record<string, string>) =>
        `${HttpMethod} ${ResourcePath?.slice(1).replaceAll('~1', '/')}`,
    );
    assert.deepEqual(
      throttled.sort(),
      ['* *', ...[...ROUTES, ...CONSOLE_ROUTES].map(({ method, path }) => `${method} ${path}`)].sort(),
    );
  });

  test('logs no header, no query string, no body and no path that a caller wrote', () => {
    const { Format } = properties.AccessLogSetting;
    const variables = Format.match(/\$context\.[\w.]+/g);
    assert.ok(variables.includes('$context.requestId'));
    for (const variable of variables)
      assert.doesNotMatch(variable, /header|path$|query|body|token|userAgent|authorizer\.(?!principalId)/);
    for (const setting of properties.MethodSettings) {
      assert.equal(setting.DataTraceEnabled, false);
      assert.equal(setting.LoggingLevel, 'ERROR');
    }
  });

  test('is named live and traced', () => {
    assert.equal(properties.StageName, 'live');
    assert.equal(properties.TracingEnabled, true);
  });
});

describe('what the gateway answers by itself', () => {
  const answers = new Map(
    ofType(resources, 'AWS::ApiGateway::GatewayResponse').map(({ properties }) => [
      properties.ResponseType,
      properties,
    ]),
  );
  const bodyOf = (type: string) => JSON.parse(answers.get(type).ResponseTemplates['application/json']);

  test('covers everything, by default if not by name', () => {
    assert.deepEqual([...answers.keys()].sort(), Object.keys(GATEWAY_PROBLEMS).sort());
    assert.ok(answers.has('DEFAULT_4XX') && answers.has('DEFAULT_5XX'));
  });

  for (const [type, status, code] of [
    ['UNAUTHORIZED', 401, 'token_refused'],
    ['ACCESS_DENIED', 403, 'access_denied'],
    ['WAF_FILTERED', 403, 'access_denied'],
    ['AUTHORIZER_FAILURE', 503, 'dependency_unavailable'],
    ['MISSING_AUTHENTICATION_TOKEN', 404, 'unknown_route'],
    ['REQUEST_TOO_LARGE', 413, 'body_too_large'],
    ['THROTTLED', 429, 'throttled'],
    ['INTEGRATION_TIMEOUT', 504, 'timeout'],
    ['INTEGRATION_FAILURE', 503, 'dependency_unavailable'],
    ['DEFAULT_5XX', 500, 'internal_error'],
  ] as const)
    test(`${type} is ${status} ${code}`, () => {
      assert.equal(answers.get(type).StatusCode, String(status));
      assert.equal(bodyOf(type).code, code);
    });

  test('is a problem of the catalogue in the shape of RFC 9457', () => {
    for (const [type, properties] of answers) {
      const body = bodyOf(type);
      assert.ok(body.code in PROBLEMS, body.code);
      assert.equal(body.type, `/v1/problems/${body.code}`);
      assert.equal(String(body.status), properties.StatusCode);
      assert.ok(body.title && body.detail);
      assert.equal(
        properties.ResponseParameters['gatewayresponse.header.Content-Type'],
        "'application/problem+json'",
      );
      assert.equal(properties.ResponseParameters['gatewayresponse.header.Cache-Control'], "'no-store'");
    }
  });

  test('asks for a bearer token on every 401, and on nothing else', () => {
    const challenged = [...answers.values()].filter(
      ({ ResponseParameters }) => 'gatewayresponse.header.WWW-Authenticate' in ResponseParameters,
    );
    assert.ok(challenged.length > 0);
    assert.deepEqual(
      challenged,
      [...answers.values()].filter(({ StatusCode }) => StatusCode === '401'),
    );
  });

  test('gives back nothing that a caller sent and no word of why', () => {
    for (const { ResponseTemplates } of answers.values())
      assert.deepEqual(
        [...new Set(ResponseTemplates['application/json'].match(/\$[\w.]+/g))],
        ['$context.requestId'],
      );
  });
});

describe('the firewall', () => {
  const { properties } = only('AWS::WAFv2::WebACL');
  const rule = (name: string) => properties.Rules.find(({ Name }: { Name: string }) => Name === name);

  const groupOf = (name: string) => rule(name).Statement.ManagedRuleGroupStatement;
  const countedBy = (name: string): string[] =>
    groupOf(name).RuleActionOverrides.map(({ Name, ActionToUse }: { Name: string; ActionToUse: object }) => {
      assert.deepEqual(ActionToUse, { Count: {} });
      return Name;
    });
  const SIZES = ['SizeRestrictions_BODY', 'SizeRestrictions_QUERYSTRING'];

  test('stands before the stage', () => {
    const association = only('AWS::WAFv2::WebACLAssociation').properties;
    assert.match(
      association.ResourceArn,
      /\/restapis\/<RestApiGateway>\/stages\/<RestApiGatewayDeploymentStagelive>$/,
    );
    assert.equal(association.WebACLArn, '<RestApiFirewallAcl.Arn>');
  });

  test('blocks floods, bodies that are too large, and the common attacks', () => {
    assert.equal(rule('too-many-requests').Statement.RateBasedStatement.Limit, 3_000);
    assert.deepEqual(rule('too-many-requests').Action, { Block: {} });
    assert.equal(rule('body-too-large').Statement.SizeConstraintStatement.Size, REQUEST_BODY_MAX_BYTES);
    assert.deepEqual(rule('body-too-large').Action, { Block: {} });
    for (const name of ['common-attacks', 'common-attacks-from-slack'])
      assert.deepEqual(rule(name).OverrideAction, { None: {} });
  });

  test('only counts where a rule of AWS is stricter about size than ours', () => {
    assert.deepEqual(countedBy('common-attacks'), SIZES);
  });

  test('looks at every request, and lets only what Slack sends back say what an agent wrote', () => {
    const scopeOf = (name: string) => groupOf(name).ScopeDownStatement;
    const slack = scopeOf('common-attacks-from-slack');
    assert.deepEqual(scopeOf('common-attacks'), { NotStatement: { Statement: slack } });
    assert.equal(slack.ByteMatchStatement.SearchString, '/console/slack');
    assert.equal(slack.ByteMatchStatement.PositionalConstraint, 'ENDS_WITH');
    const paths = [...ROUTES, ...CONSOLE_ROUTES].map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) => path.endsWith('/console/slack')),
      ['/console/slack'],
    );
    const [, , ...more] = countedBy('common-attacks-from-slack');
    assert.deepEqual(countedBy('common-attacks-from-slack').slice(0, 2), SIZES);
    assert.ok(more.length > 0);
    for (const name of more) assert.match(name, /_BODY$/);
  });

  test('keeps no sample of requests, which would show tokens', () => {
    for (const { VisibilityConfig } of [properties, ...properties.Rules])
      assert.equal(VisibilityConfig.SampledRequestsEnabled, false);
  });
});

describe('a private API', () => {
  const api = ofType(
    sampleResources({ settings: { api: { endpoint: 'private', vpcEndpointIds: ['vpce-0a1b2c3d'] } } }),
    'AWS::ApiGateway::RestApi',
  )[0]?.properties;

  test('is called through its endpoints and no other way', () => {
    assert.deepEqual(api.EndpointConfiguration, { Types: ['PRIVATE'], VpcEndpointIds: ['vpce-0a1b2c3d'] });
    const denied = api.Policy.Statement.find(({ Effect }: { Effect: string }) => Effect === 'Deny');
    assert.deepEqual(denied.Condition, { StringNotEquals: { 'aws:SourceVpce': ['vpce-0a1b2c3d'] } });
  });

  test('is a setting: by default it is regional', () => {
    assert.deepEqual(only('AWS::ApiGateway::RestApi').properties.EndpointConfiguration, {
      Types: ['REGIONAL'],
    });
  });
});

test('the account’s log role is left alone where another stack has set it', () => {
  const settings = { api: { accountLogRole: 'exists' } };
  assert.equal(ofType(resources, 'AWS::ApiGateway::Account').length, 1);
  assert.deepEqual(ofType(sampleResources({ settings }), 'AWS::ApiGateway::Account'), []);
});
