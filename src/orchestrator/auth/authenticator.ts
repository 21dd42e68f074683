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
  /** False when the key has been revoked or has expired since it was shown. */
  isCurrent(principal: Principal): boolean;
  /** Calls `ended` once when that becomes false, at once where it is already. The result ends the watch. */
  watch(principal: Principal, ended: () => void): () => void;
}
