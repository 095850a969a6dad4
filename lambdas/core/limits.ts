/** Every number the product stands on, its unit in its name, the reason beside it. */

export const SECOND_MS = 1_000;

// Requests
/** Larger bodies than any of our schemas can fill are refused before they are parsed. */
export const REQUEST_BODY_MAX_BYTES = 64 * 1024;
/** RFC 8725 tokens are far smaller; a larger one is an attack on the parser. */
export const TOKEN_MAX_BYTES = 8 * 1024;
export const NAME_MAX_CHARACTERS = 128;
export const REASON_MAX_CHARACTERS = 500;
export const IDEMPOTENCY_KEY_MAX_CHARACTERS = 128;
/** Enough to tell clients apart; the trail keeps no more of what a caller wrote there. */
export const USER_AGENT_MAX_CHARACTERS = 200;
/** CrewAI's client retries at 30 s and the gateway cuts at 29 s, so nothing of ours takes longer. */
export const WAIT_MAX_SECONDS = 20;
/** The gateway cuts at 29 s: a function behind it that runs longer works for nobody. Nothing that was read before is acted on later. */
export const API_FUNCTION_TIMEOUT_SECONDS = 28;
/** How long a DELETE waits for proof of death before it answers 202. */
export const END_WAIT_MAX_SECONDS = 10;
/** Distance between the first two looks at what is being waited for; it grows to the second number. */
export const WAIT_POLL_MIN_MS = 25;
export const WAIT_POLL_MAX_MS = 200;
/** How often a caller should look again when it does not use `Prefer: wait`. */
export const POLL_RETRY_AFTER_SECONDS = 2;
export const LIST_PAGE_MAX_ITEMS = 50;

// Tokens of identity
/** Clocks of issuers and ours differ by less than this, or something is wrong. */
export const TOKEN_CLOCK_SKEW_SECONDS = 60;
/** The gateway may reuse an authorizer's answer this long; functions check `exp` again. */
export const AUTHORIZER_CACHE_SECONDS = 60;
/** A key removed at the issuer is distrusted within this time. */
export const JWKS_TTL_SECONDS = 900;
export const JWKS_FETCH_TIMEOUT_MS = 3_000;
export const JWKS_MAX_BYTES = 150 * 1024;
/** Above this, some issuers silently truncate: the groups are unknown, not few. */
export const GROUPS_MAX_COUNT = 99;
export const GROUP_NAME_MAX_CHARACTERS = 256;
/** Role ARNs with a path are the longest subjects in use, at about 600. */
export const SUBJECT_MAX_CHARACTERS = 1_024;
/** A longer chain of `act` claims is a loop of exchanges, not a delegation. */
export const DELEGATION_MAX_DEPTH = 4;
/** What `issuers.yaml` may allow at most; a stolen token is good for as long as this. */
export const TOKEN_LIFETIME_MAX_SECONDS = 12 * 3_600;
/** Keys older than this are read again, so that an issuer has the rest of the TTL to come back before tokens are refused. */
export const JWKS_REFRESH_SECONDS = 300;
/** At most one look at an issuer's keys in this time, whatever tokens arrive; also the longest that a flood can delay a rotation. */
export const JWKS_COOLDOWN_SECONDS = 5;
export const RSA_MODULUS_MIN_BITS = 2_048;
/** Above this a signature check is work that a caller could make us do for nothing. */
export const RSA_MODULUS_MAX_BITS = 8_192;
/** What the authorizer hands to the gateway. No quota is stated for REST APIs; the one of WebSocket APIs is kept to. */
export const IDENTITY_CONTEXT_MAX_BYTES = 8 * 1024;

