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

type Reading = { usage: RuntimeUsage | null; at: number; underWay: boolean };

export class UsageReadings {
  readonly #source: Pick<SandboxSource, 'usage'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #readings = new WeakMap<Sandbox, Reading>();

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

  #reading(sandbox: Sandbox): Reading {
    const known = this.#readings.get(sandbox);
    if (known) return known;
    const reading = { usage: null, at: Number.NEGATIVE_INFINITY, underWay: false };
    this.#readings.set(sandbox, reading);
    return reading;
  }
}
