import { stripVTControlCharacters, styleText } from 'node:util';

/** Where a command writes: `process.stdout`, or something like it. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

type Style = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

/** Colours only where somebody looks at them, and never where `NO_COLOR` is set. */
export const paint = (output: Output, style: Style, text: string): string =>
  styleText(style, text, { stream: output, validateStream: true });

/**
 * Rows as lines: in columns on a terminal, separated by tabs in a pipe, where a program reads them. The last column is
 * never padded. The header is for people only.
 */
export const tableLines = (
  output: Output,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] => {
  if (!output.isTTY) return rows.map((row) => row.join('\t'));
  const painted = [header.map((cell) => paint(output, 'dim', cell)), ...rows];
  const widths = header.map((_, column) => Math.max(...painted.map((row) => widthOf(row[column] ?? ''))));
  return painted.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
};

const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length;

/** Text from files, without the characters by which it could command the terminal. Line breaks stay. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === '\n' ? character : '\u{fffd}'));
