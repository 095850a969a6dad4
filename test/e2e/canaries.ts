/** A secret that must not be found, and whose it is. Only that is ever printed. */
export interface Canary {
  readonly of: string;
  readonly secret: string;
}

export interface Place {
  readonly name: string;
  readonly text: string | Buffer;
  /** Something that is known to be there: proof that looking there finds what is there. */
  readonly holds: string;
}

/** Where which canary was found: as it is, as JSON writes it, or as a URL does. */
export const findCanaries = (places: readonly Place[], canaries: readonly Canary[]): string[] => {
  const owners = new Map(canaries.flatMap(({ of, secret }) => formsOf(secret).map((form) => [form, of])));
  const found = new Set<string>();
  for (const { name, text, holds } of places) {
    const bytes = Buffer.from(text);
    if (!bytes.includes(holds)) found.add(`${name} cannot be searched`);
    for (const [form, of] of owners) if (bytes.includes(form)) found.add(`${of} in ${name}`);
  }
  return [...found];
};

const formsOf = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
];
