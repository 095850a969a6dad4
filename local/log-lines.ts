import * as z from 'zod';
import { AwsError } from './aws-error.ts';
import type { JsonObject } from './aws-json.ts';

const KEPT_MAX = 10_000;
const PATTERN = /^\{ \$\.(\w+) = "([^"]*)" \}$/;

const Filter = z.strictObject({
  logGroupName: z.string(),
  filterPattern: z.string().regex(PATTERN),
  startTime: z.number(),
  endTime: z.number(),
});

/** What the functions have written, as CloudWatch Logs would find it again: by group, time and one field of a JSON line. */
export class LogLines {
  readonly #groups: ReadonlyMap<string, { timestamp: number; message: string }[]>;

  /** A group is there before the first line is written. */
  constructor(functionNames: readonly string[]) {
    this.#groups = new Map(functionNames.map((name) => [`/aws/lambda/${name}`, []]));
  }

  add(functionName: string, message: string): void {
    const lines = this.#groups.get(`/aws/lambda/${functionName}`) ?? [];
    lines.push({ timestamp: Date.now(), message });
    if (lines.length > KEPT_MAX) lines.shift();
  }

  filter(input: JsonObject): JsonObject {
    const { logGroupName, filterPattern, startTime, endTime } = Filter.parse(input);
    const lines = this.#groups.get(logGroupName);
    if (!lines) throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    const [, field = '', wanted] = PATTERN.exec(filterPattern) ?? [];
    const isWanted = (message: string) => message.startsWith('{') && JSON.parse(message)[field] === wanted;
    const inTime = lines.filter(({ timestamp }) => timestamp >= startTime && timestamp <= endTime);
    return { events: inTime.filter(({ message }) => isWanted(message)) };
  }
}
