/** A database answered no. Only its code travels on: the sentence may hold names and values of the target. */
export class TargetRefusal extends Error {
  override readonly name = 'TargetRefusal';
  /** PostgreSQL's five characters, or MySQL's number. */
  readonly code: string;
  constructor(code: string) {
    super(`the target refused with ${code}`);
    this.code = code;
  }
}
