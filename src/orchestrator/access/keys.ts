// API keys: made, exchanged for new ones, revoked. The text of a key exists in one reply only; what is kept is a hash of its secret.
// A change is on the disk before anybody is told of it, and known to the ring, which lets requests in, in the same moment.
import type { Principal } from '../auth/authenticator.ts';
import type { KeyRing } from '../auth/key-ring.ts';
import { hashOf, newKeyText } from '../auth/key-text.ts';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import { newId } from '../foundation/id.ts';
import type { Log } from '../foundation/log.ts';
import { type Role, reaches, roles } from '../foundation/roles.ts';
import type { ApiKeyRecord } from '../registry/access-records.ts';
import type { AccessRegistry } from '../registry/access-registry.ts';
import type { IdempotencyKey } from '../registry/records.ts';
import type { Listing, Page } from '../registry/session-registry.ts';

export type KeysOptions = {
  readonly registry: AccessRegistry;
  /** Resolves when what was written is on the disk. */
  readonly durable: () => Promise<void>;
  readonly ring: KeyRing;
  readonly keysPerTenantMax: number;
  readonly clock: Clock;
  readonly log: Log;
};

/** A key that was just made, with its text. */
export type MadeKey = { readonly record: ApiKeyRecord; readonly text: string };

export type NewKey = {
  readonly tenant: string;
  readonly role: Role;
  readonly name: string | null;
  /** Milliseconds since 1970; null: it has no end. */
  readonly expiresAt: number | null;
};

/** What others see of it. */
export type Keys = Pick<KeyService, 'create' | 'list' | 'find' | 'rotate' | 'revoke'>;

/** How often last uses are written, for all keys together. */
const usesIntervalMs = 10_000;
/** How long a key that has ended is still shown. */
const endedMsMax = 30 * 24 * 60 * 60 * 1000;

export class KeyService implements AsyncDisposable {
  readonly #options: KeysOptions;
  #cancelTimer = () => {};

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  /** Learns the keys that there are, and begins to write down when they are used. */
  async open(): Promise<void> {
    const { registry, ring, clock } = this.#options;
    for (const record of await registry.currentKeys(clock.now())) ring.set(record);
    this.#noteUsesLater();
  }

  /**
   * Throws `forbidden` for a role above the caller's own, `invalid_request` for an end that has passed, `key_limit`, and `tenant_not_found`
   * when the tenant was deleted meanwhile.
   */
  async create(
    caller: Principal,
    { tenant, role, name, expiresAt }: NewKey,
    idempotencyKey: IdempotencyKey | undefined,
  ): Promise<MadeKey> {
    if (!reaches(caller.role, role)) {
      throw new AppError('forbidden', {
        detail: `A key with the role ${caller.role} makes no key with the role ${role}.`,
      });
    }
    if (expiresAt !== null && expiresAt <= this.#options.clock.now()) {
      const fields = [{ field: '/expiresAt', message: 'must be in the future' }];
      throw new AppError('invalid_request', {
        detail: 'The key would have ended already.',
        fields,
      });
    }
    const key = { tenant, role, name, expiresAt, rotatedFrom: null };
    return this.#add(key, idempotencyKey, undefined);
  }

  /** Of the tenant that the caller acts in, with roles up to the caller's own, ended ones too; newest first. */
  list(caller: Principal, page: Page): Promise<Listing<ApiKeyRecord>> {
    return this.#options.registry.listKeys(caller.tenant, rolesUpTo(caller.role), page);
  }

  /** Throws `key_not_found` for a key that `list` does not show. */
  async find(caller: Principal, keyId: string): Promise<ApiKeyRecord> {
    const record = await this.#options.registry.findKey(caller.tenant, keyId);
    if (record === null || !reaches(caller.role, record.role)) throw new AppError('key_not_found');
    return record;
  }

  /**
   * A key like another one, which opens the service for `overlapMs` more and no longer. The new one ends when the old one would have.
   * Throws `key_not_found`, `key_ended` and `key_limit`.
   */
  async rotate(
    caller: Principal,
    keyId: string,
    overlapMs: number,
    idempotencyKey: IdempotencyKey | undefined,
  ): Promise<MadeKey> {
    const { clock, ring } = this.#options;
    const old = await this.find(caller, keyId);
    const now = clock.now();
    if (old.revokedAt !== null || isOver(old.expiresAt, now)) throw new AppError('key_ended');
    const expiresAt = Math.min(old.expiresAt ?? Number.POSITIVE_INFINITY, now + overlapMs);
    const { tenant, role, name } = old;
    const made = await this.#add(
      { tenant, role, name, expiresAt: old.expiresAt, rotatedFrom: keyId },
      idempotencyKey,
      { keyId, expiresAt },
    );
    if (isOver(expiresAt, clock.now())) ring.remove(keyId);
    else ring.set({ ...old, expiresAt });
    return made;
  }

  /** From now on it opens nothing, and what it has opened is closed. Again does nothing. Throws `key_not_found`. */
  async revoke(caller: Principal, keyId: string): Promise<void> {
    const { registry, durable, ring, clock } = this.#options;
    await this.find(caller, keyId);
    await registry.revokeKey(keyId, clock.now());
    // Whoever may have it is shut out before the disk has answered.
    ring.remove(keyId);
    await durable();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelTimer();
    await this.#noteUses();
  }

  async #add(
    key: Pick<ApiKeyRecord, 'tenant' | 'role' | 'name' | 'expiresAt' | 'rotatedFrom'>,
    idempotencyKey: IdempotencyKey | undefined,
    ends: { readonly keyId: string; readonly expiresAt: number } | undefined,
  ): Promise<MadeKey> {
    const { registry, durable, ring, keysPerTenantMax, clock } = this.#options;
    const { prefix, secret, text } = newKeyText();
    const now = clock.now();
    const record: ApiKeyRecord = {
      ...key,
      keyId: newId('key'),
      prefix,
      secretHash: hashOf(secret).toString('hex'),
      createdAt: now,
      lastUsedAt: null,
      revokedAt: null,
    };
    await registry.addKey(record, {
      ...(ends === undefined ? {} : { ends }),
      ...(idempotencyKey && { effect: { ...idempotencyKey, made: record.keyId } }),
      endedBefore: now - endedMsMax,
      keysMax: keysPerTenantMax,
    });
    await durable();
    ring.set(record);
    return { record, text };
  }

  #noteUsesLater(): void {
    this.#cancelTimer = this.#options.clock.after(usesIntervalMs, () => {
      void this.#noteUses().finally(() => this.#noteUsesLater());
    });
  }

  async #noteUses(): Promise<void> {
    const { registry, ring, log } = this.#options;
    const uses = ring.takeUses();
    if (uses.size === 0) return;
    await registry.noteKeyUses(uses).catch((error: unknown) => {
      log.warn({ err: error, keys: uses.size }, 'the last uses of keys were not written down');
    });
  }
}

function isOver(expiresAt: number | null, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function rolesUpTo(role: Role): Role[] {
  return roles.filter((one) => reaches(role, one));
}
