import { type VendDeps, vendCredential } from '../app/vend-credential.ts';
import { ok } from '../core/result.ts';
import { credentialEnvironment, credentialView } from './credential-views.ts';
import type { Handlers } from './operations.ts';

/** What a shell asks for with `Accept`, to be given to `eval`. */
const SHELL_TYPE = 'text/x-shellscript';

/** The one route through which a secret leaves. */
export const vendHandlers = (deps: VendDeps): Handlers<'vendCredential'> => ({
  async vendCredential({ caller, path, accept }) {
    const vended = await vendCredential(deps, caller, path.id);
    if (!vended.ok) return vended;
    const { credential, receipt } = vended.value;
    return accept.includes(SHELL_TYPE)
      ? ok({ status: 201, body: credentialEnvironment(credential), contentType: SHELL_TYPE, receipt })
      : ok({ status: 201, body: credentialView(credential), receipt });
  },
});
