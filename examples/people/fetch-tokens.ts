import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ClientId, LocalIssuer } from './oidc-provider.ts';
import type { PersonName } from './people.ts';
import { BY_PASSWORD, PEOPLE_CLIENT } from './people-tokens.ts';

type At = Pick<LocalIssuer, 'tokenUrl' | 'secretOf' | 'passwordOf'>;

/** Access tokens of the local provider, as those would get them whom they are for. `ca`: PEM, trusted and nothing else. */
export const tokensAt = (issuer: At, ca: string) => ({
  /** By client credentials. */
  getToken: (client: ClientId) =>
    fetchToken(issuer.tokenUrl, {
      ca,
      auth: `${client}:${issuer.secretOf(client)}`,
      fields: { grant_type: 'client_credentials' },
    }),
  /** At a command line. */
  getPersonToken: (person: PersonName) =>
    fetchToken(issuer.tokenUrl, {
      ca,
      fields: {
        grant_type: BY_PASSWORD,
        client_id: PEOPLE_CLIENT,
        username: person,
        password: issuer.passwordOf(person),
      },
    }),
});

const fetchToken = async (
  url: string,
  {
    fields,
    ...sent
  }: { readonly ca: string; readonly auth?: string; readonly fields: Record<string, string> },
): Promise<string> => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const asked = request(url, { method: 'POST', headers, ...sent });
  const [answer] = await once(asked.end(String(new URLSearchParams(fields))), 'response');
  return JSON.parse(await text(answer)).access_token;
};
