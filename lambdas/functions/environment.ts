import * as z from 'zod';

/** Every function has these. The schema types `process.env` at cold start and the CDK property at synth. */
export const CommonEnvironment = z.object({
  LOG_LEVEL: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
});

export const TableName = z.string().min(3);
export const Arn = z.string().startsWith('arn:');
/** Https, but for what stands on the same machine. */
export const Address = z.string().regex(/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost):/);
/** Where people open the console; no slash at its end. */
export const ConsoleUrl = z.string().regex(/^https:\/\/.*[^/]$/);

/** As the adapter wants them. */
export const vaultPlaces = (environment: z.output<z.ZodObject<typeof VAULT_PLACES>>) => ({
  keysTable: environment.VAULT_KEYS_TABLE,
  bucket: environment.PAYLOAD_BUCKET,
  retentionDays: environment.PAYLOAD_RETENTION_DAYS,
});

/** Where the vaults of tasks are, for those who keep or read something there. */
export const VAULT_PLACES = {
  VAULT_KEYS_TABLE: TableName,
  PAYLOAD_BUCKET: z.string().min(3),
  PAYLOAD_RETENTION_DAYS: z.string().regex(/^\d+$/).transform(Number),
};
