/** What `docs/targets/ssh-end-sessions.sh` answers: codes and numbers, and nothing that a user of the machine could have put there. */
export interface EndReport {
  /** `yes`: the keys are refused from now on, and the sshd that runs was seen to refuse by that file. */
  readonly refused: string;
  /** `one`: nothing but a pushed key lets this user in, and it cannot become root. */
  readonly ways: string;
  /** Sessions of the keys, and sessions of which no log tells the key; both were ended. */
  readonly found: number;
  readonly unknown: number;
  /** Processes that were ended, and that could not be. */
  readonly ended: number;
  readonly left: number;
}

const LINE =
  /^latchkey refused=([a-z_]{1,32}) ways=([a-z_]{1,32}) found=(\d{1,6}) unknown=(\d{1,6}) ended=(\d{1,6}) left=(\d{1,6})\n?$/;

/** Undefined for anything but exactly one such line: what else a machine says proves nothing. */
export const readEndReport = (output: string): EndReport | undefined => {
  const [, refused, ways, ...numbers] = LINE.exec(output) ?? [];
  const [found, unknown, ended, left] = numbers.map(Number);
  if (refused === undefined || ways === undefined) return undefined;
  if (found === undefined || unknown === undefined || ended === undefined || left === undefined)
    return undefined;
  return { refused, ways, found, unknown, ended, left };
};
