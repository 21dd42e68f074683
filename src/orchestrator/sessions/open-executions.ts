// The executions of one session that have not ended: one that runs, those that wait, and who waits for them.
import { abortable } from '../foundation/abortable.ts';
import type { AppError } from '../foundation/errors.ts';
import type { ExecutionRun } from './execution-run.ts';
import type { ExecutionView } from './session-service.ts';

type Waiter = { resolve(view: ExecutionView): void; reject(error: AppError): void };

export class OpenExecutions {
  readonly #queue: ExecutionRun[] = [];
  /** From the moment they are queued until their end is stored. */
  readonly #unsettled = new Set<string>();
  readonly #waiters = new Map<string, Set<Waiter>>();
  #running: ExecutionRun | null = null;

  get running(): ExecutionRun | null {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get none(): boolean {
    return this.#running === null && this.#queue.length === 0;
  }

  add(run: ExecutionRun): void {
    this.#queue.push(run);
    this.#unsettled.add(run.executionId);
  }

  /** Makes the oldest queued execution the running one; null when one runs already or none waits. */
  next(): ExecutionRun | null {
    if (this.#running) return null;
    this.#running = this.#queue.shift() ?? null;
    return this.#running;
  }

  /** The running execution has ended. */
  rest(): void {
    this.#running = null;
  }

  find(executionId: string): ExecutionRun | null {
    if (this.#running?.executionId === executionId) return this.#running;
    return this.#queue.find((run) => run.executionId === executionId) ?? null;
  }

  /** False when its end is stored, or it was never here. */
  isUnsettled(executionId: string): boolean {
    return this.#unsettled.has(executionId);
  }

  /** Takes a queued execution out; null when it does not wait. */
  unqueue(executionId: string): ExecutionRun | null {
    const index = this.#queue.findIndex((run) => run.executionId === executionId);
    return index === -1 ? null : this.#queue.splice(index, 1)[0]!;
  }

  /** Takes all of them out, the running one first. */
  takeAll(): ExecutionRun[] {
    const runs = [...(this.#running ? [this.#running] : []), ...this.#queue.splice(0)];
    this.#running = null;
    return runs;
  }

  /** Resolves when the execution is settled. The signal ends the wait only. */
  wait(executionId: string, signal: AbortSignal): Promise<ExecutionView> {
    const { promise, resolve, reject } = Promise.withResolvers<ExecutionView>();
    const waiter = { resolve, reject };
    const waiters = this.#waiters.get(executionId) ?? new Set();
    this.#waiters.set(executionId, waiters.add(waiter));
    return abortable(promise, signal).finally(() => waiters.delete(waiter));
  }

  /** The execution has ended and its end is stored. */
  settle(run: ExecutionRun): void {
    const view = { record: run.record, output: run.output };
    for (const waiter of this.#waiters.get(run.executionId) ?? []) waiter.resolve(view);
    this.#waiters.delete(run.executionId);
    this.#unsettled.delete(run.executionId);
  }

  /** Nobody here will learn how they end. */
  dismissWaiters(error: AppError): void {
    for (const waiters of this.#waiters.values())
      for (const waiter of waiters) waiter.reject(error);
    this.#waiters.clear();
  }
}
