// Measures what sessions use, and writes it to the registry: all containers every few seconds, and each once more before it goes.
// SECURITY: by the host's counters, or the engine's where those are out of reach; never by what a sandbox says of itself.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { ServiceEvent } from '../foundation/observe.ts';
import type { UsageAmounts, UsageOwner, UsageReading } from '../registry/usage-records.ts';
import type { UsageRegistry } from '../registry/usage-registry.ts';
import { hourOf, nothing, spread } from './amounts.ts';
import { LiveUsage, type Measurement, type Used } from './live-usage.ts';
import { PendingUsage } from './pending-usage.ts';
import type { Sample } from './sample-ring.ts';

export type UsageMeterOptions = {
  readonly registry: Pick<UsageRegistry, 'add' | 'readings'>;
  /** At once; null where the host does not show this container. */
  readonly groups: { read(runtimeId: string): Measurement | null };
  /** For those; slower. Throws where it does not know either. */
  readonly engine: (runtimeId: string, signal: AbortSignal) => Promise<Measurement>;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
};

/** For reading, in one turn of the event loop. A reading takes about 0.06 ms. */
const readMsMax = 5;
const askMsMax = 2_000;
const askedAtOnce = 4;
/** In one transaction, so that writing holds up nobody. */
const sessionsAtOnce = 100;

export class UsageMeter implements AsyncDisposable {
  readonly #options: UsageMeterOptions;
  readonly #live: LiveUsage;
  readonly #pending = new PendingUsage();
  /** How far an earlier process counted containers that nobody has taken over yet. */
  #left = new Map<string, UsageReading>();
  #writing: Promise<void> | null = null;
  #round: Promise<void> = Promise.resolve();
  #cancelRound = () => {};
  #cancelWrite: (() => void) | null = null;
  #closed = false;

  constructor(options: UsageMeterOptions) {
    this.#options = options;
    this.#live = new LiveUsage(options.clock);
  }

  /** Before anything is taken over from an earlier process. */
  async open(): Promise<void> {
    const readings = await this.#options.registry.readings();
    this.#left = new Map(readings.map((reading) => [reading.runtimeId, reading]));
    this.#measureLater();
  }

  /** Counts what happened. Never throws: figures are not worth an execution. */
  readonly observe = (event: ServiceEvent): void => {
    try {
      this.#count(event);
    } catch (error) {
      this.#options.log.error({ err: error, event: event.type }, 'use could not be counted');
    }
  };

  /** The container is about to be removed. Resolves when it is counted to its end, soon in any case; never rejects. */
  async end(runtimeId: string): Promise<void> {
    if (!this.#live.has(runtimeId)) return;
    const measured = this.#options.groups.read(runtimeId) ?? (await this.#asked(runtimeId));
    const used = this.#live.count(runtimeId, measured);
    if (used === null) return;
    this.#add(used);
    this.#live.forget(runtimeId);
    this.#pending.ended(used.owner, runtimeId);
    // The registry may be closed by now.
    if (this.#closed) return;
    // Many may end at the same time.
    this.#cancelWrite ??= this.#options.clock.after(0, () => {
      this.#cancelWrite = null;
      void this.flush();
    });
  }

  /** Writes what is counted. Never rejects: what cannot be written is tried again later. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  /** The measurements of a session that is awake, oldest first. */
  samplesOf(owner: UsageOwner, from: number): Sample[] {
    return this.#live.samplesOf(owner, from);
  }

  /** Counts and writes once more; containers go on for the next process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelRound();
    this.#cancelWrite?.();
    await this.#round;
    for (const runtimeId of this.#live.runtimeIds) this.#look(runtimeId);
    await this.flush();
    await this.flush();
  }

  #count(event: ServiceEvent): void {
    if (event.type === 'sandboxTaken') this.#take(event.runtimeId, ownerOf(event));
    else if (event.type === 'executionEnded') {
      if (event.dispatched) this.#addNow(ownerOf(event), { ...nothing, executions: 1 });
    } else if (event.type === 'networkUsed') {
      const owner = ownerOf(event);
      const { sentBytes: networkSentBytes, receivedBytes: networkReceivedBytes } = event;
      const amounts = { ...nothing, networkSentBytes, networkReceivedBytes };
      this.#addNow(owner, amounts);
      this.#live.addNetwork(owner, amounts);
    }
  }

  #take(runtimeId: string, owner: UsageOwner): void {
    this.#live.take(runtimeId, owner, this.#left.get(runtimeId) ?? null);
    this.#left.delete(runtimeId);
    if (!this.#look(runtimeId)) void this.#ask([runtimeId]);
  }

  /** False where the host does not show it. */
  #look(runtimeId: string): boolean {
    const measured = this.#options.groups.read(runtimeId);
    if (measured === null) return false;
    this.#add(this.#live.count(runtimeId, measured));
    return true;
  }

  #measureLater(): void {
    this.#cancelRound = this.#options.clock.after(this.#options.intervalMs, () => {
      this.#round = this.#measure().then(() => {
        if (!this.#closed) this.#measureLater();
      });
    });
  }

  async #measure(): Promise<void> {
    const { clock } = this.#options;
    const unseen: string[] = [];
    let begun = clock.monotonic();
    for (const runtimeId of this.#live.runtimeIds) {
      if (!this.#look(runtimeId)) unseen.push(runtimeId);
      if (clock.monotonic() - begun < readMsMax) continue;
      await nextTurn();
      begun = clock.monotonic();
    }
    await this.#ask(unseen);
    this.#live.sample();
    await this.flush();
  }

  /** Asks the engine about them, for the time of one interval at most; those that it did not come to wait for the next round. */
  async #ask(runtimeIds: string[]): Promise<void> {
    const { clock, intervalMs } = this.#options;
    const end = clock.monotonic() + intervalMs;
    const left = [...runtimeIds];
    const work = async () => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        if (clock.monotonic() >= end || this.#closed) return;
        const measured = await this.#asked(id);
        if (measured !== null) this.#add(this.#live.count(id, measured));
      }
    };
    await Promise.all(Array.from({ length: Math.min(askedAtOnce, left.length) }, work));
  }

  async #asked(runtimeId: string): Promise<Measurement | null> {
    try {
      return await this.#options.engine(runtimeId, AbortSignal.timeout(askMsMax));
    } catch (error) {
      this.#options.log.debug({ runtimeId, err: error }, 'no usage');
      return null;
    }
  }

  #add(used: Used | null): void {
    if (used === null) return;
    const { owner, amounts, elapsedMs } = used;
    this.#pending.add(owner, spread(amounts, this.#options.clock.now(), elapsedMs));
  }

  #addNow(owner: UsageOwner, amounts: UsageAmounts): void {
    this.#pending.add(owner, new Map([[hourOf(this.#options.clock.now()), amounts]]));
  }

  async #write(): Promise<void> {
    while (!this.#pending.empty) {
      const taken = this.#pending.take(sessionsAtOnce);
      try {
        await this.#options.registry.add(
          taken.map((part) => ({ ...part, readings: this.#live.readingsOf(part) })),
        );
      } catch (error) {
        this.#pending.putBack(taken);
        this.#options.log.warn({ err: error }, 'use was not written');
        return;
      }
      await nextTurn();
    }
  }
}

function ownerOf(event: {
  readonly tenant: string;
  readonly sessionId: string | null;
}): UsageOwner {
  return { tenant: event.tenant, sessionId: event.sessionId ?? '' };
}
