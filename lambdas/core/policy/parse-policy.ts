import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs';

/** Cedar's own syntax tree of one policy that Cedar has read before; throws when it cannot, which is a bug. */
export const parsePolicy = (text: string): PolicyJson => {
  const answer = policyToJson(text);
  if (answer.type === 'failure')
    throw new Error(`policy does not parse: ${answer.errors.map(({ message }) => message).join('; ')}`);
  return answer.json;
};

/** Every entity that a policy names outright. */
export const entitiesIn = (node: unknown): readonly { readonly type: string; readonly id: string }[] => {
  if (typeof node !== 'object' || node === null) return [];
  if ('type' in node && 'id' in node && typeof node.type === 'string' && typeof node.id === 'string')
    return [{ type: node.type, id: node.id }];
  return Object.values(node).flatMap(entitiesIn);
};
