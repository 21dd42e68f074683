// The containers that sessions have at the moment, and how far each is counted. Decides what two readings mean; reads and writes nothing.
import type { Clock } from '../foundation/clock.ts';
import type { UsageAmounts, UsageOwner, UsageReading } from '../registry/usage-records.ts';
import { type Counters, nothing, sum, usedBetween } from './amounts.ts';
import { type Sample, SampleRing } from './sample-ring.ts';

/** What the host says of a container at one moment. */
export type Measurement = Counters & { readonly pids: number };

/** What came to an owner, in how much time up to now. */
export type Used = {
  readonly owner: UsageOwner;
  readonly amounts: UsageAmounts;
  readonly elapsedMs: number;
};

type LiveContainer = {
  readonly session: LiveSession;
  /** The last one that there was; null before the first one. */
  last: Measurement | null;
  /** Up to where its time is counted, on the monotonic clock. */
  countedTo: number;
};

type LiveSession = {
  readonly owner: UsageOwner;
  readonly containers: Map<string, LiveContainer>;
  readonly samples: SampleRing;
  /** Since the first sample. */
  total: UsageAmounts;
};

export class LiveUsage {
  readonly #clock: Clock;
  readonly #containers = new Map<string, LiveContainer>();
  /** By tenant and session. */
  readonly #sessions = new Map<string, LiveSession>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get runtimeIds(): string[] {
    return [...this.#containers.keys()];
  }

  has(runtimeId: string): boolean {
    return this.#containers.has(runtimeId);
  }

  /** It is the owner's from now on, or was already when it was counted last: by an earlier process. */
  take(runtimeId: string, owner: UsageOwner, counted: UsageReading | null): void {
    const key = keyOf(owner);
    const session = this.#sessions.get(key) ?? {
      owner,
      containers: new Map(),
      samples: new SampleRing(),
      total: nothing,
    };
    this.#sessions.set(key, session);
    const sinceMs = counted === null ? 0 : Math.max(0, this.#clock.now() - counted.at);
    const container = {
      session,
      last: counted && { ...counted, pids: 0 },
      countedTo: this.#clock.monotonic() - sinceMs,
    };
    session.containers.set(runtimeId, container);
    this.#containers.set(runtimeId, container);
  }

  /** What was used since it was counted last; null of one that nobody has. */
  count(runtimeId: string, measured: Measurement | null): Used | null {
    const container = this.#containers.get(runtimeId);
    if (container === undefined) return null;
    const { session, last, countedTo } = container;
    const now = this.#clock.monotonic();
    const elapsedMs = now - countedTo;
    const amounts = usedBetween(last, measured, elapsedMs);
    container.countedTo = now;
    if (measured !== null) container.last = measured;
    session.total = sum(session.total, amounts);
    return { owner: session.owner, amounts, elapsedMs };
  }

  /** Nothing more comes of it. */
  forget(runtimeId: string): void {
    const container = this.#containers.get(runtimeId);
    if (container === undefined) return;
    const { session } = container;
    this.#containers.delete(runtimeId);
    session.containers.delete(runtimeId);
    if (session.containers.size === 0) this.#sessions.delete(keyOf(session.owner));
  }

  /** Bytes that a session has sent and received, for its samples. */
  addNetwork(owner: UsageOwner, amounts: UsageAmounts): void {
    const session = this.#sessions.get(keyOf(owner));
    if (session !== undefined) session.total = sum(session.total, amounts);
  }

  /** Notes how things stand, of every session. */
  sample(): void {
    const at = this.#clock.now();
    for (const { containers, samples, total } of this.#sessions.values()) {
      const all = [...containers.values()].flatMap(({ last }) => last ?? []);
      samples.add({
        at,
        cpuSeconds: total.cpuSeconds,
        memoryBytes: all.reduce((bytes, { memoryBytes }) => bytes + memoryBytes, 0),
        pids: all.reduce((count, { pids }) => count + pids, 0),
        sentBytes: total.networkSentBytes,
        receivedBytes: total.networkReceivedBytes,
      });
    }
  }

  samplesOf(owner: UsageOwner, from: number): Sample[] {
    return this.#sessions.get(keyOf(owner))?.samples.since(from) ?? [];
  }

  /** How far the containers of an owner are counted. */
  readingsOf(owner: UsageOwner): UsageReading[] {
    const readings: UsageReading[] = [];
    const ago = this.#clock.now() - this.#clock.monotonic();
    for (const [runtimeId, { last, countedTo }] of this.#sessions.get(keyOf(owner))?.containers ??
      [])
      if (last !== null) {
        const { cpuSeconds } = last;
        const memoryBytes = Math.round(last.memoryBytes);
        readings.push({ runtimeId, at: Math.round(countedTo + ago), cpuSeconds, memoryBytes });
      }
    return readings;
  }
}

function keyOf({ tenant, sessionId }: UsageOwner): string {
  return `${tenant} ${sessionId}`;
}
