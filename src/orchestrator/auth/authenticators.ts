// All ways in which a header can say who asks: an API key, or a token of the OpenID provider where one is configured.
import type { Authenticator, Principal } from './authenticator.ts';
import { type KeyRing, presentedKey } from './key-ring.ts';
import type { LoginWatches } from './login-watches.ts';

export type SignedTokens = {
  /** Null: those in headers are not accepted. */
  readonly authenticate: ((token: string) => Promise<Principal>) | null;
  readonly watches: LoginWatches;
};

/** Three parts in base64url, the first of which begins as an object of JSON does. */
const signedToken = /^ey[\w-]*\.[\w-]*\.[\w-]*$/;

export class Authenticators implements Authenticator {
  readonly #ring: KeyRing;
  readonly #tokens: SignedTokens | null;

  constructor(ring: KeyRing, tokens: SignedTokens | null) {
    this.#ring = ring;
    this.#tokens = tokens;
  }

  authenticate(authorization: string | undefined): Principal | null | Promise<Principal> {
    const principal = this.#ring.authenticate(authorization);
    if (principal !== null) return principal;
    const presented = presentedKey(authorization) ?? '';
    return signedToken.test(presented) ? (this.#tokens?.authenticate?.(presented) ?? null) : null;
  }

  watch(principal: Principal, ended: () => void): () => void {
    if (principal.login === undefined) return this.#ring.watch(principal, ended);
    return this.#tokens?.watches.watch(principal.login, ended) ?? (() => {});
  }

  /** Its keys, tokens and log-ins open nothing any more; whoever watches one is told. */
  removeTenant(tenant: string): void {
    this.#ring.removeTenant(tenant);
    this.#tokens?.watches.end((login) => login.tenant === tenant);
  }
}
