import type { Credential } from '../app/credential.ts';
import { type VendDeps, vendCredential } from '../app/vend-credential.ts';
import { ok } from '../core/result.ts';
import { CREDENTIAL_PROCESS_TYPE } from './credential-schemas.ts';
import { credentialEnvironment, credentialProcess, credentialView } from './credential-views.ts';
import type { Handlers } from './operations.ts';

/** What a shell asks for with `Accept`, to be given to `eval`. */
const SHELL_TYPE = 'text/x-shellscript';

/** The one route through which a secret leaves. */
export const vendHandlers = (deps: VendDeps): Handlers<'vendCredential'> => ({
  async vendCredential({ caller, path, accept }) {
    const vended = await vendCredential(deps, caller, path.id);
    if (!vended.ok) return vended;
    const { credential, receipt } = vended.value;
    return ok({ status: 201, ...formOf(credential, accept), receipt });
  },
});

/** A form that the kind does not have is answered as JSON, since the credential is issued by now. */
const formOf = (credential: Credential, accept: string) => {
  if (accept.includes(SHELL_TYPE))
    return { body: credentialEnvironment(credential), contentType: SHELL_TYPE };
  const process = accept.includes(CREDENTIAL_PROCESS_TYPE) ? credentialProcess(credential) : undefined;
  return process
    ? { body: process, contentType: CREDENTIAL_PROCESS_TYPE }
    : { body: credentialView(credential) };
};
