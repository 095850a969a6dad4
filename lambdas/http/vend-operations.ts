import type { Credential } from '../app/credential.ts';
import { type VendDeps, vendCredential } from '../app/vend-credential.ts';
import { ok } from '../core/result.ts';
import { CREDENTIAL_PROCESS_TYPE, EXEC_CREDENTIAL_TYPE, KUBECONFIG_TYPE } from './credential-schemas.ts';
import {
  credentialEnvironment,
  credentialProcess,
  credentialView,
  execCredentialView,
  kubeconfigText,
} from './credential-views.ts';
import type { Handlers } from './operations.ts';

/** What a shell asks for with `Accept`, to be given to `eval`. */
const SHELL_TYPE = 'text/x-shellscript';

/** The one route through which a secret leaves. */
export const vendHandlers = (deps: VendDeps): Handlers<'vendCredential'> => ({
  async vendCredential({ caller, path, body, accept }) {
    const vended = await vendCredential(deps, caller, { grantId: path.id, publicKey: body.publicKey });
    if (!vended.ok) return vended;
    const { credential, receipt } = vended.value;
    return ok({ status: 201, ...formOf(credential, accept), receipt });
  },
});

/** What a kind may be asked for as, beside JSON. The first that is named and that the kind has is answered. */
const FORMS: readonly (readonly [
  type: string,
  form: (credential: Credential) => object | string | undefined,
])[] = [
  [SHELL_TYPE, credentialEnvironment],
  [CREDENTIAL_PROCESS_TYPE, credentialProcess],
  [EXEC_CREDENTIAL_TYPE, execCredentialView],
  [KUBECONFIG_TYPE, kubeconfigText],
];

/** A form that the kind does not have is answered as JSON, since the credential is issued by now. */
const formOf = (credential: Credential, accept: string): { body: object | string; contentType?: string } => {
  for (const [contentType, form] of FORMS) {
    const body = accept.includes(contentType) ? form(credential) : undefined;
    if (body !== undefined) return { body, contentType };
  }
  return { body: credentialView(credential) };
};
