/** Works through a list, a few at a time, each as soon as there is room. */
export const inTurns = async <T>(
  things: readonly T[],
  atOnce: number,
  act: (thing: T) => Promise<void>,
): Promise<void> => {
  const queue = [...things];
  const worker = async () => {
    for (let thing = queue.shift(); thing !== undefined; thing = queue.shift()) await act(thing);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};