// Tasks and grants
export const GRANT_MIN_SECONDS = 60;
/** A repeated request is recognised for this long. */
export const IDEMPOTENCY_SECONDS = 24 * 3_600;
/** Without a person in the loop nothing lives longer than this. */
export const UNATTENDED_GRANT_MAX_SECONDS = 3_600;
export const GRANT_MAX_SECONDS = 12 * 3_600;
export const TASK_MAX_SECONDS = 12 * 3_600;
/** Somebody's word that a grant ends is kept for longer than any grant lives, the time that people have to decide included. */
export const REVOCATION_SECONDS = 2 * GRANT_MAX_SECONDS;
export const LEASE_MIN_SECONDS = 15;
export const LEASE_MAX_SECONDS = 3_600;
/** A task that collects more than this is a loop, not work. */
export const GRANTS_PER_TASK_MAX = 50;
/** Credentials under one grant: enough for reconnects, too few to feed others. */
export const CREDENTIALS_PER_GRANT_MAX = 20;
/** A recorded grant that is not active after this long has failed. */
export const ACTIVATION_MAX_SECONDS = 60;
/** People have this long to decide, unless the request says less. */
export const APPROVAL_WAIT_SECONDS = 3_600;
/** A request may give people less time than that, and never less than this. */
export const APPROVAL_WAIT_MIN_SECONDS = 5;
/** What was approved and has not begun after this long is not begun any more. */
export const APPROVAL_USE_SECONDS = 600;
/** From the request of a plan to its end, unless the request says less. */
export const PLAN_MAX_SECONDS = 3_600;
/** What one person can read as one thing. */
export const PLAN_STATEMENTS_MAX_COUNT = 20;
export const PLAN_TIMES_MAX_COUNT = 100;
/** Whoever decides has shown to the identity provider who they are within this time. */
export const DECISION_SIGN_IN_MAX_AGE_SECONDS = 300;
export const NOTE_MAX_CHARACTERS = 1_000;
/** People who have not decided are reminded after this long, unless the resource says otherwise, and once more after twice as long. */
export const REMIND_AFTER_SECONDS = 900;
/** Reminding sooner is no reminder but noise, in which the next question drowns. */
export const REMIND_AFTER_MIN_SECONDS = 60;
export const REMINDERS_MAX_COUNT = 2;
/** Grants that the page of live ones looks at; a deployment with more has other troubles. */
export const LIVE_GRANTS_MAX_COUNT = 500;
/** The largest number of people a policy may ask for. */
export const QUORUM_MAX = 5;
/** A second reading of the clock may differ this much before an early wake-up counts as early. */
export const EXPIRY_TOLERANCE_MS = 5_000;
/** A lost race is decided again from the start; after this many the answer is 503. */
export const COMMIT_ATTEMPTS_MAX = 8;
/** Losers of a race come back after a random part of this, doubled each time. */
export const COMMIT_BACKOFF_MS = 20;

// Runs
export const RUN_PARAMS_MAX_COUNT = 100;
export const RUN_PARAM_MAX_CHARACTERS = 16 * 1024;
/** Rows of one answer, and what a caller gets who does not say. */
export const RUN_ROWS_MAX_COUNT = 10_000;
export const RUN_ROWS_DEFAULT_COUNT = 1_000;
/** Values of one answer as text. With its frame it has to fit into what a function may answer the gateway (6 MB). */
export const RUN_ANSWER_MAX_BYTES = 3 * 1024 * 1024;
/** The same with its frame, masked, as JSON. */
export const RUN_RESULT_MAX_BYTES = 4 * 1024 * 1024;
/** Execution at the target; enforced from a second connection. */
export const RUN_MAX_SECONDS = 20;
/** A decided run that has not begun after this long has failed. */
export const RUN_START_MAX_SECONDS = 60;
/** From the end of the execution to the recorded outcome. */
export const RUN_SETTLE_MARGIN_SECONDS = 45;
/** What one task may use in its life, and one principal in a day (UTC). */
export const TASK_BUDGET = { runs: 500, rows: 200_000, bytes: 64 * 1024 * 1024, failures: 100 } as const;
export const PRINCIPAL_DAY_BUDGET = {
  runs: 5_000,
  rows: 2_000_000,
  bytes: 640 * 1024 * 1024,
  failures: 500,
} as const;
/** So many failures without a success in between open the circuit of a task… */
export const CIRCUIT_FAILURES = 10;
/** …for this long after the last one. */
export const CIRCUIT_OPEN_SECONDS = 60;
/** How long a day's counters are kept. */
export const BUDGET_KEPT_SECONDS = 3 * 24 * 3_600;

