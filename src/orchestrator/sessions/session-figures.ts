// Tells how one session comes by its sandboxes, and how long that takes.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Observe, Observed, SessionPath } from '../foundation/observe.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { OwnedSession } from '../registry/session-registry.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { StateReason } from './live-messages.ts';
import type { Origin } from './origins.ts';

export class SessionFigures {
  readonly #clock: Clock;
  readonly #observe: Observe;

  constructor({ clock, observe = () => {} }: Observed & { readonly clock: Clock }) {
    this.#clock = clock;
    this.#observe = observe;
  }

  created(state: string): void {
    this.#observe({ type: 'sessionMoved', from: null, to: state });
  }

  /** A sandbox is started for it; passes on what `work` gives or throws. */
  async starting<Result>(
    { runtimeId }: SandboxRecord,
    reason: StateReason,
    origin: Origin | null,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const created = reason === 'created';
    const begun = this.#clock.monotonic();
    try {
      const result = await work();
      const path = runtimeId === null ? 'cold' : 'warm';
      this.#ready(origin === null ? path : 'restore', created, begun);
      return result;
    } catch (error) {
      const { code } = error instanceof AppError ? error : new AppError('internal');
      this.#observe({ type: 'sessionNotReady', created, code });
      throw error;
    }
  }

  /** It is thawed by `work`, which tells whether it was. */
  async thawing(work: () => Promise<boolean>): Promise<void> {
    const begun = this.#clock.monotonic();
    if (await work()) this.#ready('resume', false, begun);
  }

  /** This sandbox is its own from now on. */
  took({ tenant, sessionId }: OwnedSession, { runtimeId }: Sandbox): void {
    this.#observe({ type: 'sandboxTaken', tenant, sessionId, runtimeId });
  }

  lost(reason: string): void {
    this.#observe({ type: 'sandboxLost', reason });
  }

  #ready(path: SessionPath, created: boolean, begun: number): void {
    this.#observe({ type: 'sessionReady', created, path, ms: this.#clock.monotonic() - begun });
  }
}
