// Tells the owners of sandboxes when their containers are gone, from one event stream for the whole process. When the
// stream breaks it is opened again and the containers are listed, so that no exit in between goes unnoticed.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Runtime, RuntimeEvent, RuntimeSandbox } from '../runtimes/runtime.ts';

export type SandboxExit = {
  readonly reason: 'exited' | 'outOfMemory';
  readonly detail: string;
};

/** One sandbox's place in the watch. Disposing it ends the interest: `exit` then stays pending. */
export interface WatchedSandbox extends Disposable {
  /** Resolves when the container has exited or is not there any more. Never rejects. */
  readonly exit: Promise<SandboxExit>;
  /** The container exists from now on: not to find it any more means that it is gone. */
  started(): void;
}

type Entry = {
  readonly settle: (exit: SandboxExit) => void;
  started: boolean;
  outOfMemory: boolean;
};

const retryMsMin = 100;
const retryMsMax = 5_000;
/** Exits that nobody was watching for yet are remembered, newest first to go last. */
const unclaimedMax = 256;

export class ExitWatch implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #instanceId: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>();
  readonly #unclaimed = new Map<string, SandboxExit>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: { runtime: Runtime; instanceId: string; clock: Clock; log: Log }) {
    this.#runtime = options.runtime;
    this.#instanceId = options.instanceId;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#running = this.#run();
  }

  /** Watches a sandbox whose container may not exist yet. */
  watch(sandboxId: string): WatchedSandbox {
    const { promise, resolve } = Promise.withResolvers<SandboxExit>();
    const entry: Entry = { settle: resolve, started: false, outOfMemory: false };
    this.#entries.set(sandboxId, entry);
    const missed = this.#unclaimed.get(sandboxId);
    if (missed !== undefined) this.#settle(sandboxId, missed);
    return {
      exit: promise,
      started: () => {
        entry.started = true;
      },
      [Symbol.dispose]: () => {
        if (this.#entries.get(sandboxId) === entry) this.#entries.delete(sandboxId);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let retryMs = retryMsMin;
    while (!signal.aborted) {
      try {
        await this.#follow(() => {
          retryMs = retryMsMin;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ err: error, retryMs }, 'container events interrupted');
      }
      await this.#pause(retryMs);
      retryMs = Math.min(retryMs * 2, retryMsMax);
    }
  }

  /** One stream, from its opening to its end. */
  async #follow(onUp: () => void): Promise<void> {
    const broken = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, broken.signal]);
    const events = this.#runtime.events(this.#instanceId, signal);
    const reading = (async () => {
      for await (const event of events) this.#dispatch(event);
    })();
    try {
      // The stream has begun with the call above; what ended before that is in the list.
      await Promise.race([reading, this.#compare(signal).then(onUp)]);
      await reading;
    } finally {
      broken.abort();
      await reading.catch(() => {});
    }
  }

  async #compare(signal: AbortSignal): Promise<void> {
    // Only those that had been started before the listing began must be in it.
    const expected = [...this.#entries].filter(([, entry]) => entry.started).map(([id]) => id);
    if (expected.length === 0) return;
    const listed = new Map<string, RuntimeSandbox>();
    for (const sandbox of await this.#runtime.list(this.#instanceId, signal))
      listed.set(sandbox.sandboxId, sandbox);
    for (const sandboxId of expected) {
      const state = listed.get(sandboxId)?.state;
      if (state === undefined || state === 'exited')
        this.#exited(
          sandboxId,
          state === undefined ? 'the container is gone' : 'the container exited',
        );
    }
  }

  #dispatch(event: RuntimeEvent): void {
    if (event.type === 'outOfMemory') {
      const entry = this.#entries.get(event.sandboxId);
      if (entry) entry.outOfMemory = true;
      return;
    }
    this.#exited(
      event.sandboxId,
      `the container exited with code ${event.exitCode ?? 'unknown'}`,
      event.exitCode,
    );
  }

  #exited(sandboxId: string, detail: string, exitCode: number | null = null): void {
    // The kernel may have taken one child of many, long before the end. 137: something was killed, and it was the agent.
    const killed = exitCode === null || exitCode === 137;
    const outOfMemory = killed && this.#entries.get(sandboxId)?.outOfMemory === true;
    this.#settle(sandboxId, { reason: outOfMemory ? 'outOfMemory' : 'exited', detail });
  }

  #settle(sandboxId: string, exit: SandboxExit): void {
    const entry = this.#entries.get(sandboxId);
    if (entry) {
      this.#entries.delete(sandboxId);
      this.#unclaimed.delete(sandboxId);
      entry.settle(exit);
      return;
    }
    this.#unclaimed.set(sandboxId, exit);
    for (const oldest of this.#unclaimed.keys()) {
      if (this.#unclaimed.size <= unclaimedMax) break;
      this.#unclaimed.delete(oldest);
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const stop = () => {
        cancel();
        resolve();
      };
      const cancel = this.#clock.after(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}
