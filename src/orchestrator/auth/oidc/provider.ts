// What the OpenID provider says of itself, and the keys that it signs with: asked for when somebody needs them, kept, and asked for
// again when they are old or a token names a key that is not among them. SECURITY: never more often than a cool-down allows, whatever
// tokens come.
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import type { Clock } from '../../foundation/clock.ts';
import { AppError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { ProviderFetch } from './provider-fetch.ts';

export type ProviderOptions = {
  /** As tokens name it. */
  readonly issuer: string;
  readonly fetch: ProviderFetch;
  /** From one look to the next one. */
  readonly cooldownMs: number;
  readonly clock: Clock;
  readonly log: Log;
};

/** What is needed of a provider's own description, OpenID Connect Discovery; the rest stays in it. */
const Description = Type.Object({
  issuer: Type.String({ maxLength: 2048 }),
  jwks_uri: Type.String({ maxLength: 2048 }),
  authorization_endpoint: Type.Optional(Type.String({ maxLength: 2048 })),
  token_endpoint: Type.Optional(Type.String({ maxLength: 2048 })),
  token_endpoint_auth_methods_supported: Type.Optional(Type.Array(Type.String())),
});
export type ProviderDescription = Static<typeof Description>;

type Known = {
  readonly description: ProviderDescription;
  readonly keyFor: JWTVerifyGetKey;
  /** On the monotonic clock. */
  readonly at: number;
};

/** Older than that it is asked for again. */
const freshMsMax = 10 * 60_000;
/** And used no longer than that while the provider does not answer: a key that it has withdrawn must not work on and on. */
const staleMsMax = 60 * 60_000;
/** After a look that failed. */
const retryMs = 5_000;

export class Provider {
  readonly #options: ProviderOptions;
  #known: Known | null = null;
  #looking: Promise<void> | null = null;
  #nextLookAt = Number.NEGATIVE_INFINITY;
  #failure: unknown = null;

  constructor(options: ProviderOptions) {
    this.#options = options;
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  /** Throws `provider_unavailable`. */
  async description(): Promise<ProviderDescription> {
    return (await this.#current()).description;
  }

  /** The key that a token names. Throws `provider_unavailable` for one that may be new, and what `jose` throws. */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    const known = await this.#current();
    try {
      return await known.keyFor(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#look();
      if (this.#failure !== null) throw this.#away();
      return await (await this.#current()).keyFor(header, token);
    }
  };

  async #current(): Promise<Known> {
    if (this.#known === null || this.#age(this.#known) > freshMsMax) await this.#look();
    if (this.#known !== null && this.#age(this.#known) <= staleMsMax) return this.#known;
    throw this.#away();
  }

  #age({ at }: Known): number {
    return this.#options.clock.monotonic() - at;
  }

  #away(): AppError {
    const leftMs = this.#nextLookAt - this.#options.clock.monotonic();
    return new AppError('provider_unavailable', {
      retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
      cause: this.#failure,
    });
  }

  /** Together with whoever waits for one already; does nothing so soon after the last one. */
  async #look(): Promise<void> {
    if (this.#looking === null && this.#options.clock.monotonic() >= this.#nextLookAt)
      this.#looking = this.#ask().finally(() => {
        this.#looking = null;
      });
    await this.#looking;
  }

  async #ask(): Promise<void> {
    const { issuer, cooldownMs, clock, log } = this.#options;
    try {
      const description = await this.#describe();
      const keys = (await this.#json(description.jwks_uri)) as JSONWebKeySet;
      this.#known = { description, keyFor: createLocalJWKSet(keys), at: clock.monotonic() };
      this.#failure = null;
    } catch (error) {
      log.warn({ err: error, issuer }, 'the OpenID provider does not answer as it should');
      this.#failure = error;
    }
    const waitMs = this.#failure === null ? cooldownMs : Math.min(retryMs, cooldownMs);
    this.#nextLookAt = clock.monotonic() + waitMs;
  }

  async #describe(): Promise<ProviderDescription> {
    const { issuer } = this.#options;
    const found = await this.#json(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (!Value.Check(Description, found)) throw new Error('its description is malformed');
    // SECURITY: else whoever can answer under one address could speak for another provider.
    if (found.issuer !== issuer) throw new Error('its description names another issuer');
    for (const address of [found.jwks_uri, found.authorization_endpoint, found.token_endpoint])
      if (address !== undefined) assertAsSafe(address, issuer);
    return found;
  }

  async #json(url: string): Promise<unknown> {
    const response = await this.#options.fetch(url, { headers: { accept: 'application/json' } });
    if (response.status !== 200) throw new Error(`${url} answered with ${response.status}`);
    return await response.json();
  }
}

/** SECURITY: who is asked over TLS does not send us elsewhere without it. */
function assertAsSafe(address: string, issuer: string): void {
  const protocol = URL.parse(address)?.protocol;
  if (protocol !== 'https:' && protocol !== URL.parse(issuer)?.protocol)
    throw new Error('its description names an address without TLS');
}
