import type { Document, Node, YAMLError } from 'yaml';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { CONFIG_FILE_MAX_BYTES } from '../limits.ts';
import type { Compiled, ConfigError } from './config-error.ts';

/**
 * Strict YAML 1.2: one document, unique text keys, no tags. Anchors and aliases are refused altogether, since they
 * hide from a reviewer what a key holds and let a small file grow without bound.
 */
export const parseYaml = (text: string): Compiled<unknown> => {
  if (Buffer.byteLength(text) > CONFIG_FILE_MAX_BYTES)
    return refuse(`The file must be smaller than ${CONFIG_FILE_MAX_BYTES / 1024} KiB.`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    lineCounter: lines,
    prettyErrors: false,
  });
  const errors = [...document.errors, ...document.warnings].map((error) => syntaxError(error, lines));
  if (errors.length === 0) errors.push(...forbiddenNodes(document, lines));
  return errors.length === 0 ? { ok: true, value: document.toJS() } : { ok: false, errors };
};

const refuse = (message: string): Compiled<never> => ({ ok: false, errors: [{ path: '', message }] });

const lineOf = (lines: LineCounter, offset: number): string =>
  `line ${Math.max(1, lines.linePos(offset).line)}`;

const syntaxError = (error: YAMLError, lines: LineCounter): ConfigError => ({
  path: lineOf(lines, error.pos[0]),
  message: `This is not the YAML expected here: ${error.message}.`,
});

/** Keys that JavaScript itself gives a meaning to; no schema of ours has them. */
const PROTOTYPE_KEYS: readonly unknown[] = ['__proto__', 'constructor', 'prototype'];

const forbiddenNodes = (document: Document, lines: LineCounter): readonly ConfigError[] => {
  const errors: ConfigError[] = [];
  const add = (node: Node, message: string) =>
    errors.push({ path: lineOf(lines, node.range?.[0] ?? 0), message });
  visit(document, {
    Alias: (_, node) =>
      void add(node, `Write the value out: the alias "*${node.source}" is not allowed here.`),
    Node: (_, node) => {
      if (node.anchor !== undefined)
        add(node, `Remove the anchor "&${node.anchor}": it is not allowed here.`);
      if (isMap(node))
        for (const { key } of node.items)
          if (isScalar(key) && PROTOTYPE_KEYS.includes(key.value)) add(key, `Remove the key "${key.value}".`);
    },
  });
  return errors;
};
