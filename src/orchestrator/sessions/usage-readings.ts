// What the engine measured of each sandbox lately. It takes up to a second to say so, and may hang: whoever only looks at a session is
// told the last reading, while the next one is taken beside.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { RuntimeUsage } from '../runtimes/runtime.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { SandboxSource } from '../sandbox/sandbox-source.ts';

/** A reading that is younger than this is good enough. */
const ageMsMax = 1_000;
const readMsMax = 10_000;

export type SandboxMetrics = {
  /** Of one processor, since the last measurement. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly pids: number;
};

type Reading = { usage: RuntimeUsage | null; at: number; underWay: boolean };

export class UsageReadings {
  readonly #source: Pick<SandboxSource, 'usage'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #readings = new WeakMap<Sandbox, Reading>();
  /** Of the last `metrics`: percent is the difference between two. */
  readonly #processing = new WeakMap<Sandbox, { cpuMs: number; at: number }>();

  constructor(options: { source: Pick<SandboxSource, 'usage'>; clock: Clock; log: Log }) {
    this.#source = options.source;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** The last reading, at once; null before the first one. */
  latest(sandbox: Sandbox): RuntimeUsage | null {
    const reading = this.#reading(sandbox);
    const isOld = this.#clock.monotonic() - reading.at >= ageMsMax;
    if (isOld && !reading.underWay) {
      reading.underWay = true;
      void this.read(sandbox, AbortSignal.timeout(readMsMax)).finally(() => {
        reading.underWay = false;
      });
    }
    return reading.usage;
  }

  /** A fresh reading; null when the engine does not say. */
  async read(sandbox: Sandbox, signal: AbortSignal): Promise<RuntimeUsage | null> {
    try {
      const usage = await this.#source.usage(sandbox, signal);
      Object.assign(this.#reading(sandbox), { usage, at: this.#clock.monotonic() });
      return usage;
    } catch (error) {
      this.#log.debug({ sandboxId: sandbox.sandboxId, err: error }, 'no usage');
      return null;
    }
  }

  /** What a sandbox uses now; nothing without one, or when the engine does not say. */
  async metrics(sandbox: Sandbox | null, signal: AbortSignal): Promise<SandboxMetrics> {
    const usage = sandbox && (await this.read(sandbox, signal));
    if (!usage) return { cpuPercent: 0, memoryBytes: 0, pids: 0 };
    const at = this.#clock.monotonic();
    const before = this.#processing.get(sandbox);
    this.#processing.set(sandbox, { cpuMs: usage.cpuMs, at });
    const elapsedMs = before ? at - before.at : 0;
    const cpuPercent =
      elapsedMs > 0 ? (Math.max(0, usage.cpuMs - before!.cpuMs) / elapsedMs) * 100 : 0;
    return {
      cpuPercent: Math.round(cpuPercent * 10) / 10,
      memoryBytes: usage.memoryBytes,
      pids: usage.pids,
    };
  }

  #reading(sandbox: Sandbox): Reading {
    const known = this.#readings.get(sandbox);
    if (known) return known;
    const reading = { usage: null, at: Number.NEGATIVE_INFINITY, underWay: false };
    this.#readings.set(sandbox, reading);
    return reading;
  }
}
