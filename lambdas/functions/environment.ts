import * as z from 'zod';

/** Every function has these. The schema types `process.env` at cold start and the CDK property at synth. */
export const CommonEnvironment = z.object({
  LOG_LEVEL: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
});

export const TableName = z.string().min(3);
export const Arn = z.string().startsWith('arn:');