// The console
/** Reading goes on for this long without another sign-in. */
export const SESSION_SECONDS = 3_600;
/** What names a session, and what its forms are signed with. */
export const SESSION_SECRET_BYTES = 32;
/** After a sign-out, whoever signs in at the same browser is asked who they are, whatever the issuer remembers. */
export const SIGNED_OUT_MARK_SECONDS = 30 * 86_400;
/** From the first redirect to the way back, passwords and second factors included. */
export const LOGIN_MAX_SECONDS = 600;
/** The longest note with every character percent-encoded from four bytes, and the rest of its form. */
export const FORM_BODY_MAX_BYTES = 16 * 1024;
export const OIDC_TIMEOUT_MS = 5_000;
export const OIDC_ANSWER_MAX_BYTES = 150 * 1024;
/** How long a secret that was read is used before it is read again: a rotation takes hold within this time. */
export const SECRET_TTL_MS = 5 * 60_000;
/** Two statements that differ by more words than this are not laid side by side: they are different statements. */
export const DIFFERENCE_MAX_EDITS = 2_000;
export const DIFFERENCE_MAX_MS = 300;
/** Characters beyond ASCII that a page names one by one under a text. */
export const NAMED_CHARACTERS_MAX_COUNT = 20;

// Sweeping and endings
export const SWEEP_INTERVAL_SECONDS = 60;
/** The workflow ends a grant on time; only after this does the sweeper step in. */
export const SWEEP_GRACE_MS = 15_000;
/** How many due things the sweeper works on at once: their targets share connections. */
export const SWEEP_CONCURRENCY = 5;
/** Failed attempts to end before the grant sits in quarantine with an alarm. */
export const QUARANTINE_AFTER_ATTEMPTS = 3;
export const ENDING_BACKOFF_MIN_MS = 10_000;
/** Quarantine is retried for ever, never less often than this. */
export const ENDING_BACKOFF_MAX_MS = 15 * 60_000;
/** How many partitions the index of what is due has, so that no key is hot. */
export const DUE_SHARDS_COUNT = 4;
export const SYSTEM_CHAIN_SHARDS_COUNT = 16;

// Audit
/** Entries of one chain are written by several functions, whose clocks may differ this much. */
export const AUDIT_CLOCK_TOLERANCE_MS = 5_000;
/** How long an answer may carry the receipt of a configuration that has since been replaced. */
export const CONFIG_RECEIPT_TTL_MS = 60_000;

/** One ending: connections, locks, terminated backends and a probe, each with its own limit below. */
export const RUNNER_TIMEOUT_SECONDS = 60;

// Payloads: full statements and masked results, sealed
/** AES-256, and as much for each key that is derived from it. */
export const VAULT_KEY_BYTES = 32;
/** What AES-GCM is specified for. Random nonces are safe for 2^32 seals under one key; a task makes thousands at most. */
export const SEAL_NONCE_BYTES = 12;
/** Of one statement or one masked result. Lambda answers 6 MB at most, and S3 has to take it within one request's time. */
export const PAYLOAD_MAX_BYTES = 4 * 1024 * 1024;
export const PAYLOAD_RETENTION_MIN_DAYS = 1;
/** Ten years. Longer is what a legal hold is for. */
export const PAYLOAD_RETENTION_MAX_DAYS = 3_653;
export const DAY_SECONDS = 24 * 3_600;

