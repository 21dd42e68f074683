// The port that settles who asks. Whoever implements it answers from the Authorization header alone.

/** Each may do what those before it may. */
export const roles = ['viewer', 'developer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export type Principal = {
  readonly tenant: string;
  readonly role: Role;
  /** Which key it was, for the log. */
  readonly keyId: string;
};

export interface Authenticator {
  /** Null when the header is missing or proves nothing; never says which. */
  authenticate(authorization: string | undefined): Principal | null;
}
