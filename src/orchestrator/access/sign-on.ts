// Signing on with an OpenID provider, put together from the configuration. Loaded where one is configured and nowhere else.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SignedTokens } from '../auth/authenticators.ts';
import type { FactStore } from '../auth/bootstrap-key.ts';
import { LoginWatches } from '../auth/login-watches.ts';
import type { ClaimRules } from '../auth/oidc/claim-rules.ts';
import { CodeFlow } from '../auth/oidc/code-flow.ts';
import { Provider } from '../auth/oidc/provider.ts';
import { providerFetch } from '../auth/oidc/provider-fetch.ts';
import { Seal } from '../auth/oidc/sealed-record.ts';
import { TokenAuthenticator } from '../auth/oidc/token-authenticator.ts';
import { TokenVerifier } from '../auth/oidc/token-verifier.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Role } from '../foundation/roles.ts';
import { StartError } from '../foundation/start-error.ts';
import type { LoginRegistry } from '../registry/login-registry.ts';
import { BrowserLogins, type LoginUnderWay, underWayMsMax } from './browser-logins.ts';
import { Logins } from './logins.ts';
import type { TenantDirectory } from './tenants.ts';

export type SignOnParts = {
  readonly registry: { readonly logins: LoginRegistry };
  readonly facts: FactStore;
  readonly durable: () => Promise<void>;
  readonly tenants: Pick<TenantDirectory, 'has'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Of the configuration. */
export type SignOnSettings = Pick<
  Config,
  Extract<keyof Config, `oidc${string}` | `login${string}`> | 'publicUrl'
>;

/** Of what was settled with the log-ins that are stored. */
const termsFact = 'loginTerms';

/** The provider is not asked before somebody comes with what needs it: one that is away holds up no start. Throws StartError. */
export async function signOnWith(
  config: SignOnSettings & Required<Pick<SignOnSettings, 'oidcIssuer'>>,
  parts: SignOnParts,
): Promise<{
  readonly tokens: SignedTokens;
  readonly logins: BrowserLogins | null;
  readonly close: () => Promise<void>;
}> {
  const { tenants, clock, log } = parts;
  const { oidcIssuer: issuer, oidcAudience: audience, oidcClientId: clientId } = config;
  const fetch = providerFetch(config.oidcRequestMsMax);
  const provider = new Provider({ issuer, fetch, cooldownMs: config.oidcCooldownMs, clock, log });
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
  const watches = new LoginWatches(
    clock,
    ({ tenant, loginId }) => isTenant(tenant) && (loginId === null || logins.stands(loginId)),
  );
  const logins = new Logins({
    registry: parts.registry.logins,
    durable: parts.durable,
    watches,
    isTenant,
    lifeMsMax: config.loginMsMax,
    idleMsMax: config.loginIdleMsMax,
    perUserMax: config.loginsPerUserMax,
    clock,
    log,
  });
  await logins.open(await areSettled(config, parts.facts));
  const tokens: SignedTokens = {
    authenticate:
      audience === undefined ? null : (token) => authenticator.authenticate(token, audience),
    watches,
  };
  const close = () => logins[Symbol.asyncDispose]();
  const { publicUrl: url } = config;
  if (clientId === undefined || url === undefined) return { tokens, logins: null, close };
  const publicUrl = new URL(url).origin;
  const flow = new CodeFlow({
    provider,
    fetch,
    clientId,
    clientSecret: await secretOf(config),
    scopes: config.oidcScopes,
    callbackUrl: `${publicUrl}/auth/callback`,
  });
  const seal = new Seal<LoginUnderWay>(clock, underWayMsMax);
  return {
    tokens,
    logins: new BrowserLogins({ publicUrl, flow, seal, authenticator, clientId, logins }),
    close,
  };
}

/** Whether log-ins that are stored were made under these terms: with others their tenants and roles may be wrong now. */
async function areSettled(config: SignOnSettings, facts: FactStore): Promise<boolean> {
  const { oidcIssuer, oidcClientId } = config;
  const rules = Object.entries(config).filter(([name]) => /^oidc(Tenant|Role)/.test(name));
  const terms = createHash('sha256')
    .update(JSON.stringify([oidcIssuer, oidcClientId, rules.toSorted()]))
    .digest('hex');
  if ((await facts.readFact(termsFact)) === terms) return true;
  await facts.writeFact(termsFact, terms);
  return false;
}

async function secretOf(config: SignOnSettings): Promise<string | null> {
  const { oidcClientSecret, oidcClientSecretFile: path } = config;
  if (path === undefined) return oidcClientSecret ?? null;
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new StartError(`CELLAR_OIDC_CLIENT_SECRET_FILE cannot be read: ${cause.code}`);
  });
  const secret = text.trim();
  if (secret === '') throw new StartError('CELLAR_OIDC_CLIENT_SECRET_FILE is empty');
  return secret;
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
