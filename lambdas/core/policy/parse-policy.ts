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

/** Every attribute that a condition looks at, of whatever. */
export const attributesIn = (node: unknown): readonly string[] => {
  if (typeof node !== 'object' || node === null) return [];
  const looked = 'attr' in node ? [node.attr].flat().filter((name) => typeof name === 'string') : [];
  return [...new Set([...looked, ...Object.values(node).flatMap(attributesIn)])];
};

/** Every text that a condition compares something with. */
export const wordsIn = (node: unknown): readonly string[] => {
  if (typeof node !== 'object' || node === null) return [];
  if ('Value' in node && typeof node.Value === 'string') return [node.Value];
  return [...new Set(Object.values(node).flatMap(wordsIn))];
};
