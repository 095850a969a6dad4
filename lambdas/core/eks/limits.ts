/** Limits that one kind of target has to itself; whatever several share is in `limits.ts`. */

// EKS
/** STS accepts a presigned identity for 15 min after its date, whatever the address says; a minute is left for clocks and calls. */
export const EKS_TOKEN_SECONDS = 840;
/** What every other client of EKS writes into the address. Nobody reads it. */
export const EKS_PRESIGN_SECONDS = 60;
/** The authenticator of EKS refuses a longer one unread. */
export const EKS_TOKEN_MAX_BYTES = 4_096;
export const EKS_CLUSTER_MAX_CHARACTERS = 100;
/** Kubernetes' own limits of a name that may stand in a host's, and of any other. */
export const KUBERNETES_LABEL_MAX_CHARACTERS = 63;
export const KUBERNETES_NAME_MAX_CHARACTERS = 253;
/** One call to a cluster, from the first packet to the last byte. */
export const KUBERNETES_TIMEOUT_MS = 5_000;
export const KUBERNETES_ANSWER_MAX_BYTES = 4 * 1024 * 1024;
/** Bindings of a namespace that one page of a list holds. */
export const KUBERNETES_PAGE_COUNT = 250;
export const KUBERNETES_PAGES_MAX = 40;
/** Times that a binding is made anew when somebody else takes it away in between. */
export const KUBERNETES_ATTEMPTS_MAX = 3;
/** A cluster decides by what it has last heard from its store; it is asked again until this has passed. */
export const KUBERNETES_REVIEW_WAIT_MS = 5_000;
export const KUBERNETES_POLL_MS = 50;
/** Rights that one proof asks about, and how many of them at once. */
export const KUBERNETES_REVIEWS_MAX_COUNT = 60;
export const KUBERNETES_REVIEWS_AT_ONCE = 5;
