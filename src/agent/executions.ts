// The executions of the session: a bounded queue, one running at a time, each with exactly one `ended` event. It knows the engine
// only by its port, and links not at all.
import { type EndedEvent, type ExecuteCommand, limits } from '#protocol';
import { AgentFailure } from './agent-failure.ts';
import {
  type Engine,
  type EngineEvent,
  type EngineOutcome,
  outcomeWithout,
  type StopCause,
} from './engines/engine.ts';
import { EventBuffer } from './event-buffer.ts';

type Queued = { readonly command: ExecuteCommand; readonly receivedAt: number; typed: string };
/** Work that no program may disturb. Never fails. */
type Errand = { readonly run: () => Promise<void> };
type Running = {
  readonly executionId: string;
  readonly cancelTimeout: () => void;
  /** Monotonic milliseconds; null where nobody wants to know. */
  readonly traced: { readonly receivedAt: number; readonly begunAt: number } | null;
};

/** Timers as a value, so that tests move time. The result cancels. */
export type After = (ms: number, callback: () => void) => () => void;

/** Ended executions that are remembered, so that one given twice runs once. */
const rememberedMax = 1024;

export class Executions {
  /** All events of this session. */
  readonly events = new EventBuffer(() => this.#roomAgain());
  readonly #engine: Engine;
  readonly #after: After;
  readonly #queue: (Queued | Errand)[] = [];
  #errand = false;
  readonly #ended = new Set<string>();
  #running: Running | null = null;
  #configured = false;

  constructor(engine: Engine, after: After = afterOnTheClock) {
    this.#engine = engine;
    this.#after = after;
  }

  /** From now on executions run. */
  open(): void {
    this.#configured = true;
    this.#runNext();
  }

  /** Executions it holds: queued, running, or ended with an end that is not stored yet. */
  held(): string[] {
    const running = this.#running === null ? [] : [this.#running.executionId];
    const queued = this.#queue.flatMap((one) => ('command' in one ? one.command.executionId : []));
    return [...running, ...queued, ...this.events.endedExecutions()];
  }

  /** Queues a program. One that is known already is not run again. */
  execute(command: ExecuteCommand): void {
    const { executionId } = command;
    if (this.#isKnown(executionId)) return;
    if (this.#queue.length >= limits.queueLengthMax) {
      this.#end(executionId, outcomeWithout('error', queueFull));
      return;
    }
    this.#queue.push({ command, receivedAt: performance.now(), typed: '' });
    this.#runNext();
  }

  /** Does something between two executions, in its turn. AgentFailure `queue_full` if too many wait. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#queue.length >= limits.queueLengthMax)
      return Promise.reject(new AgentFailure('queue_full', queueFull.message));
    return new Promise((resolve, reject) => {
      this.#queue.push({ run: () => work().then(resolve, reject) });
      this.#runNext();
    });
  }

  /** Cancels a queued or running execution; any other is none of its business. */
  cancel(executionId: string): void {
    if (this.#running?.executionId === executionId) {
      this.#stop('cancelled');
      return;
    }
    const index = this.#queue.findIndex((queued) => idOf(queued) === executionId);
    if (index === -1) return;
    this.#queue.splice(index, 1);
    this.#end(executionId, outcomeWithout('cancelled', cancelled));
  }

  /** Cancels all there is, whether it can be stopped or not, and forgets what programs have left. Errands keep their turn. */
  async reset(): Promise<void> {
    const programs = this.#queue.filter((queued) => 'command' in queued);
    for (const { command } of programs) this.cancel(command.executionId);
    await this.#engine.reset();
  }

  /** Input for a running execution, or for one that waits its turn. */
  input(executionId: string, content: string): void {
    if (this.#running?.executionId === executionId) {
      this.#engine.input(content);
      return;
    }
    const queued = this.#queue.find((one) => idOf(one) === executionId);
    if (queued === undefined || !('command' in queued)) return;
    queued.typed = (queued.typed + content).slice(0, limits.stdinLengthMax);
  }

  #isKnown(executionId: string): boolean {
    return (
      this.#running?.executionId === executionId ||
      this.#ended.has(executionId) ||
      this.#queue.some((queued) => idOf(queued) === executionId)
    );
  }

  #runNext(): void {
    const [next] = this.#queue;
    if (!this.#configured || this.#running !== null || this.#errand || next === undefined) return;
    if ('run' in next) {
      this.#queue.shift();
      this.#errand = true;
      void next.run().then(() => {
        this.#errand = false;
        this.#runNext();
      });
      return;
    }
    // A program that starts while nobody takes events would only fill the room kept for ends.
    if (this.events.full) return;
    this.#queue.shift();
    const { type: _, executionId, traceparent, ...program } = next.command;
    const { receivedAt } = next;
    this.#running = {
      executionId,
      cancelTimeout: this.#after(program.timeoutMs, () => this.#stop('timeout')),
      traced: traceparent === undefined ? null : { receivedAt, begunAt: performance.now() },
    };
    this.events.append({ type: 'started', executionId }, true);
    this.#engine.execute(program, {
      events: (batch) => this.#report(executionId, batch),
      ended: (outcome) => this.#finish(executionId, outcome),
    });
    if (next.typed !== '') this.#engine.input(next.typed);
  }

  #stop(cause: StopCause): void {
    this.#running?.cancelTimeout();
    this.#engine.stop(cause);
  }

  #report(executionId: string, batch: readonly EngineEvent[]): boolean {
    for (const event of batch) this.events.append({ ...event, executionId });
    return !this.events.full;
  }

  #finish(executionId: string, outcome: EngineOutcome): void {
    this.#running?.cancelTimeout();
    const times = timesOf(this.#running?.traced ?? null);
    this.#running = null;
    this.#end(executionId, outcome, times);
    this.#runNext();
  }

  #end(executionId: string, outcome: EngineOutcome, times: Pick<EndedEvent, 'times'> = {}): void {
    this.#ended.add(executionId);
    if (this.#ended.size > rememberedMax) this.#ended.delete(this.#ended.values().next().value!);
    this.events.append({ type: 'ended', executionId, ...outcome, ...times });
  }

  #roomAgain(): void {
    this.#engine.drained();
    this.#runNext();
  }
}

function idOf(queued: Queued | Errand): string | null {
  return 'command' in queued ? queued.command.executionId : null;
}

function timesOf(traced: Running['traced']): Pick<EndedEvent, 'times'> {
  if (traced === null) return {};
  const { receivedAt, begunAt } = traced;
  return {
    times: { begunMs: begunAt - receivedAt, endedMs: performance.now() - receivedAt },
  };
}

const queueFull = {
  type: 'ResourceLimitError',
  message: `More than ${limits.queueLengthMax} executions wait in this session`,
};

const cancelled = { type: 'CancelledError', message: 'Execution was cancelled' };

const afterOnTheClock: After = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};
