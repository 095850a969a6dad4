import * as z from 'zod';
import { isJsonObject } from './aws-json.ts';

/** What the stack runs and something asks the ARN of: the ARN without the name at its end. */
const ARNS: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'arn:aws:dynamodb:{region}:{account}:table/',
  'AWS::Events::Rule': 'arn:aws:events:{region}:{account}:rule/',
  'AWS::IAM::ManagedPolicy': 'arn:aws:iam::{account}:policy/',
  'AWS::IAM::Role': 'arn:aws:iam::{account}:role/',
  'AWS::S3::Bucket': 'arn:aws:s3:::',
  'AWS::Lambda::Function': 'arn:aws:lambda:{region}:{account}:function:',
  'AWS::StepFunctions::StateMachine': 'arn:aws:states:{region}:{account}:stateMachine:',
};
const SERVED =
  /^AWS::(ApiGateway::(Authorizer|Deployment|GatewayResponse|Method|Resource|RestApi|Stage)|SSM::Document)$/;
/**
 * What changes nothing that a caller of the API could see. That permissions to invoke and policies of buckets are right,
 * the template's tests say.
 */
const INERT =
  /^AWS::(ApiGateway::Account|CDK::Metadata|CloudWatch::\w+|EC2::\w+|Lambda::Permission|Logs::LogGroup|S3::BucketPolicy|WAFv2::\w+)$/;
const isKnown = (type: string): boolean => Object.hasOwn(ARNS, type) || SERVED.test(type) || INERT.test(type);

const NAMES = [
  'FunctionName',
  'TableName',
  'StateMachineName',
  'RoleName',
  'ManagedPolicyName',
  'StageName',
  'LogGroupName',
];

const Resource = z.object({
  Type: z.string().refine(isKnown, 'is not implemented in the local stack'),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Condition: z.undefined('is not implemented in the local stack').optional(),
});

/** A synthesized template, with every name decided as CloudFormation would decide it once. */
export class Template {
  readonly #resources: Readonly<Record<string, z.infer<typeof Resource>>>;
  readonly #at: Readonly<Record<'stack' | 'region' | 'account', string>>;

  /** Throws on a resource type that is neither run here nor known to be inert. */
  constructor(template: unknown, at: Readonly<Record<'stack' | 'region' | 'account', string>>) {
    this.#resources = z.object({ Resources: z.record(z.string(), Resource) }).parse(template).Resources;
    this.#at = at;
  }

  /** Every resource of a type, with what `schema` makes of its properties once no intrinsic functions are left in them. */
  of<T extends object>(type: string, schema: z.ZodType<T>): (T & { name: string; arn: string })[] {
    return Object.entries(this.#resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties }]) => {
        const properties = schema.parse(this.resolve(Properties));
        return { ...properties, name: this.#name(id), arn: this.#arn(id) };
      });
  }

  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((member) => this.resolve(member));
    if (!isJsonObject(value)) return value;
    const members = Object.entries(value).map(([key, member]) => [key, this.resolve(member)] as const);
    const [[name, argument] = ['', undefined], ...others] = members;
    if (others.length > 0 || !/^(Ref$|Fn::)/.test(name)) return Object.fromEntries(members);
    const [first, second] = [argument].flat();
    if (name === 'Ref') return argument === 'AWS::Partition' ? 'aws' : this.#reference(String(argument));
    if (name === 'Fn::GetAtt') return this.#attribute(String(first), String(second));
    if (name === 'Fn::Join' && Array.isArray(second)) return second.join(String(first));
    if (name === 'Fn::Split') return String(second).split(String(first));
    if (name === 'Fn::Select' && Array.isArray(second)) return second[Number(first)];
    throw new TypeError(`${name} is not resolved in the local stack: ${JSON.stringify(argument)}`);
  }

  /** By name, but for a policy, which IAM knows by its ARN. */
  #reference(id: string): string {
    return this.#resource(id).Type === 'AWS::IAM::ManagedPolicy' ? this.#arn(id) : this.#name(id);
  }

  #attribute(id: string, attribute: string): string {
    if (attribute === 'Arn') return this.#arn(id);
    // The root of an API is no resource of its own. Only inert properties hold other attributes.
    return `${id}.${attribute}`;
  }

  #arn(id: string): string {
    const base = ARNS[this.#resource(id).Type] ?? 'arn:aws:local:::';
    return base.replace('{region}', this.#at.region).replace('{account}', this.#at.account) + this.#name(id);
  }

  #name(id: string): string {
    const { Path = '/', ...properties } = this.#resource(id).Properties;
    const given = NAMES.map((key) => properties[key]).find((name) => typeof name === 'string');
    return `${String(Path).slice(1)}${given ?? `${this.#at.stack}-${id}`}`;
  }

  #resource(id: string): z.infer<typeof Resource> {
    const resource = this.#resources[id];
    if (!resource) throw new TypeError(`the template has no resource ${id}`);
    return resource;
  }
}
