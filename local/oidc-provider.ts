import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { z } from 'zod';
import type { LocalCertificate } from './certificates.ts';
import { closeServer, listenOnLoopback } from './loopback.ts';

export const AUDIENCE = 'urn:latchkey';

/** Crews that can get a token. `rogue-crew` is known here and to no `principals.yaml`. */
export const CLIENT_IDS = ['sales-crew', 'other-crew', 'rogue-crew'] as const;
export type ClientId = (typeof CLIENT_IDS)[number];

export interface LocalIssuer {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly tokenUrl: string;
  /** For `curl --user`: they open nothing but this machine's own provider. */
  secretOf(client: ClientId): string;
  stop(): Promise<void>;
}

const TOKEN_SECONDS = 600;

/** A real OpenID provider over https on loopback: client credentials give an RFC 9068 access token, signed with ES256. */
export const startIssuer = async (options: {
  readonly directory: string;
  readonly certificate: LocalCertificate;
  readonly port?: number;
}): Promise<LocalIssuer> => {
  const { key, secrets } = await keptKeys(options.directory);
  const server = createServer({ key: options.certificate.keyPem, cert: options.certificate.certPem });
  const issuer = `https://localhost:${await listenOnLoopback(server, options.port)}`;
  server.on('request', withoutWarnings(() => new Provider(issuer, configuration(key, secrets))).callback());
  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    tokenUrl: `${issuer}/token`,
    secretOf: (client) => secrets[client] ?? '',
    stop: () => closeServer(server),
  };
};

type Configuration = NonNullable<ConstructorParameters<typeof Provider>[1]>;

const configuration = (key: object, secrets: Readonly<Record<string, string>>): Configuration => ({
  jwks: { keys: [key] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  clients: CLIENT_IDS.map((client_id) => ({
    client_id,
    client_secret: secrets[client_id] ?? '',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
  ttl: { ClientCredentials: TOKEN_SECONDS },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => AUDIENCE,
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

const Kept = z.object({ key: z.looseObject({ kid: z.string() }), secrets: z.record(z.string(), z.string()) });

/** A restart keeps the signing key and the clients' secrets, so that tokens and scripts go on working. */
const keptKeys = async (directory: string): Promise<z.output<typeof Kept>> => {
  const file = join(directory, 'issuer.json');
  if (existsSync(file)) return Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kept = {
    key: { ...jwk, alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') },
    secrets: Object.fromEntries(CLIENT_IDS.map((id) => [id, randomBytes(18).toString('base64url')])),
  };
  writeFileSync(file, JSON.stringify(kept), { mode: 0o600 });
  return kept;
};
