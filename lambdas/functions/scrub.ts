/** What a secret of ours or of AWS looks like inside a longer text. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)/g,
  /\bBearer\s+\S+/gi,
  /\beyJ[\w-]{6,}(?:\.[\w-]*){0,4}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{12,}/g,
  /\bX-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D)[^&\s"']+/gi,
  /\bk8s-aws-v1\.\S+/g,
  /\bxox[a-z]-[\w-]+/gi,
  /(?<=:\/\/)[^\s/@]*:[^\s/@]*(?=@)/g,
  /\b(?:password|passwd|pwd|secret)\s*[=:]\s*\S+/gi,
];

const REMOVED = '[removed]';

/**
 * Takes secrets out of a text by their looks. The second net only: what must stay secret is never handed to a
 * logger in the first place.
 */
export const scrub = (text: string): string =>
  SECRETS.reduce((clean, secret) => clean.replace(secret, REMOVED), text);
