import * as z from 'zod';
import {
  AUDIENCES_MAX_COUNT,
  ISSUERS_MAX_COUNT,
  NAME_MAX_CHARACTERS,
  REQUIRED_CLAIMS_MAX_COUNT,
  TOKEN_LIFETIME_MAX_SECONDS,
} from '../limits.ts';
import { type Compiled, type ConfigError, readSection } from './config-error.ts';
import type { IssuerProfile } from './issuer.ts';

/** `issuers.yaml` as parsed → profiles, in the order of the file. Nothing is fetched: an issuer is what is written there. */
export const compileIssuers = (parsed: unknown): Compiled<readonly IssuerProfile[]> => {
  const read = readSection(IssuersFile, parsed);
  if (!read.ok) return read;
  const errors = read.value.issuers.flatMap((section, index, sections) =>
    mistakesOf(section, sections.slice(0, index)).map(({ path, message }) => ({
      path: `issuers[${index}].${path}`,
      message,
    })),
  );
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value: read.value.issuers.map(toProfile) };
};

/** Kept as written: an issuer is compared character by character, so it must not be normalised on the way. */
export const HttpsUrl = z
  .string()
  .max(512)
  .refine((text) => isPlainHttps(text), {
    message: 'must be an https:// URL without user, query or fragment.',
  });

const isPlainHttps = (text: string): boolean => {
  const url = URL.parse(text);
  if (url === null || !text.startsWith('https://') || !/^[\x21-\x7e]+$/.test(text)) return false;
  return !/[?#]/.test(text) && url.username === '' && url.password === '';
};

const Name = z.string().min(1).max(NAME_MAX_CHARACTERS);

const Groups = z.strictObject({
  claim: z.union([Name, z.array(Name).min(1).max(5)], {
    error: 'must be the name of a claim, or a list of names that leads to it.',
  }),
  required: z.boolean(),
});

/** Logout tokens, DPoP proofs and the like bear an issuer's signature too; these are the types that access tokens bear. */
const TokenType = z.enum(['at+jwt', 'application/at+jwt', 'jwt', 'JWT', 'JOSE', 'absent']);

const IssuerSection = z.strictObject({
  issuer: HttpsUrl,
  jwksUri: HttpsUrl,
  algorithms: z.array(z.enum(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'])).min(1),
  audiences: z.array(Name).max(AUDIENCES_MAX_COUNT).default([]),
  clientIds: z.array(Name).max(AUDIENCES_MAX_COUNT).default([]),
  types: z.array(TokenType).min(1),
  requiredClaims: z
    .record(Name, Name)
    .refine((claims) => Object.keys(claims).length <= REQUIRED_CLAIMS_MAX_COUNT, {
      message: `must have at most ${REQUIRED_CLAIMS_MAX_COUNT} entries.`,
    })
    .default({}),
  maxLifetimeSeconds: z.int().min(60).max(TOKEN_LIFETIME_MAX_SECONDS),
  groups: Groups.optional(),
  believesActor: z.boolean().default(false),
  defaultType: z.enum(['agent', 'workload', 'human']),
});

type IssuerSection = z.infer<typeof IssuerSection>;

/** The shape of `issuers.yaml`. */
export const IssuersFile = z.strictObject({
  issuers: z.array(IssuerSection).min(1).max(ISSUERS_MAX_COUNT),
});

const mistakesOf = (section: IssuerSection, earlier: readonly IssuerSection[]): readonly ConfigError[] => [
  ...(earlier.some(({ issuer }) => issuer === section.issuer)
    ? [{ path: 'issuer', message: '"issuer" is in this file already: merge the two entries.' }]
    : []),
  ...audienceMistakes(section),
];

/** A token without an audience is good for everybody, so only Cognito's access tokens may come without one. */
const audienceMistakes = ({
  audiences,
  clientIds,
  requiredClaims,
}: IssuerSection): readonly ConfigError[] => {
  if (audiences.length === 0 && clientIds.length === 0) {
    return [
      { path: 'audiences', message: '"audiences" is missing: add what this issuer puts in "aud" for us.' },
    ];
  }
  if (clientIds.length === 0) return [];
  if (audiences.length > 0) {
    return [{ path: 'clientIds', message: '"clientIds" replaces "audiences": remove one of the two.' }];
  }
  return requiredClaims.token_use === 'access'
    ? []
    : [
        {
          path: 'requiredClaims',
          message: '"requiredClaims" must have "token_use: access" beside "clientIds".',
        },
      ];
};

const toProfile = (section: IssuerSection): IssuerProfile => {
  const { groups, types, ...rest } = section;
  const claim = groups?.claim;
  return {
    ...rest,
    types: [...new Set(types.map((type) => type.toLowerCase().replace(/^application\//, '')))],
    groupsClaim: typeof claim === 'string' ? [claim] : claim,
    groupsRequired: groups?.required ?? false,
  };
};
