// How often somebody may ask: requests of each key, executions of each tenant, and what proves nothing from each address. Windows of
// a minute, counted in memory: a restart begins anew.
import rateLimit, { type CreateRateLimitOptions } from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../foundation/errors.ts';
import type { AuthFailure } from '../foundation/observe.ts';
import type { TenantLimits } from '../registry/access-records.ts';
import type { ApiServer } from './api-server.ts';
import type { ApiParts } from './options.ts';
import { callerOf, principalOf } from './principal.ts';

const windowMs = 60_000;
/** Keys, tenants and addresses that are remembered of each kind; past it the one that has not asked for longest is forgotten. */
const countedMax = 10_000;

type Counted = Awaited<ReturnType<ReturnType<ApiServer['createRateLimit']>>>;
type Counter = (request: FastifyRequest) => Promise<Counted>;
type RatesParts = Pick<ApiParts, 'authenticator' | 'logins' | 'tenants' | 'settings' | 'observe'>;

export class Rates {
  readonly #parts: RatesParts;
  readonly #requests: Counter;
  readonly #executions: Counter;
  readonly #failures: Counter;

  private constructor(server: ApiServer, parts: RatesParts) {
    const { bounds } = parts.settings;
    const counter = (options: CreateRateLimitOptions) =>
      oneByOne(server.createRateLimit({ timeWindow: windowMs, ...options }) as Counter);
    this.#parts = parts;
    this.#requests = counter({
      keyGenerator: (request) => `${callerOf(request).tenant} ${callerOf(request).keyId}`,
      ...this.#bounded('requestsPerMinute', bounds.requestsPerMinuteMax),
    });
    // Of the tenant whatever its keys: a limit that grows with each new key would be none.
    this.#executions = counter({
      keyGenerator: (request) => callerOf(request).tenant,
      ...this.#bounded('executionsPerMinute', bounds.executionsPerMinuteMax),
    });
    // By address, or by the network that one client has of IPv6.
    this.#failures = counter({ max: bounds.failedLoginsPerMinuteMax });
  }

  static async install(server: ApiServer, parts: RatesParts): Promise<Rates> {
    await server.register(rateLimit, { global: false, cache: countedMax });
    return new Rates(server, parts);
  }

  /**
   * Settles who sends a request, and counts it. Throws what `principalOf` does, and `rate_limited`: instead of `unauthenticated` too,
   * when too much came from that address that proves nothing. A key that is right is let in however many were wrong: those who share an address
   * with somebody who guesses, behind a proxy for instance, are not shut out with him, and 256 bits are not found by guessing.
   */
  async admit(request: FastifyRequest, reply?: FastifyReply): Promise<void> {
    try {
      request.principal = await principalOf(this.#parts, request);
    } catch (error) {
      const kind = failureOf(error, request);
      if (kind !== null) await this.countFailure(request, kind);
      throw error;
    }
    await this.countRequest(request, reply);
  }

  /** Of somebody who showed what proves nothing. Throws `rate_limited`. */
  async countFailure(request: FastifyRequest, kind: AuthFailure): Promise<void> {
    this.#parts.observe?.({ type: 'authFailed', kind });
    this.#refuse('logins', await this.#failures(request));
  }

  /** Throws `rate_limited`. The caller is known. */
  async countRequest(request: FastifyRequest, reply?: FastifyReply): Promise<void> {
    const counted = await this.#requests(request);
    tell(reply, 'requests', counted);
    this.#refuse('requests', counted);
  }

  /** Throws `rate_limited`. The caller is known. */
  async countExecution(request: FastifyRequest, reply?: FastifyReply): Promise<void> {
    const counted = await this.#executions(request);
    tell(reply, 'executions', counted);
    this.#refuse('executions', counted);
  }

  #refuse(limit: keyof typeof limited, counted: Counted): void {
    if (counted.isAllowed || !counted.isExceeded) return;
    this.#parts.observe?.({ type: 'rateLimitHit', limit });
    throw new AppError('rate_limited', {
      detail: `Too many ${limited[limit]} within a minute: ${counted.max} are allowed.`,
      retryAfterSeconds: Math.max(1, counted.ttlInSeconds),
    });
  }

  /** The tenant's own limit, else that of the service; where there is neither, nothing is counted. */
  #bounded(name: 'requestsPerMinute' | 'executionsPerMinute', otherwise: number | undefined) {
    const { tenants } = this.#parts;
    const limitOf = (request: FastifyRequest): number | undefined => {
      const limits: TenantLimits = tenants.find(callerOf(request).tenant).limits;
      return limits[name] ?? otherwise;
    };
    return {
      allowList: (request: FastifyRequest) => limitOf(request) === undefined,
      max: (request: FastifyRequest) => limitOf(request) ?? 0,
    };
  }
}

/** What was shown in vain; null where nothing was, or it proved who asks. */
function failureOf(error: unknown, { headers }: FastifyRequest): AuthFailure | null {
  if (!(error instanceof AppError)) return null;
  if (error.reason === 'login_ended') return 'cookie';
  if (headers.authorization === undefined) return null;
  if (error.code === 'unauthenticated') return error.reason === undefined ? 'key' : 'token';
  // Of somebody whom the provider knows, and nobody here.
  return error.code === 'forbidden' && error.reason !== undefined ? 'claims' : null;
}

/** Two that are counted in the same turn would both read the sum of them: the library hands out the count that it goes on changing. */
function oneByOne(count: Counter): Counter {
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    const counted = last.then(() => count(request));
    last = counted.catch(() => {});
    return counted;
  };
}

/** The fields of draft-ietf-httpapi-ratelimit-headers, in its form of 2025: one member for each limit. */
function tell(reply: FastifyReply | undefined, name: string, counted: Counted): void {
  if (reply === undefined || counted.isAllowed) return;
  const { max, remaining, ttlInSeconds } = counted;
  append(reply, 'ratelimit-policy', `"${name}";q=${max};w=${windowMs / 1000}`);
  append(reply, 'ratelimit', `"${name}";r=${remaining};t=${ttlInSeconds}`);
}

function append(reply: FastifyReply, header: string, member: string): void {
  const given = reply.getHeader(header);
  reply.header(header, given === undefined ? member : `${given}, ${member}`);
}

const limited = {
  logins: 'wrong keys, tokens and tickets from this address',
  requests: 'requests with this key',
  executions: 'executions of this tenant',
} as const;
