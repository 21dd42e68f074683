// The keys that open the service now, in memory: every request asks, and none waits for the registry. Whoever adds, ends or
// removes a key in the registry says so here.
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../foundation/clock.ts';
import type { Role } from '../foundation/roles.ts';
import type { Authenticator, Principal } from './authenticator.ts';
import type { BootstrapKey } from './bootstrap-key.ts';
import { hashOf, parseKey } from './key-text.ts';

/** Times in milliseconds since 1970. */
export type RingKey = {
  readonly keyId: string;
  readonly tenant: string;
  readonly role: Role;
  readonly prefix: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly secretHash: string;
  readonly expiresAt: number | null;
};

type Held = RingKey & { readonly hash: Buffer; notedAt: number };

type Watched = { readonly watchers: Set<() => void>; cancelTimer: () => void };

/** A key's last use is noted at most so often. */
const noteIntervalMs = 60_000;

/** Compared with where there is no such key, so that an answer takes as long. */
const noHash = Buffer.alloc(32);

export class KeyRing implements Authenticator {
  readonly #bootstrap: BootstrapKey;
  readonly #clock: Clock;
  readonly #byPrefix = new Map<string, Held>();
  readonly #byId = new Map<string, Held>();
  readonly #watched = new Map<string, Watched>();
  readonly #uses = new Map<string, number>();

  constructor(bootstrap: BootstrapKey, clock: Clock) {
    this.#bootstrap = bootstrap;
    this.#clock = clock;
  }

  /** Adds a key, or takes over what has changed of it. */
  set(key: RingKey): void {
    const known = this.#byId.get(key.keyId);
    const hash = Buffer.from(key.secretHash, 'hex');
    const held = { ...key, hash, notedAt: known?.notedAt ?? Number.NEGATIVE_INFINITY };
    this.#byPrefix.set(key.prefix, held);
    this.#byId.set(key.keyId, held);
    this.#review(key.keyId);
  }

  /** From now on the key opens nothing, and whoever watches it is told. */
  remove(keyId: string): void {
    const held = this.#byId.get(keyId);
    if (held === undefined) return;
    this.#byId.delete(keyId);
    this.#byPrefix.delete(held.prefix);
    this.#uses.delete(keyId);
    this.#review(keyId);
  }

  /** As `remove`, for all keys of a tenant. */
  removeTenant(tenant: string): void {
    for (const key of [...this.#byId.values()]) if (key.tenant === tenant) this.remove(key.keyId);
  }

  authenticate(authorization: string | undefined): Principal | null {
    const presented = presentedKey(authorization);
    if (presented === undefined) return null;
    const parts = parseKey(presented);
    const held = parts === null ? undefined : this.#byPrefix.get(parts.prefix);
    // SECURITY: hashes of equal length in constant time, so that an answer's speed says nothing about a key.
    const isHeld = timingSafeEqual(held?.hash ?? noHash, hashOf(parts?.secret ?? ''));
    const isBootstrap = timingSafeEqual(this.#bootstrap.hash, hashOf(presented));
    if (isBootstrap) return { tenant: 'default', role: 'admin', keyId: this.#bootstrap.keyId };
    if (!isHeld || held === undefined || this.#hasExpired(held)) return null;
    this.#note(held);
    return { tenant: held.tenant, role: held.role, keyId: held.keyId };
  }

  watch({ keyId }: Principal, ended: () => void): () => void {
    // It lasts as long as the process.
    if (keyId === this.#bootstrap.keyId) return () => {};
    const watched = this.#watched.get(keyId) ?? { watchers: new Set(), cancelTimer: () => {} };
    this.#watched.set(keyId, watched);
    // One of its own for each watch, so that the same function may watch twice.
    const watcher = () => ended();
    watched.watchers.add(watcher);
    if (watched.watchers.size === 1) this.#review(keyId);
    return () => {
      watched.watchers.delete(watcher);
      if (watched.watchers.size > 0 || this.#watched.get(keyId) !== watched) return;
      watched.cancelTimer();
      this.#watched.delete(keyId);
    };
  }

  /** When each key was last used, ms since 1970, of those of which that is not known yet; they are forgotten here. */
  takeUses(): Map<string, number> {
    const uses = new Map(this.#uses);
    this.#uses.clear();
    return uses;
  }

  /** Tells those who watch the key when it has ended, and looks again when it is to end. */
  #review(keyId: string): void {
    const watched = this.#watched.get(keyId);
    if (watched === undefined) return;
    watched.cancelTimer();
    const held = this.#byId.get(keyId);
    if (held !== undefined && !this.#hasExpired(held)) {
      if (held.expiresAt === null) return;
      const leftMs = held.expiresAt - this.#clock.now();
      watched.cancelTimer = this.#clock.after(leftMs, () => this.#review(keyId));
      return;
    }
    this.#watched.delete(keyId);
    for (const watcher of watched.watchers) watcher();
  }

  #note(held: Held): void {
    const now = this.#clock.now();
    if (now - held.notedAt < noteIntervalMs) return;
    held.notedAt = now;
    this.#uses.set(held.keyId, now);
  }

  #hasExpired({ expiresAt }: Held): boolean {
    return expiresAt !== null && expiresAt <= this.#clock.now();
  }
}

/** What an Authorization header shows as a key. */
export function presentedKey(authorization: string | undefined): string | undefined {
  return authorization?.match(/^Bearer +([!-~]+) *$/i)?.[1];
}
