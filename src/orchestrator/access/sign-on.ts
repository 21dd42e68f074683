// Signing on with an OpenID provider, put together from the configuration. Loaded where one is configured and nowhere else.
import type { SignedTokens } from '../auth/authenticators.ts';
import { LoginWatches } from '../auth/login-watches.ts';
import type { ClaimRules } from '../auth/oidc/claim-rules.ts';
import { Provider } from '../auth/oidc/provider.ts';
import { providerFetch } from '../auth/oidc/provider-fetch.ts';
import { TokenAuthenticator } from '../auth/oidc/token-authenticator.ts';
import { TokenVerifier } from '../auth/oidc/token-verifier.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Role } from '../foundation/roles.ts';
import type { TenantDirectory } from './tenants.ts';

export type SignOnParts = {
  readonly tenants: Pick<TenantDirectory, 'has'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Of the configuration. */
export type SignOnSettings = Pick<Config, Extract<keyof Config, `oidc${string}`>>;

/** The provider is not asked before somebody comes with what needs it: one that is away holds up no start. */
export function signOnWith(
  config: SignOnSettings & Required<Pick<SignOnSettings, 'oidcIssuer'>>,
  { tenants, clock, log }: SignOnParts,
): SignedTokens {
  const { oidcIssuer: issuer, oidcAudience: audience } = config;
  const provider = new Provider({
    issuer,
    fetch: providerFetch(config.oidcRequestMsMax),
    cooldownMs: config.oidcCooldownMs,
    clock,
    log,
  });
  const isTenant = (tenantId: string) => tenants.has(tenantId);
  const authenticator = new TokenAuthenticator({
    verifier: new TokenVerifier({
      provider,
      algorithms: config.oidcAlgorithms,
      clockToleranceMs: config.oidcClockToleranceMs,
      clock,
    }),
    rules: rulesOf(config),
    isTenant,
  });
  return {
    authenticate:
      audience === undefined ? null : (token) => authenticator.authenticate(token, audience),
    watches: new LoginWatches(clock, ({ tenant }) => isTenant(tenant)),
  };
}

function rulesOf(config: SignOnSettings): ClaimRules {
  return {
    tenantClaim: config.oidcTenantClaim,
    tenants: mapOf(config.oidcTenants),
    tenantDefault: config.oidcTenantDefault ?? null,
    roleClaim: config.oidcRoleClaim,
    // The pattern of the setting has settled that they are roles.
    roles: mapOf(config.oidcRoles) as ReadonlyMap<string, Role>,
    roleDefault: config.oidcRoleDefault ?? null,
  };
}

/** Of `value=meaning` each. */
function mapOf(entries: readonly string[]): ReadonlyMap<string, string> {
  return new Map(entries.map((entry) => entry.split('=') as [string, string]));
}
