/**
 * Ids are made by the server. A grant's id begins with its task's, so that one read can fetch the grant, its
 * task's tombstone and the containment register without knowing anything else.
 *
 *     task   t_k3v9q2m7xw4b8r1nd6hz
 *     grant  g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f
 *     user   lk_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f, in MySQL lk_5h2j7d9c1s0f_k3v9q2m7xw4b8r1n
 *     run    r_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f_8t3w6y0a2e4g
 *     containment s_ and 20 letters, of its own
 *     approval a_k3v9q2m7xw4b8r1nd6hz_ and 32 more, which nobody can guess: it stands in links. A plan is p_ and the same
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TASK_BYTES = 20;
const GRANT_BYTES = 12;
const APPROVAL_BYTES = 32;

export const TASK_ID_PATTERN = /^t_[0-9a-hjkmnp-tv-z]{20}$/;
export const GRANT_ID_PATTERN = /^g_[0-9a-hjkmnp-tv-z]{20}_[0-9a-hjkmnp-tv-z]{12}$/;

export const RUN_ID_PATTERN = /^r_[0-9a-hjkmnp-tv-z]{20}_[0-9a-hjkmnp-tv-z]{12}_[0-9a-hjkmnp-tv-z]{12}$/;

export const APPROVAL_ID_PATTERN = /^a_[0-9a-hjkmnp-tv-z]{20}_[0-9a-hjkmnp-tv-z]{32}$/;
export const PLAN_ID_PATTERN = /^p_[0-9a-hjkmnp-tv-z]{20}_[0-9a-hjkmnp-tv-z]{32}$/;

export const CONTAINMENT_ID_PATTERN = /^s_[0-9a-hjkmnp-tv-z]{20}$/;

/** Random bytes that `taskId`, `grantId`, `runId` and `containmentId` need; five bits of each are used. */
export const ID_RANDOM_BYTES = TASK_BYTES;
/** And those that `approvalId` needs. */
export const APPROVAL_RANDOM_BYTES = APPROVAL_BYTES;

const letters = (random: Uint8Array, count: number): string =>
  Array.from(random.subarray(0, count), (byte) => ALPHABET[byte & 31]).join('');

export const taskId = (random: Uint8Array): string => `t_${letters(random, TASK_BYTES)}`;

export const containmentId = (random: Uint8Array): string => `s_${letters(random, TASK_BYTES)}`;

export const grantId = (task: string, random: Uint8Array): string =>
  `g_${task.slice(2)}_${letters(random, GRANT_BYTES)}`;

export const runId = (grant: string, random: Uint8Array): string =>
  `r_${grant.slice(2)}_${letters(random, GRANT_BYTES)}`;

export const approvalId = (task: string, random: Uint8Array): string =>
  `a_${task.slice(2)}_${letters(random, APPROVAL_BYTES)}`;

/** A plan is nothing but what people are asked to approve, so each has the other's id. */
export const planOfApproval = (approval: string): string => `p_${approval.slice(2)}`;
export const approvalOfPlan = (plan: string): string => `a_${plan.slice(2)}`;

export const grantOfRun = (run: string): string => `g_${run.slice(2, 2 + TASK_BYTES + 1 + GRANT_BYTES)}`;

export const taskOfGrant = (grant: string): string => `t_${grant.slice(2, 2 + TASK_BYTES)}`;

/** The database user made for one grant: at most 36 bytes, so PostgreSQL never truncates it into another's name. */
export const databaseUser = (grant: string): string => `lk_${grant.slice(2)}`;

const MYSQL_TASK_CHARACTERS = 16;

/** MySQL takes 32 characters; what is left out of the task's id leaves 140 random bits. */
export const mysqlUser = (grant: string): string =>
  `lk_${markOf(grant)}_${grant.slice(2, 2 + MYSQL_TASK_CHARACTERS)}`;

/** The random part that is the grant's own. By itself it tells it from every other grant that ever lived: 60 bits. */
export const markOf = (grant: string): string => grant.slice(-GRANT_BYTES);

/** The user that a cluster knows a grant's session as. */
export const clusterUser = (grant: string): string => `latchkey:${grant}`;

export const grantOfDatabaseUser = (user: string): string => `g_${user.slice(3)}`;
