/** Written out in full so that nothing is looked up at run time. */
export interface EksTargetAddress {
  readonly account: string;
  readonly region: string;
  /** The cluster's name, which each token is signed for. */
  readonly cluster: string;
  /** `https://…` of its API server. */
  readonly endpoint: string;
  /** PEM of the cluster's own authority: pinned by `runner` and handed to the caller. */
  readonly caPem: string;
  /** Assumed anew for each grant; may do nothing on AWS. Its access entry names users `latchkey:{{SessionName}}`. */
  readonly roleArn: string;
  readonly externalId: string;
  /** By name; a request names one. */
  readonly profiles: Readonly<Record<string, EksProfile>>;
}

/** What a grant of it may do: one role, in one namespace. */
export interface EksProfile {
  readonly description: string;
  readonly namespace: string;
  readonly role: RoleName;
  /** The role may read logs. One that is followed stays open until its pod ends, whatever becomes of the grant. */
  readonly mayFollowLogs?: boolean | undefined;
}

export interface RoleName {
  readonly kind: 'Role' | 'ClusterRole';
  readonly name: string;
}
