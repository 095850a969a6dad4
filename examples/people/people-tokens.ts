import type Provider from 'oidc-provider';
import { PEOPLE, type PersonName } from './people.ts';

/** For people at a command line. It needs no secret: their passwords are what opens. */
export const PEOPLE_CLIENT = 'latchkey-people';
export const BY_PASSWORD = 'password';

interface PeopleTokens {
  readonly passwords: Readonly<Record<PersonName, string>>;
  readonly audience: string;
}

/**
 * Lets a person of this machine have an access token by name and password (RFC 6749, 4.3), which no provider should offer:
 * it stands where your provider opens a browser, or shows a code to type in.
 */
export const offerPeopleTokens = (provider: Provider, { passwords, audience }: PeopleTokens): void => {
  provider.registerGrantType(
    BY_PASSWORD,
    async (context) => {
      const { oidc } = context;
      const { username, password } = oidc.params ?? {};
      const accountId = PEOPLE.find((name) => name === username);
      if (!accountId || !oidc.client || password !== passwords[accountId])
        return void Object.assign(context, { status: 400, body: { error: 'invalid_grant' } });
      const grant = new oidc.provider.Grant({ clientId: PEOPLE_CLIENT, accountId });
      const token = new oidc.provider.AccessToken({
        accountId,
        client: oidc.client,
        grantId: await grant.save(),
        gty: BY_PASSWORD,
        scope: '',
      });
      const server = {
        scope: '',
        audience,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      } as const;
      token.resourceServer = new oidc.provider.ResourceServer(audience, server);
      const access_token = await token.save();
      context.body = { access_token, token_type: 'Bearer', expires_in: token.expiration };
    },
    ['username', 'password'],
  );
};
