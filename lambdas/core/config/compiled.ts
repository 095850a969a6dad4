import type { IssuerProfile, PrincipalEntry } from './issuer.ts';
import type { Resource } from './resource.ts';

/** One Cedar policy with its annotations. `text` is the single statement as it stands in the file. */
export interface PolicySource {
  readonly id: string;
  readonly reason: string | undefined;
  readonly file: string;
  readonly text: string;
}

/** Everything under `config/`, checked and normalised. Immutable; identified by its digest. */
export interface CompiledConfig {
  /** SHA-256 (hex) over the RFC 8785 form of everything below. */
  readonly digest: string;
  readonly issuers: readonly IssuerProfile[];
  readonly principals: readonly PrincipalEntry[];
  readonly resources: readonly Resource[];
  readonly policies: readonly PolicySource[];
  /** Cedar schema in Cedar's own human-readable syntax, generated from the rest. */
  readonly schema: string;
  /** Every category of values that can be masked, and so unmasked by policy. */
  readonly categories: readonly string[];
  /** Every group that config knows; the hypothetical approvers of the quorum question belong to all of them. */
  readonly groups: readonly string[];
}

/** The part of the configuration each function carries inside its asset as `config.json`: only what it needs. */
export const CONFIG_PARTS = {
  authorizer: ['digest', 'issuers', 'principals'],
  api: ['digest', 'principals', 'resources', 'policies', 'schema', 'groups', 'categories'],
  reader: ['digest'],
  vend: ['digest', 'resources'],
  runner: ['digest', 'principals', 'resources', 'policies', 'schema', 'groups', 'categories'],
  revoker: ['digest', 'resources'],
  waiter: ['digest'],
  containment: ['digest', 'principals', 'resources', 'policies', 'schema'],
  console: ['digest', 'issuers', 'principals', 'resources', 'policies', 'schema', 'groups', 'categories'],
  notifier: ['digest', 'principals', 'resources', 'policies', 'schema'],
  sweeper: ['digest', 'principals', 'resources', 'policies', 'schema', 'groups', 'categories'],
} as const satisfies Record<string, readonly (keyof CompiledConfig)[]>;

export type FunctionName = keyof typeof CONFIG_PARTS;

export type ConfigFor<F extends FunctionName> = Pick<CompiledConfig, (typeof CONFIG_PARTS)[F][number]>;
