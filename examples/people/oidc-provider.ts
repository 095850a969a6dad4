import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import Provider from 'oidc-provider';
import type { LocalCertificate } from '../../local/certificates.ts';
import { keptSecrets } from '../../local/kept-secrets.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import { PEOPLE, type PersonName } from './people.ts';
import { BY_PASSWORD, offerPeopleTokens, PEOPLE_CLIENT } from './people-tokens.ts';
import { SIGN_IN, signIn } from './sign-in.ts';

export const AUDIENCE = 'urn:latchkey';

/** Crews that can get a token. `rogue-crew` is known here and to no `principals.yaml`. */
export const CLIENT_IDS = ['sales-crew', 'other-crew', 'rogue-crew'] as const;
export type ClientId = (typeof CLIENT_IDS)[number];
/** Where people sign in. */
export const CONSOLE_CLIENT = 'latchkey-console';

export type LocalIssuer = Awaited<ReturnType<typeof startIssuer>>;
type Secrets = ReturnType<typeof keptSecrets<ClientId | PersonName | typeof CONSOLE_CLIENT>>;

const TOKEN_SECONDS = 600;
const SHORT_LIVED = ['ClientCredentials', 'AccessToken', 'IdToken', 'Interaction', 'Grant', 'Session'];

/**
 * A real OpenID provider over https on loopback. Client credentials give an RFC 9068 access token; people sign in by
 * authorization code with PKCE, for an ID token, or by their password for an access token. All are signed with ES256.
 */
export const startIssuer = async (options: {
  readonly directory: string;
  readonly certificate: LocalCertificate;
  readonly port?: number | undefined;
  readonly consoleUrl?: string;
}) => {
  const { directory, certificate, consoleUrl = 'https://localhost' } = options;
  const key = keptKey(directory);
  const secrets = keptSecrets(directory, [...CLIENT_IDS, CONSOLE_CLIENT, ...PEOPLE]);
  const server = createServer({ key: certificate.keyPem, cert: certificate.certPem });
  const issuer = `https://localhost:${await listenOnLoopback(server, options.port)}`;
  const [jwksUri, tokenUrl] = [`${issuer}/jwks`, `${issuer}/token`];
  const settings = configuration(key, secrets, `${consoleUrl}/console/callback`);
  const provider = withoutWarnings(() => new Provider(issuer, settings));
  offerPeopleTokens(provider, { passwords: secrets, audience: AUDIENCE });
  const serve = withoutWarnings(() => provider.callback());
  server.on('request', (request, response) => {
    if (!request.url?.startsWith(SIGN_IN)) return void serve(request, response);
    signIn({ provider, passwords: secrets }, request, response).catch(() => response.writeHead(400).end());
  });
  return {
    issuer,
    jwksUri,
    tokenUrl,
    /** What the console is told, in the words of settings. */
    oidc: {
      issuer,
      jwksUri,
      tokenEndpoint: tokenUrl,
      authorizationEndpoint: `${issuer}/auth`,
      clientId: CONSOLE_CLIENT,
    },
    /** For `curl --user`: they open nothing but this machine's own provider. */
    secretOf: (client: ClientId | typeof CONSOLE_CLIENT) => secrets[client],
    passwordOf: (person: PersonName) => secrets[person],
    stop: () => closeServer(server),
  };
};

type Configuration = NonNullable<ConstructorParameters<typeof Provider>[1]>;

const configuration = (key: object, secrets: Secrets, redirectUri: string): Configuration => ({
  jwks: { keys: [key] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  clients: [
    ...CLIENT_IDS.map((client_id) => ({
      client_id,
      client_secret: secrets[client_id],
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    {
      client_id: PEOPLE_CLIENT,
      token_endpoint_auth_method: 'none',
      grant_types: [BY_PASSWORD],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: CONSOLE_CLIENT,
      client_secret: secrets[CONSOLE_CLIENT],
      redirect_uris: [redirectUri],
      require_auth_time: true,
    },
  ],
  ttl: Object.fromEntries(SHORT_LIVED.map((kind) => [kind, TOKEN_SECONDS])),
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  pkce: { required: () => true },
  interactions: { url: (_ctx, { uid }) => `${SIGN_IN}${uid}` },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  /** Nobody is asked for consent to the only thing that can be asked for: who they are. */
  async loadExistingGrant({ oidc }) {
    const { client, session, provider } = oidc;
    const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // The token of a sign-in opens nothing.
      defaultResource: (_ctx, client) => (client.clientId === CONSOLE_CLIENT ? [] : AUDIENCE),
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: '',
        audience: AUDIENCE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: TOKEN_SECONDS,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});

/** The provider warns on standard output of what does not matter on one machine: its store is memory, its clock ours. */
const withoutWarnings = <T>(act: () => T): T => {
  const { warn, info } = console;
  console.warn = () => undefined;
  console.info = () => undefined;
  try {
    return act();
  } finally {
    Object.assign(console, { warn, info });
  }
};

/** A restart keeps the signing key, so that tokens go on working. */
const keptKey = (directory: string): object => {
  const file = join(directory, 'issuer.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).key;
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const key = { ...jwk, alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') };
  writeFileSync(file, JSON.stringify({ key }), { mode: 0o600 });
  return key;
};
