// Who shows what: API keys always; with an OpenID provider its tokens and log-ins too.
import { Authenticators } from '../auth/authenticators.ts';
import type { KeyRing } from '../auth/key-ring.ts';
import type { BrowserLogins } from './browser-logins.ts';
import type { SignOnParts, SignOnSettings } from './sign-on.ts';

export type SignOn = AsyncDisposable & {
  readonly authenticator: Authenticators;
  /** Null: nobody can log in with a browser. */
  readonly logins: BrowserLogins | null;
};

/** Throws StartError. */
export async function openSignOn(
  { oidcIssuer, ...config }: SignOnSettings,
  { ring, ...parts }: SignOnParts & { readonly ring: KeyRing },
): Promise<SignOn> {
  if (oidcIssuer === undefined) {
    const authenticator = new Authenticators(ring, null);
    return { authenticator, logins: null, [Symbol.asyncDispose]: async () => {} };
  }
  // Only now: its libraries take time to load, and memory.
  const { signOnWith } = await import('./sign-on.ts');
  const { tokens, logins, close } = await signOnWith({ ...config, oidcIssuer }, parts);
  const authenticator = new Authenticators(ring, tokens);
  return { authenticator, logins, [Symbol.asyncDispose]: close };
}
