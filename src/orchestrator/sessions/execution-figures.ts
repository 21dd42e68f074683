// Tells how the executions of one session go on: when they are queued, handed over, first heard of, and ended.
import type { Clock } from '../foundation/clock.ts';
import type { Observe, Observed } from '../foundation/observe.ts';
import type { OwnedSession } from '../registry/session-registry.ts';
import type { ExecutionRun, Step } from './execution-run.ts';

type ExecutionFiguresParts = Observed & { readonly clock: Clock; readonly owner: OwnedSession };

type Progress = {
  /** On the monotonic clock; null where another process accepted it. */
  readonly acceptedAt: number | null;
  dispatched: boolean;
  heard: boolean;
};

export class ExecutionFigures {
  readonly #clock: Clock;
  readonly #observe: Observe;
  readonly #owner: OwnedSession;
  readonly #progress = new WeakMap<ExecutionRun, Progress>();

  constructor({ clock, owner, observe = () => {} }: ExecutionFiguresParts) {
    this.#clock = clock;
    this.#owner = owner;
    this.#observe = observe;
  }

  /** `acceptedHere`: by this process, just now. */
  queued(run: ExecutionRun, acceptedHere: boolean): void {
    const acceptedAt = acceptedHere ? this.#clock.monotonic() : null;
    this.#progress.set(run, { acceptedAt, dispatched: false, heard: false });
    this.#observe({ type: 'executionQueued' });
  }

  dispatched(run: ExecutionRun): void {
    const progress = this.#progress.get(run);
    if (progress === undefined || progress.dispatched) return;
    progress.dispatched = true;
    this.#observe({ type: 'executionDispatched', waitedMs: this.#since(progress) });
  }

  /** The followers have been told what these steps mean. */
  told(steps: readonly { readonly run: ExecutionRun; readonly step: Step }[]): void {
    for (const { run, step } of steps) {
      const progress = this.#progress.get(run);
      if (progress === undefined) continue;
      if (!progress.heard && step.messages.some(({ type }) => type === 'output')) {
        progress.heard = true;
        this.#observe({ type: 'executionFirstOutput', ms: this.#since(progress) });
      }
      if (step.ended) this.#ended(run, progress);
    }
  }

  #ended({ record }: ExecutionRun, { dispatched }: Progress): void {
    this.#observe({
      type: 'executionEnded',
      ...this.#owner,
      status: record.status,
      error: record.error?.type ?? null,
      truncated: record.truncated,
      dispatched,
      ms: record.durationMs ?? 0,
    });
  }

  #since({ acceptedAt }: Progress): number | null {
    return acceptedAt === null ? null : this.#clock.monotonic() - acceptedAt;
  }
}
