/** The numbers of logins to machines, as `core/limits.ts` has those of everything else. */

/** Fixed by EC2 Instance Connect: a pushed key is offered this long. */
export const PUSHED_KEY_SECONDS = 60;
/** For a session elsewhere and the push, so that what was recorded as issued and did not arrive is still recorded as that. */
export const KEY_PUSH_MAX_MS = 10_000;
/** A grant that goes through more keys is not one worker's; each of them has to be ended with it. */
export const SSH_KEYS_PER_GRANT_MAX = 4;
/** Comments are dropped; a longer one is not a comment. */
export const SSH_COMMENT_MAX_CHARACTERS = 100;
/** The largest key that is accepted, as text, with its type and comment. */
export const SSH_PUBLIC_KEY_MAX_CHARACTERS = 1_600;
export const SSH_HOST_KEYS_MAX_COUNT = 8;
/** A key stays its grant's for so long after the grant. Machines remember that it is refused for a day, by clocks of their own. */
export const SSH_KEY_HELD_SECONDS = 25 * 3_600;
/** AWS's own limit of a tunnel through an endpoint. */
export const TUNNEL_MAX_SECONDS = 3_600;
/** Systems Manager takes no less; what has not reached a machine by then does not reach it later. */
export const MACHINE_DELIVERY_SECONDS = 30;
/** From sending a command to its answer. It fits into the function's own time, with what has to be recorded. */
export const MACHINE_ANSWER_MAX_MS = 45_000;
/** Distance between looks for the answer of a machine; it grows to the second number. */
export const MACHINE_POLL_MIN_MS = 100;
export const MACHINE_POLL_MAX_MS = 500;