// Notices
/** Slack's own limits: of one text object, of a header, of a button's value and of the blocks of a message. */
export const SLACK_TEXT_MAX_CHARACTERS = 3_000;
export const SLACK_HEADER_MAX_CHARACTERS = 150;
export const SLACK_VALUE_MAX_CHARACTERS = 2_000;
export const SLACK_BLOCKS_MAX_COUNT = 50;
/** Of what a message repeats; the page shows all of it. Marks of hidden characters make a text up to ten times longer. */
export const NOTICE_NAME_MAX_CHARACTERS = 200;
export const NOTICE_REASON_MAX_CHARACTERS = 1_500;
export const NOTICE_NOTE_MAX_CHARACTERS = 500;
export const NOTICE_TABLES_MAX_CHARACTERS = 500;
/** Statements of a plan, owners, votes or columns that a message lists; it says how many more there are. */
export const NOTICE_LIST_MAX_COUNT = 10;
/** Enough of a digest to compare by eye; a decision always carries the whole. */
export const SHORT_DIGEST_CHARACTERS = 12;
/** Told once more when the approval changed meanwhile, so that the last word stands; then the next invocation's turn. */
export const NOTICE_ROUNDS_MAX = 4;
/** One call to Slack, to a webhook; tries and their pauses fit into the function's own time. */
export const SLACK_TIMEOUT_MS = 3_000;
export const SLACK_RETRIES_MAX = 1;
export const SLACK_RETRY_PAUSE_MIN_MS = 200;
export const SLACK_RETRY_PAUSE_MAX_MS = 1_000;
export const WEBHOOK_TIMEOUT_MS = 5_000;

// Workflows
/** Step Functions' own limit of the token of a waiting task. */
export const TASK_TOKEN_MAX_CHARACTERS = 2_048;

// Interactions of Slack
/** What Slack recommends, both ways. */
export const SLACK_SIGNATURE_TOLERANCE_SECONDS = 300;
/** A used signature is remembered for as long as it could pass again, and clocks of ours that differ. */
export const SLACK_REPLAY_KEPT_SECONDS = 3_600;
/** A payload repeats the message that was pressed on, percent-encoded; ours fill a fraction of this. */
export const SLACK_BODY_MAX_BYTES = REQUEST_BODY_MAX_BYTES;
/** Slack's limit of a button's name, and more than any address that it names for an answer. */
export const SLACK_ACTION_MAX_CHARACTERS = 255;
export const SLACK_RESPONSE_URL_MAX_CHARACTERS = 1_000;
/** A person's answer goes to an address that Slack names; Slack gives us three seconds for everything. */
export const SLACK_ANSWER_TIMEOUT_MS = 1_000;

// Refused tokens
/** Log lines are found this long after they were written. */
export const REFUSALS_LAG_MS = 30_000;
/** How far back a sweeper looks that has not run for a while. */
export const REFUSALS_LOOK_BACK_MS = 3_600_000;
/** Pages of log lines that one sweep reads; beyond them the count is marked as incomplete. */
export const REFUSALS_PAGES_MAX = 20;

// PostgreSQL
/** AWS fixes this for RDS tokens. */
export const RDS_TOKEN_SECONDS = 900;
export const POSTGRES_CONNECT_TIMEOUT_MS = 5_000;
export const POSTGRES_STATEMENT_TIMEOUT_MS = 10_000;
export const POSTGRES_LOCK_TIMEOUT_MS = 5_000;
/** Backends that were told to terminate are looked for until this has passed. */
export const POSTGRES_TERMINATE_WAIT_MS = 5_000;
export const POSTGRES_POLL_MS = 10;
/** An ending that has waited this long for a lock ends the sessions that may hold it. */
export const POSTGRES_PATIENCE_MS = 200;
/** Rounds of asking again when a user changed its own role in the same instant. */
export const POSTGRES_ATTEMPTS_MAX = 3;
/** Longer than any pause of ours: a function that was frozen in its work does not keep its locks. */
export const POSTGRES_IDLE_TIMEOUT_MS = 30_000;
/** A server that does not answer a goodbye is left behind after this. */
export const POSTGRES_FAREWELL_MS = 500;
/** A server, database or user that has no connection left is asked again for this long. */
export const POSTGRES_FULL_WAIT_MS = 20_000;
/** Endings under way on one instance. The administrator has 20 connections; the rest are for their second ones. */
export const POSTGRES_ENDINGS_MAX_COUNT = 12;
export const POSTGRES_IDENTIFIER_MAX_BYTES = 63;

