// Tells how the executions of one session go on: when they are queued, handed over, first heard of, and ended.
import type { EndedEvent } from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Observe } from '../foundation/observe.ts';
import type { Tracer, Watched } from '../foundation/trace.ts';
import type { OwnedSession } from '../registry/session-registry.ts';
import type { ExecutionRun, Step } from './execution-run.ts';
import { ExecutionSpans } from './execution-spans.ts';

type ExecutionFiguresParts = Watched & {
  readonly clock: Clock;
  readonly owner: OwnedSession;
  readonly log: Log;
};

type Progress = {
  /** On the monotonic clock; null where another process accepted it. */
  readonly acceptedAt: number | null;
  /** Null where it is not traced. */
  readonly spans: ExecutionSpans | null;
  dispatched: boolean;
  heard: boolean;
};

export class ExecutionFigures {
  readonly #clock: Clock;
  readonly #observe: Observe;
  readonly #owner: OwnedSession;
  readonly #log: Log;
  readonly #tracer: Tracer | undefined;
  readonly #progress = new WeakMap<ExecutionRun, Progress>();

  constructor({ clock, owner, observe = () => {}, tracer, log }: ExecutionFiguresParts) {
    this.#clock = clock;
    this.#owner = owner;
    this.#log = log;
    this.#observe = observe;
    this.#tracer = tracer;
  }

  /** `acceptedHere`: by this process, just now. */
  queued(run: ExecutionRun, acceptedHere: boolean): void {
    const acceptedAt = acceptedHere ? this.#clock.monotonic() : null;
    const request = acceptedHere ? this.#tracer?.current : null;
    const spans = request ? new ExecutionSpans(request, run.record, this.#owner.tenant) : null;
    this.#progress.set(run, { acceptedAt, spans, dispatched: false, heard: false });
    this.#observe({ type: 'executionQueued' });
  }

  /** It is being handed to its sandbox: what the agent is told of its trace; null where it is not traced. */
  handed(run: ExecutionRun): string | null {
    if (this.#tracer === undefined) return null;
    return this.#progress.get(run)?.spans?.handed() ?? null;
  }

  /** Its agent has said that it is over. */
  over(run: ExecutionRun, { times }: Pick<EndedEvent, 'times'>): void {
    if (this.#tracer !== undefined) this.#progress.get(run)?.spans?.heard(times);
  }

  dispatched(run: ExecutionRun): void {
    const progress = this.#progress.get(run);
    if (progress === undefined || progress.dispatched) return;
    progress.dispatched = true;
    const { traceId } = progress.spans ?? {};
    this.#observe({ type: 'executionDispatched', waitedMs: this.#since(progress), traceId });
  }

  /** The followers have been told what these steps mean. */
  told(steps: readonly { readonly run: ExecutionRun; readonly step: Step }[]): void {
    for (const { run, step } of steps) {
      const progress = this.#progress.get(run);
      if (progress === undefined) continue;
      if (!progress.heard && step.messages.some(({ type }) => type === 'output')) {
        progress.heard = true;
        const { traceId } = progress.spans ?? {};
        this.#observe({ type: 'executionFirstOutput', ms: this.#since(progress), traceId });
      }
      if (step.ended) this.#ended(run, progress);
    }
  }

  #ended({ record }: ExecutionRun, { dispatched, spans }: Progress): void {
    spans?.ended(record);
    const { executionId, status, truncated, durationMs } = record;
    const traceId = spans?.traceId;
    // SECURITY: of the error there is nothing: its type and message are the program's words.
    this.#log.debug(
      { ...this.#owner, executionId, traceId, status, truncated, durationMs },
      'execution ended',
    );
    this.#observe({
      type: 'executionEnded',
      ...this.#owner,
      status,
      error: record.error?.type ?? null,
      truncated,
      dispatched,
      ms: durationMs ?? 0,
      traceId,
    });
  }

  #since({ acceptedAt }: Progress): number | null {
    return acceptedAt === null ? null : this.#clock.monotonic() - acceptedAt;
  }
}
