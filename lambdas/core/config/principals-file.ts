import * as z from 'zod';
import {
  GROUP_NAME_MAX_CHARACTERS,
  GROUPS_MAX_COUNT,
  NAME_MAX_CHARACTERS,
  OWNERS_MAX_COUNT,
  PRINCIPALS_MAX_COUNT,
  REQUIRED_CLAIMS_MAX_COUNT,
  SUBJECT_MAX_CHARACTERS,
} from '../limits.ts';
import { type Compiled, type ConfigError, readSection } from './config-error.ts';
import type { IssuerProfile, PrincipalEntry } from './issuer.ts';
import { personMistakes, SlackIdentity, slackMistakes } from './slack-section.ts';

/**
 * `principals.yaml` as parsed → entries, in the order of the file. `issuers` are the compiled ones: an issuer that
 * is misspelt here would otherwise be an entry that never matches, or an owner who may approve for their own agent.
 */
export const compilePrincipals = (
  parsed: unknown,
  issuers: readonly IssuerProfile[],
): Compiled<readonly PrincipalEntry[]> => {
  const read = readSection(PrincipalsFile, parsed);
  if (!read.ok) return read;
  const entries = read.value.principals.map(toEntry);
  const rivals = entries.map((entry) => ({ entry, conditions: conditionsOf(entry) }));
  const known = new Set(issuers.map(({ issuer }) => issuer));
  const errors = entries.flatMap((entry, index) =>
    [
      ...issuerMistakes(entry, known),
      ...conditionMistakes(entry),
      ...rivalMistakes(index, rivals),
      ...ownerMistakes(entry, entries),
      ...slackMistakes(entry, entries),
    ].map(({ path, message }) => ({ path: `principals[${index}].${path}`, message })),
  );
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value: entries };
};

const exact = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !/\*|\$\{/.test(text), {
      message: 'is compared exactly, so "*" and "${" mean nothing in it: write the value out.',
    })
    .refine((text) => text === text.trim() && !/\p{Cc}/u.test(text), {
      message: 'must not begin or end with a space, nor hold a line break.',
    });

const Exact = exact(SUBJECT_MAX_CHARACTERS);

/** A token whose subject is anything else is refused, so the entry would match nobody, and such an owner would be no owner. */
const Subject = Exact.refine((text) => /^\p{ASCII}*$/u.test(text), {
  message: 'must be ASCII, as the "sub" of every token is: copy it from a token. No other would ever match.',
});

const Owner = z.strictObject({ name: exact(NAME_MAX_CHARACTERS), issuer: Exact, subject: Subject });

const PrincipalSection = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    error: 'must be 1 to 64 letters, digits, dots, dashes or underscores.',
  }),
  type: z.enum(['agent', 'workload', 'human']),
  issuer: Exact,
  subject: Subject.optional(),
  claims: z
    .record(z.string().min(1).max(NAME_MAX_CHARACTERS), Exact)
    .refine((claims) => Object.keys(claims).length <= REQUIRED_CLAIMS_MAX_COUNT, {
      message: `must have at most ${REQUIRED_CLAIMS_MAX_COUNT} entries.`,
    })
    .default({}),
  groups: z.array(exact(GROUP_NAME_MAX_CHARACTERS)).max(GROUPS_MAX_COUNT).default([]),
  owners: z.array(Owner).max(OWNERS_MAX_COUNT).default([]),
  slack: SlackIdentity.optional(),
});

/** The shape of `principals.yaml`. */
export const PrincipalsFile = z.strictObject({
  principals: z.array(PrincipalSection).max(PRINCIPALS_MAX_COUNT),
});

const toEntry = (section: z.infer<typeof PrincipalSection>): PrincipalEntry => ({
  ...section,
  subject: section.subject,
  groups: [...new Set(section.groups)],
});

const issuerMistakes = (entry: PrincipalEntry, known: ReadonlySet<string>): readonly ConfigError[] => {
  const mend = 'is not in issuers.yaml: copy it from there, trailing slash included.';
  const own = known.has(entry.issuer) ? [] : [{ path: 'issuer', message: `"issuer" ${mend}` }];
  const owners = entry.owners.flatMap((owner, index) =>
    known.has(owner.issuer) ? [] : [{ path: `owners[${index}].issuer`, message: `"issuer" ${mend}` }],
  );
  return [...own, ...owners];
};

interface Rival {
  readonly entry: PrincipalEntry;
  /** What a token must show for the entry to match. */
  readonly conditions: ReadonlyMap<string, string>;
}

const conditionsOf = ({ subject, claims }: PrincipalEntry): ReadonlyMap<string, string> =>
  new Map(Object.entries({ ...claims, ...(subject === undefined ? {} : { sub: subject }) }));

const conditionMistakes = (entry: PrincipalEntry): readonly ConfigError[] => {
  const { subject, claims } = entry;
  if (Object.hasOwn(claims, 'sub')) {
    return [{ path: 'claims', message: '"claims" must not have "sub": write it as "subject".' }];
  }
  if (subject !== undefined || Object.keys(claims).length > 0) return personMistakes(entry);
  return [
    { path: 'subject', message: '"subject" is missing: add it, or "claims" that name exactly one caller.' },
  ];
};

/** Two entries that match one token refuse it, so an entry that another one always covers could never be used. */
const rivalMistakes = (index: number, rivals: readonly Rival[]): readonly ConfigError[] => {
  const covering = rivals.findIndex((_rival, at) => covers(rivals, at, index));
  const twin = rivals.findIndex(({ entry }) => entry.name === rivals[index]?.entry.name);
  return [
    ...(covering === -1 ? [] : [{ path: 'subject', message: coveredMend(covering) }]),
    ...(twin === index
      ? []
      : [{ path: 'name', message: `"name" is taken by principals[${twin}]: choose another.` }]),
  ];
};

const coveredMend = (covering: number): string =>
  `"subject" and "claims" are matched by principals[${covering}] too: keep one of the two.`;

/** Whether every token that matches the entry at `index` also matches the one at `at`. Of two equal entries the later is told. */
const covers = (rivals: readonly Rival[], at: number, index: number): boolean => {
  const other = rivals[at];
  const one = rivals[index];
  if (other === undefined || one === undefined || at === index) return false;
  if (other.entry.issuer !== one.entry.issuer || other.conditions.size === 0) return false;
  if (other.conditions.size === one.conditions.size && at > index) return false;
  return [...other.conditions].every(([name, value]) => one.conditions.get(name) === value);
};

const ownerMistakes = (entry: PrincipalEntry, entries: readonly PrincipalEntry[]): readonly ConfigError[] =>
  entry.owners.flatMap((owner, index) => {
    const machine = entries.find(
      ({ type, issuer, subject }) => type !== 'human' && issuer === owner.issuer && subject === owner.subject,
    );
    if (machine === undefined) return [];
    const message = `"subject" is the ${machine.type} "${machine.name}": an owner is a person.`;
    return [{ path: `owners[${index}].subject`, message }];
  });