// Runs at PostgreSQL
/** A run waits less than an ending for a server that is full: its caller waits too. */
export const RUN_ROOM_WAIT_MS = 5_000;
/** Rows asked for at a time. What arrives is counted byte by byte, so this bounds round trips and not memory. */
export const RUN_FETCH_MAX_ROWS = 1_000;
/** PostgreSQL sends a length with each value and a head with each row; two million empty values are no answer either. */
export const RUN_CELL_FRAMING_BYTES = 4;
export const RUN_ROW_FRAMING_BYTES = 7;
export const RUN_FRAMING_MAX_BYTES = 8 * 1024 * 1024;
/** What may arrive beside the rows of an answer, such as notices, before the connection is cut. */
export const RUN_ARRIVAL_MARGIN_BYTES = 64 * 1024;
/** Catalogue and plan of one statement. Views over hundreds of others stay below. */
export const RUN_INSPECTION_MAX_BYTES = 16 * 1024 * 1024;
export const RUN_NOTICES_MAX_COUNT = 50;
export const RUN_NOTICES_MAX_BYTES = 16 * 1024;
/** The server's own limit on a statement comes first by this; then a second connection ends the session. */
export const RUN_KILL_GRACE_MS = 500;
/** The second connection has this long; then the run's own connection is cut whatever it says. */
export const RUN_KILL_WAIT_MS = 5_000;
/** A server looks this often whether the client of a statement is still there. */
export const RUN_CLIENT_CHECK_MS = 1_000;
/** A write may change this many times the rows that `EXPLAIN` promised, as estimates err by about that… */
export const WRITE_ROWS_FACTOR = 10;
/** …and this many whatever was promised, as small estimates err by more. */
export const WRITE_ROWS_FLOOR = 100;

// Assumed roles
/** Longer than the shortest session STS gives, so that one that is kept outlives what it signs. */
export const SIGNING_SESSION_SECONDS = 3_600;
/** A role that was made anew is another to AWS, which refuses sessions of the old one: for so long at most they are used again. */
export const KEPT_SESSION_SECONDS = 900;
/** What a signing session must outlive its longest token by, clocks of others included. */
export const SIGNING_SESSION_MARGIN_SECONDS = 60;

// Sessions of AWS under grants
/** STS's own limits: the shortest session, the longest of a role that was itself assumed, and an inline session policy. */
export const SESSION_MIN_SECONDS = 900;
export const SESSION_MAX_SECONDS = 3_600;
export const SESSION_POLICY_MAX_CHARACTERS = 2_048;
/** A source identity has no more; a tag may have 256, but its characters count towards the same packed size as the policy. */
export const SESSION_NAME_MAX_CHARACTERS = 64;
/** Enough of a SHA-256 to find one name among all there are. */
export const HASHED_NAME_CHARACTERS = 32;
/** Beyond this much of the packed size that STS allows, a longer name of an owner may be what no longer fits. */
export const PACKED_SIZE_WARN_PERCENT = 80;
/** IAM's own limit of a managed policy, white space not counted. */
export const MANAGED_POLICY_MAX_CHARACTERS = 6_144;
/** IAM keeps no more versions of a managed policy. */
export const POLICY_VERSIONS_MAX_COUNT = 5;
/** Writers of one deny policy take turns; whoever has lost so many races in spite of that leaves it to the next attempt. */
export const ENDED_WRITE_ROUNDS_MAX = 10;
/** A turn that its writer does not give back. Longer than any write takes, shorter than anybody's patience. */
export const ENDED_TURN_MS = 10_000;
/** How long others wait for the turn before they leave it to the next attempt. */
export const ENDED_WAIT_MS = 30_000;
/** Pauses between two looks at whose turn it is, or whether a policy has arrived: from the first number to the second. */
export const ENDED_POLL_MIN_MS = 100;
export const ENDED_POLL_MAX_MS = 3_000;
/** IAM takes seconds to minutes until a policy holds. One attempt waits this long for it… */
export const ENDED_PROBE_WAIT_MS = 30_000;
/** …and from this long after the end, a session that is still let in is an alarm. */
export const ENDED_PROPAGATION_MAX_MS = 5 * 60_000;
/** Refusals in a row that prove an end, over as many connections: one host of AWS may know earlier than another. */
export const ENDED_REFUSALS_COUNT = 3;
/** What is kept of ended sessions after their natural end is only for looking at. */
export const ENDED_MARK_KEPT_SECONDS = 86_400;
/** What was shown to be possible at a role is taken for possible this long, while grants on it become active. */
export const REHEARSAL_TTL_MS = 5 * 60_000;
/** A policy that must be read is read. More roles would only make the limits of IAM's own calls the next one. */
export const ROLE_SHARDS_MAX_COUNT = 20;
/** The name of an IAM role has 64; `-ending` is put behind it, or the number of a shard. */
export const SHARDED_ROLE_NAME_MAX_CHARACTERS = 57;
/** Not a secret, but nothing that somebody else would choose by chance. */
export const EXTERNAL_ID_MIN_CHARACTERS = 8;
export const EXTERNAL_ID_MAX_CHARACTERS = 128;
export const PROFILES_MAX_COUNT = 20;
export const PROFILE_STATEMENTS_MAX_COUNT = 20;
export const PROFILE_NAMES_MAX_COUNT = 50;
/** A clock of ours and AWS's may differ this much before an ended session is taken from the list of the denied. */
export const AWS_CLOCK_SKEW_MS = 5 * 60_000;

