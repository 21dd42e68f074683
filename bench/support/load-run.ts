// Carries a plan out in an open loop and measures from the moment at which each arrival was meant to begin: a service that stalls
// delays what comes after it, and that delay counts.
import { setTimeout as delay } from 'node:timers/promises';
import { type LoadClient, LoadFailure } from './load-client.ts';
import type { Arrival } from './load-plan.ts';

/** How a session came to its first result after what happened to it. */
export const paths = ['create', 'live', 'resume', 'rollback'] as const;
export type Path = (typeof paths)[number];

export type LoadResults = {
  readonly samplesMs: Readonly<Record<Path, number[]>>;
  /** By status; 0 is a broken connection. */
  readonly failures: Readonly<Record<number, number>>;
  /** Most arrivals that were under way at the same time. */
  readonly atOnceMax: number;
  /** The worst delay of the generator itself: above a few milliseconds the machine is too small for both. */
  readonly lateMsMax: number;
};

export type LoadOptions = {
  /** One for each tenant; sessions are spread over them. */
  readonly clients: readonly LoadClient[];
  readonly arrivals: readonly Arrival[];
  /** Sessions that are used in turns; those that a create adds are deleted after their first result. */
  readonly sessions: number;
  /** Between two uses of a session, at least. */
  readonly thinkMs: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly progress: (done: number, underWay: number) => void;
};

type Used = { readonly client: LoadClient; readonly id: string; version: number; freeAt: number };

export class LoadRun {
  readonly #options: LoadOptions;
  readonly #samplesMs: Record<Path, number[]> = { create: [], live: [], resume: [], rollback: [] };
  readonly #failures: Record<number, number> = {};
  readonly #used: Used[] = [];
  /** A failure of the generator itself. */
  #broken: { readonly error: unknown } | null = null;
  #begun = 0;
  #clientTurn = 0;
  #underWay = 0;
  #done = 0;
  #atOnceMax = 0;
  #lateMsMax = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Sessions are made before the clock starts, and deleted at the end. Throws when they cannot be made, or the signal fires. */
  async run(): Promise<LoadResults> {
    try {
      await this.#prepare();
      await this.#carryOut();
    } finally {
      await Promise.all(this.#used.map(({ client, id }) => client.delete(id).catch(() => {})));
    }
    return {
      samplesMs: this.#samplesMs,
      failures: this.#failures,
      atOnceMax: this.#atOnceMax,
      lateMsMax: this.#lateMsMax,
    };
  }

  async #prepare(): Promise<void> {
    for (let i = 0; i < this.#options.sessions; i++) {
      this.#options.signal.throwIfAborted();
      const client = this.#nextClient();
      const id = await client.create();
      const used: Used = { client, id, version: 0, freeAt: 0 };
      this.#used.push(used);
      await client.execute(id);
      used.version = await client.snapshot(id);
    }
  }

  async #carryOut(): Promise<void> {
    const { arrivals, signal } = this.#options;
    const all: Promise<void>[] = [];
    this.#begun = performance.now();
    for (const { atMs, kind } of arrivals) {
      const waitMs = this.#begun + atMs - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      signal.throwIfAborted();
      this.#lateMsMax = Math.max(this.#lateMsMax, performance.now() - this.#begun - atMs);
      all.push(this.#one(atMs, kind));
    }
    await Promise.all(all);
    if (this.#broken) throw this.#broken.error;
  }

  async #one(atMs: number, kind: Arrival['kind']): Promise<void> {
    this.#atOnceMax = Math.max(this.#atOnceMax, ++this.#underWay);
    try {
      if (kind === 'create' || this.#used.length === 0) await this.#create(atMs);
      else await this.#use(atMs);
    } catch (error) {
      if (error instanceof LoadFailure)
        this.#failures[error.status] = (this.#failures[error.status] ?? 0) + 1;
      else this.#broken ??= { error };
    } finally {
      this.#underWay--;
      this.#options.progress(++this.#done, this.#underWay);
    }
  }

  async #create(atMs: number): Promise<void> {
    const client = this.#nextClient();
    const id = await client.create();
    try {
      await client.execute(id);
      this.#sample('create', atMs);
    } finally {
      await client.delete(id);
    }
  }

  /** One of the sessions that have thought long enough; which way it comes back is decided by chance. */
  async #use(atMs: number): Promise<void> {
    const { random, thinkMs } = this.#options;
    const now = performance.now() - this.#begun;
    const free = this.#used.filter(({ freeAt }) => freeAt <= now);
    const from = free.length > 0 ? free : this.#used;
    const used = from[Math.floor(random() * from.length)]!;
    // Nobody else takes it until what is done with it is over: its way would not be what it seems.
    used.freeAt = Number.POSITIVE_INFINITY;
    const { client, id, version } = used;
    // In one that is in use, it waits its turn: that is what a user would see.
    const path = free.length > 0 ? this.#pathByChance(random()) : 'live';
    try {
      let startMs = atMs;
      if (path === 'resume') {
        await client.hibernate(id);
        startMs = performance.now() - this.#begun;
      } else if (path === 'rollback') await client.rollback(id, version);
      await client.execute(id);
      this.#sample(path, startMs);
    } finally {
      used.freeAt = performance.now() - this.#begun + thinkMs;
    }
  }

  #pathByChance(chance: number): Path {
    if (chance < 0.1) return 'resume';
    return chance < 0.2 ? 'rollback' : 'live';
  }

  #sample(path: Path, sinceMs: number): void {
    this.#samplesMs[path].push(performance.now() - this.#begun - sinceMs);
  }

  #nextClient(): LoadClient {
    const { clients } = this.#options;
    return clients[this.#clientTurn++ % clients.length]!;
  }
}
