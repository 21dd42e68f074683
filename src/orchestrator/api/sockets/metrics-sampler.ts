// Measures each session that someone watches, once a second for all who watch it.
import type { Clock } from '../../foundation/clock.ts';
import type { SessionService } from '../../sessions/session-service.ts';
import type { Waits } from '../waits.ts';

export type Metrics = Awaited<ReturnType<SessionService['metrics']>>;
type Watcher = (metrics: Metrics, at: number) => void;

export class MetricsSampler {
  readonly #sessions: SessionService;
  readonly #clock: Clock;
  readonly #waits: Waits;
  readonly #intervalMs: number;
  readonly #watched = new Map<string, Set<Watcher>>();

  constructor(parts: {
    sessions: SessionService;
    clock: Clock;
    waits: Waits;
    intervalMs: number;
  }) {
    this.#sessions = parts.sessions;
    this.#clock = parts.clock;
    this.#waits = parts.waits;
    this.#intervalMs = parts.intervalMs;
  }

  /** Gives measurements until the result is called. */
  watch(tenant: string, sessionId: string, watcher: Watcher): () => void {
    const watchers = this.#watched.get(sessionId);
    if (watchers) {
      watchers.add(watcher);
    } else {
      const first = new Set([watcher]);
      this.#watched.set(sessionId, first);
      this.#sampleLater(tenant, sessionId, first);
    }
    return () => this.#watched.get(sessionId)?.delete(watcher);
  }

  #sampleLater(tenant: string, sessionId: string, watchers: Set<Watcher>): void {
    this.#clock.after(this.#intervalMs, () => {
      if (watchers.size === 0 || this.#waits.closing.aborted) {
        this.#watched.delete(sessionId);
        return;
      }
      this.#sample(tenant, sessionId, watchers).finally(() =>
        this.#sampleLater(tenant, sessionId, watchers),
      );
    });
  }

  async #sample(tenant: string, sessionId: string, watchers: Set<Watcher>): Promise<void> {
    try {
      const metrics = await this.#waits.within(this.#intervalMs * 5, (signal) =>
        this.#sessions.metrics(tenant, sessionId, signal),
      );
      const at = this.#clock.now();
      for (const watcher of watchers) watcher(metrics, at);
    } catch {
      // A session without a container has nothing to measure; the next second may be better.
    }
  }
}
