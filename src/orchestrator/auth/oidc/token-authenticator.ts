// Who shows a token of the OpenID provider.
import type { Principal } from '../authenticator.ts';
import { type ClaimRules, readClaims } from './claim-rules.ts';
import type { TokenVerifier } from './token-verifier.ts';

export type TokenAuthenticatorOptions = {
  readonly verifier: TokenVerifier;
  readonly rules: ClaimRules;
  readonly isTenant: (tenantId: string) => boolean;
};

export type TokenUser = Pick<Principal, 'tenant' | 'role'> & {
  /** As the provider names him. */
  readonly subject: string;
  /** Of the token, milliseconds since 1970. */
  readonly expiresAt: number;
};

export class TokenAuthenticator {
  readonly #options: TokenAuthenticatorOptions;

  constructor(options: TokenAuthenticatorOptions) {
    this.#options = options;
  }

  async authenticate(token: string, audience: string): Promise<Principal> {
    const { subject, tenant, role, expiresAt } = await this.userOf(token, audience);
    const login = { tenant, expiresAt, loginId: null };
    return { tenant, role, keyId: `oidc:${subject}`, login };
  }

  /** Throws `unauthenticated` and `forbidden` with reasons, and `provider_unavailable`. */
  async userOf(token: string, audience: string): Promise<TokenUser> {
    const { verifier, rules, isTenant } = this.#options;
    const { subject, claims, expiresAt } = await verifier.verify(token, audience);
    return { subject, expiresAt, ...readClaims(claims, rules, isTenant) };
  }
}
