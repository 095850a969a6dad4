import { randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { generate } from 'selfsigned';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';

export const CLIENT_ID = 'latchkey-console';
export const CLIENT_SECRET = 'of-this-test-alone';

export interface PeopleProvider {
  readonly issuer: string;
  /** Who sits in front of the browser, and which groups the issuer puts into their token. */
  readonly person: { subject: string; groups: readonly string[] };
  /** How often somebody was asked who they are. */
  readonly prompts: () => number;
  stop(): Promise<void>;
}

/** A real OpenID provider over https on loopback, which this process trusts. It signs whoever `person` is in, without a form. */
export const startPeopleProvider = async (redirectUri: string): Promise<PeopleProvider> => {
  // Of two trusted certificates of one name, OpenSSL may look at the wrong one.
  const { private: key, cert } = await generate([{ name: 'commonName', value: randomUUID() }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  setDefaultCACertificates([...getCACertificates('default'), cert]);
  const server = createServer({ key, cert });
  const issuer = `https://localhost:${await listenOnLoopback(server)}`;
  const person: PeopleProvider['person'] = { subject: 'alice', groups: ['approvers'] };
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'key-1' };
  const configuration = settings(redirectUri, person);
  const provider = quietly(() => new Provider(issuer, { ...configuration, jwks: { keys: [jwk] } }));
  const answer = quietly(() => provider.callback());
  let prompts = 0;
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/who/')) return void answer(request, response);
    prompts += 1;
    void provider.interactionFinished(request, response, { login: { accountId: person.subject } });
  });
  return { issuer, person, prompts: () => prompts, stop: () => closeServer(server) };
};

type Configuration = NonNullable<ConstructorParameters<typeof Provider>[1]>;

const settings = (redirectUri: string, person: PeopleProvider['person']): Configuration => ({
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: [redirectUri],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  claims: { openid: ['sub', 'groups'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['of-this-test-alone'] },
  ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, { uid }) => `/who/${uid}` },
  findAccount: (_context, accountId) => ({
    accountId,
    claims: async () => ({ sub: accountId, groups: [...person.groups] }),
  }),
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({
      clientId: CLIENT_ID,
      ...(oidc.session?.accountId ? { accountId: oidc.session.accountId } : {}),
    });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});

/** The provider warns on standard output that its store is memory, which is what a test wants. */
const quietly = <T>(act: () => T): T => {
  const { warn, info } = console;
  console.warn = () => undefined;
  console.info = () => undefined;
  try {
    return act();
  } finally {
    Object.assign(console, { warn, info });
  }
};
