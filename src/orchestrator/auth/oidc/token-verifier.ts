// Is a token of our provider, for us, and valid now? Everything that RFC 8725 asks for is settled before anybody looks at a claim.
import { errors, type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose';
import type { Clock } from '../../foundation/clock.ts';
import { AppError } from '../../foundation/errors.ts';
import type { Provider } from './provider.ts';

export type TokenVerifierOptions = {
  readonly provider: Pick<Provider, 'issuer' | 'keyFor'>;
  /** Asymmetric ones: with a shared secret whoever can verify could also sign. */
  readonly algorithms: readonly string[];
  readonly clockToleranceMs: number;
  readonly clock: Clock;
};

export type VerifiedToken = {
  readonly subject: string;
  readonly claims: JWTPayload;
  /** With the tolerance for clocks that differ, milliseconds since 1970. */
  readonly expiresAt: number;
};

/** Kinds that say what they are and are no such token: those of logging out, of a proof, of an event. */
const types: readonly (string | undefined)[] = [undefined, 'jwt', 'at+jwt'];

/** The latest time that can be written as a date. */
const timeMax = 8.64e15;

export class TokenVerifier {
  readonly #options: TokenVerifierOptions;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
  }

  /** Throws `unauthenticated` with a reason, and `provider_unavailable`. */
  async verify(token: string, audience: string): Promise<VerifiedToken> {
    const { payload, protectedHeader } = await this.#verified(token, audience);
    const { sub, exp } = payload;
    if (!types.includes(protectedHeader.typ?.toLowerCase().replace(/^application\//, '')))
      throw refusal('token_type');
    // It gets into logs and records. OpenID Connect has at most 255 characters of ASCII.
    if (typeof sub !== 'string' || !/^[ -~]{1,255}$/.test(sub)) throw refusal('token_subject');
    const expiresAt = exp! * 1000 + this.#options.clockToleranceMs;
    return { subject: sub, claims: payload, expiresAt: Math.min(expiresAt, timeMax) };
  }

  async #verified(token: string, audience: string): Promise<JWTVerifyResult> {
    const { provider, algorithms, clockToleranceMs, clock } = this.#options;
    try {
      // Keys that the token itself brings or points to (jwk, jku, x5u) are nobody's business.
      return await jwtVerify(token, provider.keyFor, {
        issuer: provider.issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: clockToleranceMs / 1000,
        currentDate: new Date(clock.now()),
        requiredClaims: ['exp', 'sub'],
      });
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw refusal(reasonOf(error), error);
    }
  }
}

const details = {
  token_malformed: 'The token is malformed.',
  token_algorithm: 'The token is signed with an algorithm that is not accepted here.',
  token_key: 'The token names no key of the provider.',
  token_signature: 'The signature of the token is wrong.',
  token_issuer: 'The token is of another issuer.',
  token_audience: 'The token is for another audience.',
  token_expired: 'The token has expired.',
  token_not_yet: 'The token is not valid yet.',
  token_claims: 'The token lacks a claim that is needed, or one of them is malformed.',
  token_subject: 'The subject of the token is not 1 to 255 characters of ASCII.',
  token_type: 'The token is none for access.',
} as const;

type Reason = keyof typeof details;

function refusal(reason: Reason, cause?: unknown): AppError {
  return new AppError('unauthenticated', { detail: details[reason], reason, cause });
}

function reasonOf(error: unknown): Reason {
  if (error instanceof errors.JWTExpired) return 'token_expired';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'token_algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'token_signature';
  if (error instanceof errors.JWTClaimValidationFailed)
    return claimReasons[error.claim] ?? 'token_claims';
  const isKey =
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
  return isKey ? 'token_key' : 'token_malformed';
}

const claimReasons: Readonly<Record<string, Reason>> = {
  iss: 'token_issuer',
  aud: 'token_audience',
  nbf: 'token_not_yet',
};
