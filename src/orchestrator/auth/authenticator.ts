// The port that settles who asks. Whoever implements it answers from the Authorization header alone, and knows when what it
// said is no longer true.
import type { Role } from '../foundation/roles.ts';

export type Principal = {
  /** The tenant that the caller acts in. */
  readonly tenant: string;
  readonly role: Role;
  /** Which key it was, for the log. */
  readonly keyId: string;
};

export interface Authenticator {
  /** Null when the header is missing or proves nothing; never says which. */
  authenticate(authorization: string | undefined): Principal | null;
  /** Calls `ended` once when the key is revoked or expires, at once where that has happened. The result ends the watch. */
  watch(principal: Principal, ended: () => void): () => void;
}
