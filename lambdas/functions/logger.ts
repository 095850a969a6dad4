import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import type { Context } from 'aws-lambda';
import { LOG_VALUE_MAX_CHARACTERS } from '../core/limits.ts';
import { scrub } from './scrub.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | Error | undefined>>;

/** The operational log of one function: JSON lines of codes and ids. `log` is also the port `Log` of the use cases. */
export interface FunctionLogger {
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: LogFields) => void;
  /** Lets every line of this invocation carry its request id. */
  readonly beginInvocation: (context: Context) => void;
}

/** The level comes from `LOG_LEVEL`. */
export const createLogger = (functionName: string): FunctionLogger => {
  const logger = new Logger({ logFormatter: new AllowListFormatter(functionName) });
  return {
    log: (level, message, fields = {}) => logger[level](message, fields),
    beginInvocation: (context) => logger.addContext(context),
  };
};

/** Fields that may be logged. A field that is not listed is dropped, so a new one is a decision that is reviewed. */
const FIELDS: ReadonlySet<string> = new Set([
  'about',
  'action',
  'attempts',
  'cause',
  'chain',
  'code',
  'count',
  'dependency',
  'digest',
  'durationMs',
  'error',
  'failures',
  'grantId',
  'issuer',
  'operation',
  'percent',
  'policyId',
  'principalKey',
  'profile',
  'reason',
  'requestId',
  'resourceId',
  'roleArn',
  'runId',
  'route',
  'state',
  'status',
  'step',
  'taskId',
]);

const FRAMES_MAX_COUNT = 12;
const CAUSES_MAX_DEPTH = 4;

class AllowListFormatter extends LogFormatter {
  readonly #functionName: string;

  constructor(functionName: string) {
    super();
    this.#functionName = functionName;
  }

  override formatAttributes(base: UnformattedAttributes, fields: LogAttributes): LogItem {
    const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
    const allowed = entries.filter(([name]) => FIELDS.has(name));
    const dropped = entries.length - allowed.length;
    const attributes = {
      level: base.logLevel,
      message: shorten(base.message),
      timestamp: this.formatTimestamp(base.timestamp),
      service: base.serviceName,
      function: this.#functionName,
      coldStart: base.lambdaContext?.coldStart,
      invocationId: base.lambdaContext?.awsRequestId,
      traceId: base.xRayTraceId,
      ...Object.fromEntries(allowed.map(([name, value]) => [name, loggable(value)])),
      ...(dropped > 0 ? { fieldsDropped: dropped } : {}),
    };
    return new LogItem({ attributes });
  }
}

const shorten = (text: string): string => scrub(text).slice(0, LOG_VALUE_MAX_CHARACTERS);

const loggable = (value: unknown): unknown => {
  if (value instanceof Error) return describeError(value, CAUSES_MAX_DEPTH);
  if (typeof value === 'string') return shorten(value);
  return typeof value === 'number' || typeof value === 'boolean' ? value : `[${typeof value}]`;
};

/** Name, code and place, of the causes too, and never the message: a database puts rows into it, a parser its input. */
const describeError = (error: Error, depthLeft: number): object => ({
  name: codeOf(error.name),
  ...('code' in error ? { code: codeOf(error.code) } : {}),
  stack: framesOf(error),
  ...(error.cause instanceof Error && depthLeft > 0
    ? { cause: describeError(error.cause, depthLeft - 1) }
    : {}),
});

const codeOf = (value: unknown): string =>
  typeof value === 'string' && /^\w[\w.-]{0,63}$/.test(value) ? scrub(value) : '[unusual]';

/** Only lines that have the exact form of a frame: a message can span lines and imitate one. */
const framesOf = ({ stack = '' }: Error): readonly string[] =>
  stack
    .split('\n')
    .map(
      (line) => /^ {4}at (?:(?:async |new )?[\w.$<>#]{1,80} \()?[\w./:@-]{1,200}:\d+:\d+\)?$/.exec(line)?.[0],
    )
    .filter((frame) => frame !== undefined)
    .slice(0, FRAMES_MAX_COUNT)
    .map((frame) => scrub(frame.trim()));
