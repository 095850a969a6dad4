/** One mistake of the person who runs a command, with where it is. */
export interface Mistake {
  readonly file: string;
  readonly path: string;
  readonly message: string;
}

/** What a person has to mend before the command can do anything: told in full, without a stack trace. */
export class Mistakes extends Error {
  override readonly name = 'Mistakes';
  constructor(mistakes: readonly Mistake[]) {
    super(
      mistakes.map(({ file, path, message }) => `${file}: ${path ? `${path}: ` : ''}${message}`).join('\n'),
    );
  }
}

/** Runs a command; mistakes are printed line by line and end it with exit code 1. */
export const runCommand = async (command: () => Promise<void>): Promise<void> => {
  try {
    await command();
  } catch (error) {
    if (!(error instanceof Mistakes)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
};
