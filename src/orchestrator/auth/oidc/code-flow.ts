// The way of a browser through the provider and back: authorization code with PKCE, state and nonce (OAuth 2.1, OpenID Connect Core).
import * as client from 'openid-client';
import { AppError } from '../../foundation/errors.ts';
import type { Provider, ProviderDescription } from './provider.ts';
import type { ProviderFetch } from './provider-fetch.ts';

export type CodeFlowOptions = {
  readonly provider: Pick<Provider, 'description'>;
  readonly fetch: ProviderFetch;
  readonly clientId: string;
  /** Null: the provider knows the client without one. */
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  /** Where the provider sends browsers back to. */
  readonly callbackUrl: string;
};

/** What is known of a log-in that is under way; nobody but the browser that began it may bring it back. */
export type BegunLogin = {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
};

export class CodeFlow {
  readonly #options: CodeFlowOptions;

  constructor(options: CodeFlowOptions) {
    this.#options = options;
  }

  /** `location` is where the browser goes. Throws `provider_unavailable`. */
  async begin(): Promise<{ readonly location: string; readonly begun: BegunLogin }> {
    const { scopes, callbackUrl } = this.#options;
    const begun = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const location = client.buildAuthorizationUrl(await this.#configuration(), {
      response_type: 'code',
      redirect_uri: callbackUrl,
      scope: scopes.join(' '),
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    });
    return { location: location.href, begun };
  }

  /**
   * The ID token for what the provider has sent the browser back with. Its signature is not settled here. Throws `login_failed` and
   * `provider_unavailable`.
   */
  async finish(query: string, { state, nonce, verifier }: BegunLogin): Promise<string> {
    const configuration = await this.#configuration();
    const address = new URL(this.#options.callbackUrl);
    address.search = query;
    try {
      const tokens = await client.authorizationCodeGrant(configuration, address, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      if (tokens.id_token === undefined) throw new Error('no ID token came');
      return tokens.id_token;
    } catch (error) {
      throw failureOf(error);
    }
  }

  async #configuration(): Promise<client.Configuration> {
    const { provider, fetch, clientId, clientSecret } = this.#options;
    const description = await provider.description();
    const configuration = new client.Configuration(
      description as client.ServerMetadata,
      clientId,
      {},
      clientSecret === null ? client.None() : authentication(description, clientSecret),
    );
    configuration[client.customFetch] = (url, { body, ...options }) =>
      fetch(url, { ...options, ...(body === undefined ? {} : { body }) });
    // Only a provider on this machine may be without TLS: the configuration sees to that.
    if (description.issuer.startsWith('http:')) client.allowInsecureRequests(configuration);
    return configuration;
  }
}

/** By the head of the request where the provider takes that, as all do that say nothing. */
function authentication(
  { token_endpoint_auth_methods_supported: methods }: ProviderDescription,
  secret: string,
): client.ClientAuth {
  const isBasic = methods === undefined || methods.includes('client_secret_basic');
  return isBasic ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}

/** The provider, or a link that somebody made, says what does not fit to the beginning. All else is no answer at all. */
const foreignAnswers = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
]);

function failureOf(cause: unknown): AppError {
  if (cause instanceof client.AuthorizationResponseError)
    return refusal('login_refused', `The provider refused the log-in${named(cause.error)}.`, cause);
  if (cause instanceof client.ResponseBodyError && cause.status < 500)
    return refusal('login_code', `The provider refused the code${named(cause.error)}.`, cause);
  if (cause instanceof client.ClientError && foreignAnswers.has(cause.code ?? ''))
    return refusal(
      'login_answer',
      'What came from the provider does not belong to this log-in.',
      cause,
    );
  return new AppError('provider_unavailable', { retryAfterSeconds: 5, cause });
}

/** SECURITY: what a link may have put there is repeated only where it is a code. */
function named(code: string): string {
  return /^[a-z_]{1,64}$/.test(code) ? `: ${code}` : '';
}

function refusal(reason: string, detail: string, cause: unknown): AppError {
  return new AppError('login_failed', { reason, detail, cause });
}
