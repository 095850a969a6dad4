import type { Session } from './session.ts';

/** Something of the database that acts as whoever made it. */
interface Definition {
  readonly kind: 'EVENT' | 'TRIGGER' | 'PROCEDURE' | 'FUNCTION' | 'VIEW';
  readonly place: string;
  readonly name: string;
}

const KINDS: readonly string[] = [
  'EVENT',
  'TRIGGER',
  'PROCEDURE',
  'FUNCTION',
  'VIEW',
] satisfies Definition['kind'][];

/** Drops what a grant's user left that acts as itself, all of it or the kinds that are named. Answers how much there was. */
export const dropDefinitions = async (
  session: Session,
  grantId: string,
  kinds: readonly string[] = KINDS,
): Promise<number> => {
  const left = await session.ask<Definition>('CALL latchkey.definitions(?)', [grantId]);
  const dropped = left.filter(({ kind }) => kinds.includes(kind));
  for (const definition of dropped) await drop(session, grantId, definition);
  return dropped.length;
};

/** Names are those of the server, which can hold anything. A view is dropped by a procedure: the right to would reach tables. */
const drop = async (session: Session, grantId: string, { kind, place, name }: Definition): Promise<void> => {
  if (kind === 'VIEW') await session.ask('CALL latchkey.drop_view(?, ?, ?)', [grantId, place, name]);
  else await session.ask(`DROP ${kind} IF EXISTS ${quoted(place)}.${quoted(name)}`);
};

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
