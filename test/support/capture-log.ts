/**
 * The JSON lines that something writes to this process's output while it runs. The test runner reports through the
 * same streams, so everything else is passed on.
 */
export const captureLog = async (run: () => unknown): Promise<readonly Record<string, unknown>[]> => {
  const lines: Record<string, unknown>[] = [];
  const streams = [process.stdout, process.stderr] as const;
  const restore = streams.map((stream) => {
    const write = stream.write;
    const capture = (chunk: string | Uint8Array): boolean => {
      if (typeof chunk !== 'string' || !chunk.startsWith('{')) return write.call(stream, chunk);
      lines.push(JSON.parse(chunk));
      return true;
    };
    stream.write = capture;
    return () => {
      stream.write = write;
    };
  });
  try {
    await run();
  } finally {
    for (const undo of restore) undo();
  }
  return lines;
};
