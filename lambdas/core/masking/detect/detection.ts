import type { DetectedCategory } from '../mask.ts';

/** Something that should not be read, and where it is: offsets in UTF-16 units, `end` exclusive. */
export interface Detection {
  readonly category: DetectedCategory;
  readonly start: number;
  readonly end: number;
}

/** Looks in normalised text. Its time grows with the length of the text, whatever the text is. */
export type Finder = (text: string) => readonly Detection[];

/** Every place where a pattern matches and a check agrees. The pattern is global, and bounded in what it repeats. */
export const findAll = (
  text: string,
  pattern: RegExp,
  check: (match: RegExpExecArray) => Detection | undefined,
): readonly Detection[] => {
  const found: Detection[] = [];
  forEachMatch(text, pattern, (match) => {
    const detection = check(match);
    if (detection) found.push(detection);
  });
  return found;
};

/** `matchAll` without its copy of the pattern, which costs more than most values do. Not for use inside itself. */
export const forEachMatch = (text: string, pattern: RegExp, act: (match: RegExpExecArray) => void): void => {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) act(match);
};

/** All of a match. */
export const whole = (category: DetectedCategory, match: RegExpExecArray): Detection => ({
  category,
  start: match.index,
  end: match.index + match[0].length,
});
