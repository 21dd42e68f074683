// Who shows a token of the OpenID provider.
import type { Principal } from '../authenticator.ts';
import { type ClaimRules, readClaims } from './claim-rules.ts';
import type { TokenVerifier } from './token-verifier.ts';

export type TokenAuthenticatorOptions = {
  readonly verifier: TokenVerifier;
  readonly rules: ClaimRules;
  readonly isTenant: (tenantId: string) => boolean;
};

export class TokenAuthenticator {
  readonly #options: TokenAuthenticatorOptions;

  constructor(options: TokenAuthenticatorOptions) {
    this.#options = options;
  }

  /** Throws `unauthenticated` and `forbidden` with reasons, and `provider_unavailable`. */
  async authenticate(
    token: string,
    audience: string,
  ): Promise<Principal & Required<Pick<Principal, 'login'>>> {
    const { verifier, rules, isTenant } = this.#options;
    const { subject, claims, expiresAt } = await verifier.verify(token, audience);
    const { tenant, role } = readClaims(claims, rules, isTenant);
    return {
      tenant,
      role,
      keyId: `oidc:${subject}`,
      login: { tenant, expiresAt, loginId: null },
    };
  }
}
