import { PEOPLE } from './people.ts';

/** The provider's own page. It shows names that are known here anyway and nothing that was sent. */
export const signInPage = (isSecondTry: boolean): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
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
