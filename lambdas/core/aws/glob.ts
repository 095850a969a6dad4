/**
 * Whether some text is matched by both patterns: `*` stands for any text, `?` for one character, and case counts for
 * nothing, as in the actions of IAM.
 */
export const globsOverlap = (one: string, other: string): boolean => {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  // For each place in `b`: whether its rest and what is left of `a` have a text in common. From the end of both backwards.
  let further = Array.from({ length: b.length + 1 }, (_, j) => /^\**$/.test(b.slice(j)));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const here: boolean[] = [];
    for (let j = b.length; j >= 0; j -= 1) {
      const [x, y] = [a[i], b[j]];
      here[j] =
        x === '*' || y === '*'
          ? further[j] === true || here[j + 1] === true
          : y !== undefined && (x === y || x === '?' || y === '?') && further[j + 1] === true;
    }
    further = here;
  }
  return further[0] === true;
};
