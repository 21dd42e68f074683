// What a browser keeps for the service for some minutes, and can neither read nor change. The key is of this process: after a restart
// such a record is worth nothing, and whoever was under way begins anew.
import { randomBytes } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import type { Clock } from '../../foundation/clock.ts';

const keyBytes = 32;
const encryption = { alg: 'dir', enc: 'A256GCM' } as const;

export class Seal<Content extends Record<string, unknown>> {
  readonly #key = randomBytes(keyBytes);
  readonly #clock: Clock;
  readonly #lifeMs: number;

  constructor(clock: Clock, lifeMs: number) {
    this.#clock = clock;
    this.#lifeMs = lifeMs;
  }

  async close(content: Content): Promise<string> {
    const endsAt = new Date(this.#clock.now() + this.#lifeMs);
    const token = new EncryptJWT({ content }).setProtectedHeader(encryption);
    return await token.setExpirationTime(endsAt).encrypt(this.#key);
  }

  /** Null for what was not sealed here, was changed, or is too old. */
  async open(text: string): Promise<Content | null> {
    try {
      const { payload } = await jwtDecrypt(text, this.#key, {
        keyManagementAlgorithms: [encryption.alg],
        contentEncryptionAlgorithms: [encryption.enc],
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp'],
      });
      return payload.content as Content;
    } catch {
      return null;
    }
  }
}
