// Sandboxes that are ready before anybody wants one: started, linked, with a warm engine, and configured for nobody. Each is given
// to one session, once. The pool fills up behind those that it gave away, and puts away what is old, lost or outdated.
import { AppError } from '../foundation/errors.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { ContainerLimits } from '../sandbox/hardening.ts';
import { PoolClass, type WaitingSandbox } from './pool-class.ts';
import { PoolClasses } from './pool-classes.ts';
import { Refill, type RefillFigures, type RefillOptions } from './refill.ts';

export type WarmPoolOptions = RefillOptions & {
  /** Of the class that always has `floor` waiting. */
  readonly limits: ContainerLimits;
  readonly floor: number;
  readonly ageMsMax: number;
};

export type RetirementReason = 'aged' | 'lost' | 'outdated' | 'surplus' | 'unfit' | 'shutdown';

/** What the pool has and has done. */
export type PoolFigures = RefillFigures & {
  readonly ready: number;
  readonly starting: number;
  readonly hits: number;
  readonly misses: number;
  readonly retired: Readonly<Record<RetirementReason, number>>;
};

const checkMs = 15_000;

export class WarmPool implements AsyncDisposable {
  readonly #options: WarmPoolOptions;
  readonly #classes: PoolClasses;
  /** Given away, and not yet fetched. */
  readonly #taken = new Map<string, WaitingSandbox>();
  readonly #stop = new AbortController();
  readonly #refill: Refill;
  /** Checks and removals. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #retired = { aged: 0, lost: 0, outdated: 0, surplus: 0, unfit: 0, shutdown: 0 };
  #hits = 0;
  #misses = 0;
  #cancelCheck: () => void = () => {};

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    this.#classes = new PoolClasses(new PoolClass(options.limits, options.floor));
    this.#refill = new Refill(options, {
      classes: () => {
        this.#classes.forget(options.clock.monotonic());
        return this.#classes.all;
      },
      started: (one, waiting) => this.#add(one, waiting),
      surplus: (waiting) => this.#dispose(waiting, 'surplus'),
    });
  }

  /** Begins to fill. */
  open(): void {
    this.#refill.open();
    this.#checkLater();
  }

  get figures(): PoolFigures {
    const sum = (count: (one: PoolClass) => number) =>
      this.#classes.all.reduce((total, one) => total + count(one), 0);
    return {
      ready: sum(({ ready }) => ready.length),
      starting: sum(({ starting }) => starting),
      hits: this.#hits,
      misses: this.#misses,
      retired: { ...this.#retired },
      ...this.#refill.figures,
    };
  }

  /** Reserves one that can be given these limits; null when none waits. */
  take(limits: ContainerLimits): SandboxRecord | null {
    if (this.#stop.signal.aborted) return null;
    const { one, dropped } = this.#classes.want(limits);
    for (const waiting of dropped) this.#dispose(waiting, 'surplus');
    one.arrive(this.#options.clock.monotonic());
    const waiting = one.take() ?? this.#classes.takeAlike(limits);
    this.#refill.taken(one.ready.length);
    if (waiting === null) {
      this.#misses++;
      return null;
    }
    this.#hits++;
    this.#taken.set(waiting.record.sandboxId, waiting);
    return waiting.record;
  }

  /** Hands over what was reserved: it is the caller's now. Null when it was lost in the meantime. */
  fetch(sandboxId: string): WaitingSandbox | null {
    const waiting = this.#taken.get(sandboxId) ?? null;
    this.#taken.delete(sandboxId);
    return waiting;
  }

  /** What was reserved is not needed: nobody has touched it, so it waits again. False when it is none of those. */
  giveBack(sandboxId: string): boolean {
    const waiting = this.fetch(sandboxId);
    if (waiting === null) return false;
    const known = this.#classes.find(waiting.limits);
    if (this.#stop.signal.aborted) this.#dispose(waiting, 'shutdown');
    else if (known === null) this.#dispose(waiting, 'surplus');
    else known.ready.unshift(waiting);
    return true;
  }

  /** Puts away one that was fetched and cannot be used. */
  discard(waiting: WaitingSandbox): void {
    this.#dispose(waiting, 'unfit');
  }

  /** Somebody waits for a start until the result is called: the pool stands back. */
  urgentStart(): () => void {
    return this.#refill.urgentStart();
  }

  /** Gives up starts and removes whatever waits. Resolves when that is done, as far as the engine does it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new AppError('shutting_down'));
    this.#cancelCheck();
    const refilled = this.#refill[Symbol.asyncDispose]();
    const left = [...this.#taken.values(), ...this.#classes.takeAll()];
    this.#taken.clear();
    for (const waiting of left) this.#dispose(waiting, 'shutdown');
    // What has just started is put away, too.
    await refilled;
    await Promise.allSettled(this.#underWay);
  }

  #add(one: PoolClass, waiting: WaitingSandbox): void {
    if (this.#stop.signal.aborted) {
      this.#dispose(waiting, 'shutdown');
      return;
    }
    if (this.#classes.find(one.limits) !== one) {
      this.#dispose(waiting, 'surplus');
      return;
    }
    one.ready.push(waiting);
    this.#options.log.debug({ sandboxId: waiting.record.sandboxId }, 'sandbox waits');
    void waiting.sandbox.lost.then((loss) => {
      const { sandboxId } = waiting.record;
      if (!this.#classes.remove(waiting) && !this.#taken.delete(sandboxId)) return;
      this.#options.log.warn({ sandboxId, ...loss }, 'waiting sandbox lost');
      this.#dispose(waiting, 'lost');
      this.#refill.backOff();
    });
  }

  #checkLater(): void {
    this.#cancelCheck = this.#options.clock.after(checkMs, () => this.#track(this.#check()));
  }

  async #check(): Promise<void> {
    const { image, clock, ageMsMax, log } = this.#options;
    // What has waited through a whole interval is well.
    const now = clock.monotonic();
    const isWell = ({ readyAt, sandbox }: WaitingSandbox) =>
      now - readyAt >= checkMs && sandbox.agent.connected;
    if (this.#classes.all.some(({ ready }) => ready.some(isWell))) this.#refill.recovered();
    // One at a time, for they may all have been started together.
    const aged = this.#classes.takeFirst(({ readyAt }) => now - readyAt >= ageMsMax);
    if (aged !== null) this.#dispose(aged, 'aged');
    try {
      const imageNow = await image(this.#stop.signal);
      for (;;) {
        const outdated = this.#classes.takeFirst((waiting) => waiting.image !== imageNow);
        if (outdated === null) break;
        this.#dispose(outdated, 'outdated');
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      log.warn({ err: error }, 'could not look at the image of the sandboxes');
    }
    if (this.#stop.signal.aborted) return;
    this.#refill.now();
    this.#checkLater();
  }

  #dispose(waiting: WaitingSandbox, reason: RetirementReason): void {
    this.#retired[reason]++;
    const { source, log } = this.#options;
    const { record, sandbox } = waiting;
    const removal = async () => {
      try {
        await sandbox[Symbol.asyncDispose]();
      } catch (error) {
        log.warn({ sandboxId: record.sandboxId, err: error }, 'sandbox could not be removed');
      }
      source.release(record);
    };
    this.#track(removal());
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}
