// Tells how one session comes by its sandboxes, and how long that takes.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Observe, SessionPath } from '../foundation/observe.ts';
import { spanned, type Tracer, type Watched } from '../foundation/trace.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { OwnedSession } from '../registry/session-registry.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { StateReason } from './live-messages.ts';
import type { Origin } from './origins.ts';

export class SessionFigures {
  readonly #clock: Clock;
  readonly #observe: Observe;
  readonly #tracer: Tracer | undefined;

  constructor({ clock, observe = () => {}, tracer }: Watched & { readonly clock: Clock }) {
    this.#clock = clock;
    this.#observe = observe;
    this.#tracer = tracer;
  }

  created(state: string): void {
    this.#observe({ type: 'sessionMoved', from: null, to: state });
  }

  /** A sandbox is started for it; passes on what `work` gives or throws. */
  async starting<Result>(
    { runtimeId, sandboxId }: SandboxRecord,
    sessionId: string,
    reason: StateReason,
    origin: Origin | null,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const created = reason === 'created';
    const begun = this.#clock.monotonic();
    const fresh = runtimeId === null ? 'cold' : 'warm';
    const path = origin === null ? fresh : 'restore';
    const ids = { 'cellar.session.id': sessionId, 'cellar.sandbox.id': sandboxId };
    this.#tracer?.current?.set(ids);
    try {
      const attributes = { ...ids, 'cellar.start.path': path, 'cellar.start.fresh': fresh };
      const result = await spanned(this.#tracer, 'sandbox start', attributes, work);
      this.#ready(path, created, begun);
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
    if (await spanned(this.#tracer, 'sandbox thaw', {}, work)) this.#ready('resume', false, begun);
  }

  /** This sandbox is its own from now on. */
  took({ tenant, sessionId }: OwnedSession, { runtimeId }: Sandbox): void {
    this.#observe({ type: 'sandboxTaken', tenant, sessionId, runtimeId });
  }

  lost(reason: string): void {
    this.#observe({ type: 'sandboxLost', reason });
  }

  #ready(path: SessionPath, created: boolean, begun: number): void {
    const ms = this.#clock.monotonic() - begun;
    const traceId = this.#tracer?.current?.traceId;
    this.#observe({ type: 'sessionReady', created, path, ms, traceId });
  }
}
