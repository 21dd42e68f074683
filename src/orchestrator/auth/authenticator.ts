// The port that settles who asks. Whoever implements it answers from the Authorization header alone, and knows when what it
// said is no longer true.
import type { Role } from '../foundation/roles.ts';

export type Principal = {
  /** The tenant that the caller acts in. */
  readonly tenant: string;
  readonly role: Role;
  /** Which key it was, for the log; or whose token or log-in: `oidc:` and the subject. */
  readonly keyId: string;
  /** Of whoever shows no key. */
  readonly login?: Login;
};

/** What a token of the OpenID provider, or a log-in with a browser, has said. */
export type Login = {
  /** The caller's own one, whichever he acts in. */
  readonly tenant: string;
  /** From then on it opens nothing, milliseconds since 1970. */
  readonly expiresAt: number;
  /** Of a log-in with a browser; null for a token. */
  readonly loginId: string | null;
};

export interface Authenticator {
  /**
   * Null when the header is missing, or shows a key that proves nothing; never says which. Throws `unauthenticated` with a reason for a
   * token that is refused, `forbidden` for one of somebody who has no tenant or role here, and `provider_unavailable`.
   */
  authenticate(authorization: string | undefined): Principal | null | Promise<Principal | null>;
  /** Calls `ended` once when the key is revoked or expires, at once where that has happened. The result ends the watch. */
  watch(principal: Principal, ended: () => void): () => void;
}