// Calls to AWS
/** Two tries of this length and their pauses fit into the gateway's patience. */
export const AWS_REQUEST_TIMEOUT_MS = 3_000;
export const AWS_CONNECT_TIMEOUT_MS = 1_000;
export const AWS_ATTEMPTS_MAX = 3;
/** Rounds of asking again for keys that a batch read left out. */
export const BATCH_READ_ROUNDS_MAX = 4;

// Configuration
/** While a deploy replaces one function after the other, some still decide by the old rules; grants are asked again this long. */
export const CONFIG_SETTLING_MS = 10 * 60_000;
/** No file that people review is larger; a larger one is a mistake or an attack on the parser. */
export const CONFIG_FILE_MAX_BYTES = 512 * 1024;
export const RESOURCES_MAX_COUNT = 200;
export const ENVIRONMENTS_MAX_COUNT = 20;
export const POLICIES_MAX_COUNT = 500;
export const EXAMPLES_MAX_COUNT = 1_000;
export const RUN_EXAMPLE_NAMES_MAX_COUNT = 100;
/** With `latchkey-target-` before it, a resource's id still fits into the name of an IAM role (64). */
export const RESOURCE_ID_MAX_CHARACTERS = 40;
export const DESCRIPTION_MAX_CHARACTERS = 200;
export const CA_CERTIFICATES_MAX_COUNT = 8;
export const SENSITIVE_COLUMNS_MAX_COUNT = 500;
export const CATEGORY_MAX_CHARACTERS = 40;
/** More would show most of what it is meant to hide. */
export const KEEP_LAST_MAX_CHARACTERS = 8;
/** Connections of one grant at a time: enough for a pool, too few to starve the target. */
export const POSTGRES_CONNECTIONS_MAX_COUNT = 50;
export const ISSUERS_MAX_COUNT = 20;
export const AUDIENCES_MAX_COUNT = 10;
export const REQUIRED_CLAIMS_MAX_COUNT = 10;
/** All of them travel inside the authorizer's asset and are looked through for each token. */
export const PRINCIPALS_MAX_COUNT = 1_000;
export const OWNERS_MAX_COUNT = 10;

// Logs
/** A longer value is cut: logs hold codes and ids, not documents. */
export const LOG_VALUE_MAX_CHARACTERS = 512;

// Masking
/** Expressions and queries that lineage looks at in one statement; the largest body holds fewer, unless it nests to multiply. */
export const LINEAGE_STEPS_MAX = 50_000;
/** Levels of a statement that lineage goes down: a fraction of what fits on the stack, and more than people write. */
export const LINEAGE_DEPTH_MAX = 400;
/** PostgreSQL's own limit of a target list. */
export const OUTPUT_COLUMNS_MAX = 1_664;
// Statements
/** People have to read what they approve, and the parser's work grows with it; no hand-written statement is near. */
export const STATEMENT_MAX_BYTES = 64 * 1024;
/** Levels of the parse tree: generated queries stay below 100, and the walk itself must never overflow the stack. */
export const STATEMENT_MAX_DEPTH = 250;
/** PostgreSQL's protocol counts them in 16 bits. */
export const STATEMENT_PARAMETERS_MAX_COUNT = 65_535;
