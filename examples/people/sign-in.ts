import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type Provider from 'oidc-provider';
import { PEOPLE, type PersonName } from './people.ts';

/** Where the provider sends whoever has to sign in. */
export const SIGN_IN = '/sign-in/';

interface SignIn {
  readonly provider: Provider;
  readonly passwords: Readonly<Record<PersonName, string>>;
}

/** Asks for a name and a password. Rejects where no sign-in of this browser is going on. */
export const signIn = async (
  { provider, passwords }: SignIn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  await provider.interactionDetails(request, response);
  const isAnswer = request.method === 'POST';
  const form = new URLSearchParams(isAnswer ? await text(request) : '');
  const person = PEOPLE.find((name) => name === form.get('login'));
  if (person && form.get('password') === passwords[person])
    return provider.interactionFinished(request, response, { login: { accountId: person } });
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "frame-ancestors 'none'",
  };
  response.writeHead(isAnswer ? 403 : 200, headers).end(page(isAnswer));
};

/** Shows names that are known here anyway, and nothing that was sent. */
const page = (isSecondTry: boolean): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif } main { max-width: 30rem; margin: 2rem auto; padding: 0 1rem }
select, input, button { display: block; width: 100%; box-sizing: border-box; min-height: 2.75rem; font: inherit }</style>
<title>Sign in (local provider)</title>
<main>
<h1>Sign in</h1>
<p>A stand-in for your identity provider, on this machine only.</p>
${isSecondTry ? '<p role="alert">That is not the password.</p>' : ''}
<form method="post">
<p><label>Name <select name="login">${PEOPLE.map((name) => `<option>${name}</option>`).join('')}</select></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button></p>
</form>
</main>
</html>
`;
