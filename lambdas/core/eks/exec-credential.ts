import type { EpochMs } from '../time.ts';

/** What `kubectl` reads from a credential plugin. Its times have no fraction, and are rounded to the safe side. */
export const execCredential = (token: string, expiresAt: EpochMs) => ({
  apiVersion: 'client.authentication.k8s.io/v1' as const,
  kind: 'ExecCredential' as const,
  status: {
    expirationTimestamp: new Date(expiresAt).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    token,
  },
});

/** A kubeconfig that holds the token itself. Every value was checked when it was configured, so none needs quoting. */
export const kubeconfig = (of: {
  readonly cluster: string;
  readonly endpoint: string;
  readonly caPem: string;
  readonly namespace: string;
  readonly token: string;
}): string => `apiVersion: v1
kind: Config
clusters:
  - name: ${of.cluster}
    cluster:
      server: ${of.endpoint}
      certificate-authority-data: ${Buffer.from(of.caPem).toString('base64')}
users:
  - name: latchkey
    user:
      token: ${of.token}
contexts:
  - name: latchkey
    context:
      cluster: ${of.cluster}
      namespace: ${of.namespace}
      user: latchkey
current-context: latchkey
`;
