// Who has logged in with a browser. What the browser shows exists there only; what is kept is a hash of it. Known in memory, since every
// request asks; written through to the registry.
import { randomBytes } from 'node:crypto';
import type { Principal } from '../auth/authenticator.ts';
import { hashOf } from '../auth/key-text.ts';
import type { LoginWatches } from '../auth/login-watches.ts';
import type { Clock } from '../foundation/clock.ts';
import { newId } from '../foundation/id.ts';
import type { Log } from '../foundation/log.ts';
import type { LoginRecord, LoginRegistry } from '../registry/login-registry.ts';

export type LoginsOptions = {
  readonly registry: LoginRegistry;
  /** Resolves when what was written is on the disk. */
  readonly durable: () => Promise<void>;
  readonly watches: LoginWatches;
  readonly isTenant: (tenantId: string) => boolean;
  /** From its beginning, and from its last use. */
  readonly lifeMsMax: number;
  readonly idleMsMax: number;
  readonly perUserMax: number;
  readonly clock: Clock;
  readonly log: Log;
};

type Held = Omit<LoginRecord, 'lastUsedAt'> & { lastUsedAt: number; notedAt: number };

/** Of everybody together; past it the one that was not used for longest ends. */
const loginsMax = 10_000;
/** How often last uses are written, for all log-ins together, and each of them at most. */
const usesIntervalMs = 10_000;
const noteIntervalMs = 60_000;

export class Logins implements AsyncDisposable {
  readonly #options: LoginsOptions;
  readonly #byHash = new Map<string, Held>();
  readonly #byId = new Map<string, Held>();
  #cancelTimer = () => {};
  #closed = false;

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** Learns the log-ins that there are. `keep`: whether those of an earlier process still count. */
  async open(keep: boolean): Promise<void> {
    const { registry } = this.#options;
    const records = await registry.all();
    for (const record of records) this.#hold(record);
    if (!keep) await this.#end([...this.#byId.values()]);
    this.#reviewLater();
  }

  /** Whether it still opens the service. */
  stands(loginId: string): boolean {
    return this.#byId.has(loginId);
  }

  /** Null for what opens nothing, or not any more. */
  authenticate(shown: string): Principal | null {
    const held = this.#byHash.get(hashOf(shown).toString('hex'));
    if (held === undefined || this.#hasEnded(held)) return null;
    held.lastUsedAt = this.#options.clock.now();
    return principalOf(held);
  }

  /** Gives what the browser is to show. Where the user has too many, the one that was not used for longest ends. */
  async begin(
    user: Pick<LoginRecord, 'subject' | 'tenant' | 'role'>,
  ): Promise<{ readonly shown: string; readonly principal: Principal }> {
    const { registry, durable, perUserMax, lifeMsMax, clock } = this.#options;
    const all = [...this.#byId.values()];
    const own = all.filter(({ subject }) => subject === user.subject);
    await this.#end([...excess(own, perUserMax), ...excess(all, loginsMax)]);
    const shown = randomBytes(32).toString('base64url');
    const now = clock.now();
    const record: LoginRecord = {
      ...user,
      loginId: newId('login'),
      tokenHash: hashOf(shown).toString('hex'),
      createdAt: now,
      expiresAt: now + lifeMsMax,
      lastUsedAt: now,
    };
    await registry.add(record);
    await durable();
    return { shown, principal: principalOf(this.#hold(record)) };
  }

  /** What was opened with it is closed; `everywhere`: with all log-ins of the same user. What is none is no error. */
  async end(shown: string, everywhere: boolean): Promise<void> {
    const held = this.#byHash.get(hashOf(shown).toString('hex'));
    if (held === undefined) return;
    const all = [...this.#byId.values()];
    await this.#end(everywhere ? all.filter(({ subject }) => subject === held.subject) : [held]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    await this.#review();
  }

  #hold(record: LoginRecord): Held {
    const held = { ...record, notedAt: record.lastUsedAt };
    this.#byId.set(record.loginId, held);
    this.#byHash.set(record.tokenHash, held);
    return held;
  }

  async #end(ended: readonly Held[]): Promise<void> {
    if (ended.length === 0) return;
    const { registry, durable, watches } = this.#options;
    const ids = new Set(ended.map(({ loginId }) => loginId));
    for (const { loginId, tokenHash } of ended) {
      this.#byId.delete(loginId);
      this.#byHash.delete(tokenHash);
    }
    // Whoever may have it is shut out before the disk has answered.
    watches.end(({ loginId }) => loginId !== null && ids.has(loginId));
    await registry.remove([...ids]);
    await durable();
  }

  #hasEnded({ tenant, expiresAt, lastUsedAt }: Held): boolean {
    const { clock, idleMsMax, isTenant } = this.#options;
    const now = clock.now();
    return expiresAt <= now || lastUsedAt + idleMsMax <= now || !isTenant(tenant);
  }

  #reviewLater(): void {
    if (this.#closed) return;
    this.#cancelTimer = this.#options.clock.after(usesIntervalMs, () => {
      void this.#review().finally(() => this.#reviewLater());
    });
  }

  /** Forgets what has ended, and writes down what was used. */
  async #review(): Promise<void> {
    const { registry, watches, clock, log } = this.#options;
    const now = clock.now();
    // What is open is in use.
    for (const { loginId } of watches.watched()) {
      const held = this.#byId.get(loginId ?? '');
      if (held !== undefined) held.lastUsedAt = now;
    }
    const all = [...this.#byId.values()];
    const used = all.filter(({ lastUsedAt, notedAt }) => lastUsedAt - notedAt >= noteIntervalMs);
    try {
      await this.#end(all.filter((held) => this.#hasEnded(held)));
      if (used.length === 0) return;
      await registry.noteUses(new Map(used.map((held) => [held.loginId, held.lastUsedAt])));
      for (const held of used) held.notedAt = held.lastUsedAt;
    } catch (error) {
      log.warn({ err: error }, 'the last uses of log-ins were not written down');
    }
  }
}

function principalOf({ loginId, subject, tenant, role, expiresAt }: Held): Principal {
  return { tenant, role, keyId: `oidc:${subject}`, login: { tenant, expiresAt, loginId } };
}

/** Those that were not used for longest, as many as make room for one more. */
function excess(held: readonly Held[], max: number): Held[] {
  return held
    .toSorted((one, other) => one.lastUsedAt - other.lastUsedAt)
    .slice(0, Math.max(0, held.length + 1 - max));
}
