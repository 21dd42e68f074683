// Lets go of what was used long ago: hours of sessions first, which their tenants' hours hold as well, and those later.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { hourMs } from '../registry/usage-records.ts';
import type { UsageRegistry } from '../registry/usage-registry.ts';
import { hourOf } from './amounts.ts';

export type UsageSweeperOptions = {
  readonly registry: UsageRegistry;
  /** How long hours are kept. */
  readonly tenantMs: number;
  readonly sessionMs: number;
  readonly clock: Clock;
  readonly log: Log;
};

const removedAtOnce = 500;
const ownersAtOnce = 100;
/** Containers that nobody has counted for that long are gone. */
const readingMsMax = 24 * hourMs;

export class UsageSweeper implements AsyncDisposable {
  readonly #options: UsageSweeperOptions;
  #round: Promise<void> = Promise.resolve();
  #cancel = () => {};
  #closed = false;

  constructor(options: UsageSweeperOptions) {
    this.#options = options;
  }

  /** Once an hour, and in an hour for the first time. */
  start(): void {
    const { clock, log } = this.#options;
    this.#cancel = clock.after(hourMs, () => {
      this.#round = this.sweep()
        .catch((error: unknown) => log.warn({ err: error }, 'old use was not removed'))
        .then(() => {
          if (!this.#closed) this.start();
        });
    });
  }

  /** One round. Throws what the registry throws. */
  async sweep(): Promise<void> {
    const { registry, clock, tenantMs, sessionMs } = this.#options;
    const now = clock.now();
    const before = { tenant: hourOf(now - tenantMs), sessions: hourOf(now - sessionMs) };
    await registry.removeReadings(now - readingMsMax);
    for await (const tenant of this.#all((after) => registry.tenants(after, ownersAtOnce))) {
      while ((await registry.removeHours(tenant, before, removedAtOnce)) > 0) await nextTurn();
      await registry.removeStorage({ tenant, sessionId: '' }, before.tenant);
      const sessions = this.#all((after) => registry.sessions(tenant, after, ownersAtOnce));
      for await (const sessionId of sessions)
        await registry.removeStorage({ tenant, sessionId }, before.sessions);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#round;
  }

  async *#all(page: (after: string) => Promise<string[]>): AsyncGenerator<string> {
    for (let after = ''; !this.#closed; await nextTurn()) {
      const ids = await page(after);
      yield* ids;
      if (ids.length < ownersAtOnce) return;
      after = ids.at(-1)!;
    }
  }
}
