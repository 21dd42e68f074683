// Signing on with an OpenID provider, where one is configured.
import type { SignedTokens } from '../auth/authenticators.ts';
import type { SignOnParts, SignOnSettings } from './sign-on.ts';

/** Null where none is. */
export async function openSignOn(
  { oidcIssuer, ...config }: SignOnSettings,
  parts: SignOnParts,
): Promise<SignedTokens | null> {
  if (oidcIssuer === undefined) return null;
  // Only now: its libraries take time to load, and memory.
  const { signOnWith } = await import('./sign-on.ts');
  return signOnWith({ ...config, oidcIssuer }, parts);
}
