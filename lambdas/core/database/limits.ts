// Databases of every kind
/** What has no connection left is asked again after pauses of random length: the first up to this, each later one up to twice as long… */
export const DATABASE_FULL_PAUSE_MS = 100;
/** …and up to this at most. */
export const DATABASE_FULL_PAUSE_MAX_MS = 2_000;
/** An administrator's password is replaced by the use that finds it this old. Secrets Manager advises against more than one version in ten minutes. */
export const ADMIN_PASSWORD_USED_MS = 900_000;
/** Our functions ask for it again after this. A password that was replaced meanwhile is refused, and then asked for at once. */
export const ADMIN_PASSWORD_KEPT_MS = 60_000;
export const ADMIN_PASSWORD_BYTES = 30;
/** Of the key that passwords are made with: what it makes has 256 bits, so it has no fewer. */
export const DATABASE_PASSWORD_KEY_MIN_BYTES = 32;

// MySQL and MariaDB
export const MYSQL_CONNECT_TIMEOUT_MS = 5_000;
export const MYSQL_STATEMENT_TIMEOUT_MS = 10_000;
/** For a lock on what is dropped, which somebody else's open transaction may hold. */
export const MYSQL_LOCK_WAIT_SECONDS = 5;
/** One round of waiting for a grant's lock; whoever of ours holds it without a right to is ended before the next one. */
export const MYSQL_GRANT_LOCK_WAIT_SECONDS = 1;
export const MYSQL_GRANT_LOCK_ROUNDS_MAX = 10;
/** Longer than any pause of ours: a function that was frozen in its work does not keep its locks. */
export const MYSQL_IDLE_SECONDS = 30;
/** Sessions that were told to end are looked for until this has passed. */
export const MYSQL_TERMINATE_WAIT_MS = 5_000;
export const MYSQL_POLL_MS = 10;
/** A server that does not answer a goodbye is left behind after this. */
export const MYSQL_FAREWELL_MS = 500;
/** A server or user that has no connection left is asked again for this long. */
export const MYSQL_FULL_WAIT_MS = 20_000;
/** MySQL's, of names of roles as of users. */
export const MYSQL_ROLE_MAX_CHARACTERS = 32;
/** Connections of one grant at a time, as `docs/targets/mysql.sql` has it too. */
export const MYSQL_CONNECTIONS_MAX_COUNT = 50;
