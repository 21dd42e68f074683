// Sandboxes that are ready before anybody wants one: started, linked, with a warm engine, and configured for nobody. Each is given
// to one session, once. The pool fills up behind those that it gave away, and puts away what is old, lost or outdated.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { ContainerLimits } from '../sandbox/hardening.ts';
import type { SandboxSource } from '../sandbox/sandbox-source.ts';
import { planRefill } from './plan-refill.ts';
import { classKey, PoolClass, type WaitingSandbox } from './pool-class.ts';

export type WarmPoolOptions = {
  readonly source: Pick<SandboxSource, 'plan' | 'release' | 'start'>;
  /** What sandboxes are made from at the moment; they are outdated when it becomes another. */
  readonly image: (signal: AbortSignal) => Promise<string>;
  /** Of the class that always has `floor` waiting. */
  readonly limits: ContainerLimits;
  readonly floor: number;
  /** Waiting sandboxes of all classes. */
  readonly ceiling: number;
  readonly startsAtOnceMax: number;
  readonly startMsMax: number;
  readonly ageMsMax: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type RetirementReason = 'aged' | 'lost' | 'outdated' | 'surplus' | 'unfit' | 'shutdown';

/** What the pool has and has done. */
export type PoolFigures = {
  readonly ready: number;
  readonly starting: number;
  readonly wanted: number;
  readonly hits: number;
  readonly misses: number;
  readonly failedStarts: number;
  readonly retired: Readonly<Record<RetirementReason, number>>;
  /** How long a start takes, as lately measured. */
  readonly startMs: number;
};

/** Limits that nobody has by default; past it, the class that was wanted longest ago gives way. */
const classesMax = 8;
/** From a change to the refill: the request that it served goes first. */
const refillDelayMs = 50;
const checkMs = 15_000;
/** Until the first start is measured. */
const startMsGuess = 500;
/** Weight of the newest measurement. */
const startMsShare = 0.25;
const retryMsMin = 1_000;
const retryMsMax = 30_000;

export class WarmPool implements AsyncDisposable {
  readonly #options: WarmPoolOptions;
  readonly #standard: PoolClass;
  /** By limits; the standard class is the first. */
  readonly #classes = new Map<string, PoolClass>();
  /** Given away, and not yet fetched. */
  readonly #taken = new Map<string, WaitingSandbox>();
  readonly #stop = new AbortController();
  /** Starts and removals. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #retired = { aged: 0, lost: 0, outdated: 0, surplus: 0, unfit: 0, shutdown: 0 };
  #hits = 0;
  #misses = 0;
  #failedStarts = 0;
  #wanted = 0;
  #startMs = startMsGuess;
  #urgentStarts = 0;
  /** In a row. */
  #failures = 0;
  #retryAt = 0;
  #opened = false;
  #cancelRefill: (() => void) | null = null;
  #cancelCheck: () => void = () => {};

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    this.#standard = new PoolClass(options.limits, options.floor);
    this.#classes.set(classKey(options.limits), this.#standard);
  }

  /** Begins to fill. */
  open(): void {
    this.#opened = true;
    this.#refill();
    this.#checkLater();
  }

  get figures(): PoolFigures {
    const classes = [...this.#classes.values()];
    const sum = (count: (one: PoolClass) => number) =>
      classes.reduce((total, one) => total + count(one), 0);
    return {
      ready: sum(({ ready }) => ready.length),
      starting: sum(({ starting }) => starting),
      wanted: this.#wanted,
      hits: this.#hits,
      misses: this.#misses,
      failedStarts: this.#failedStarts,
      retired: { ...this.#retired },
      startMs: this.#startMs,
    };
  }

  /** Reserves one that can be given these limits; null when none waits. */
  take(limits: ContainerLimits): SandboxRecord | null {
    if (this.#stop.signal.aborted) return null;
    const wanted = this.#classOf(limits);
    wanted.arrive(this.#options.clock.monotonic());
    const waiting = wanted.take() ?? this.#alike(limits);
    this.#refillSoon();
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
    const known = this.#classes.get(classKey(waiting.limits));
    if (this.#stop.signal.aborted) this.#dispose(waiting, 'shutdown');
    else if (known === undefined) this.#dispose(waiting, 'surplus');
    else known.ready.unshift(waiting);
    return true;
  }

  /** Puts away one that was fetched and cannot be used. */
  discard(waiting: WaitingSandbox): void {
    this.#dispose(waiting, 'unfit');
  }

  /** Somebody waits for a start until the result is called: the pool stands back. */
  urgentStart(): () => void {
    this.#urgentStarts++;
    return () => {
      this.#urgentStarts--;
      this.#refillSoon();
    };
  }

  /** Gives up starts and removes whatever waits. Resolves when that is done, as far as the engine does it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new AppError('shutting_down'));
    this.#cancelCheck();
    this.#cancelRefill?.();
    for (const waiting of this.#taken.values()) this.#dispose(waiting, 'shutdown');
    this.#taken.clear();
    for (const { ready } of this.#classes.values())
      for (const waiting of ready.splice(0)) this.#dispose(waiting, 'shutdown');
    await Promise.allSettled(this.#underWay);
  }

  #classOf(limits: ContainerLimits): PoolClass {
    const key = classKey(limits);
    const known = this.#classes.get(key);
    if (known === this.#standard) return known;
    const wanted = known ?? new PoolClass(limits, 0);
    // The last of the map is the one that was wanted last.
    this.#classes.delete(key);
    this.#classes.set(key, wanted);
    if (this.#classes.size > classesMax) {
      const [, oldest] = this.#classes.keys();
      this.#drop(oldest!);
    }
    return wanted;
  }

  #drop(key: string): void {
    const { ready } = this.#classes.get(key)!;
    this.#classes.delete(key);
    for (const waiting of ready) this.#dispose(waiting, 'surplus');
  }

  /** One of another class whose other limits can be changed while it runs. */
  #alike({ workspaceBytes }: ContainerLimits): WaitingSandbox | null {
    for (const one of this.#classes.values()) {
      if (one.limits.workspaceBytes !== workspaceBytes) continue;
      const waiting = one.take();
      if (waiting !== null) return waiting;
    }
    return null;
  }

  // --- filling ------------------------------------------------------------------------------------------------------

  #refillSoon(delayMs = refillDelayMs): void {
    if (!this.#opened || this.#stop.signal.aborted || this.#cancelRefill !== null) return;
    this.#cancelRefill = this.#options.clock.after(delayMs, () => this.#refill());
  }

  #refill(): void {
    this.#cancelRefill?.();
    this.#cancelRefill = null;
    const { clock, ceiling, startsAtOnceMax } = this.#options;
    const now = clock.monotonic();
    for (const [key, one] of this.#classes) if (one.isForgotten(now)) this.#classes.delete(key);
    const classes = [...this.#classes.values()];
    const plans = planRefill({
      classes: classes.map((one) => ({
        floor: one.floor,
        arrivals: one.arrivals(now),
        ready: one.ready.length,
        starting: one.starting,
      })),
      ceiling,
      startMs: this.#startMs,
      startsAtOnceMax,
      urgentStarts: this.#urgentStarts,
    });
    this.#wanted = plans.reduce((sum, { wanted }) => sum + wanted, 0);
    for (const [index, { start, surplus }] of plans.entries()) {
      const one = classes[index]!;
      for (const waiting of one.ready.splice(0, surplus)) this.#dispose(waiting, 'surplus');
      if (now < this.#retryAt) continue;
      for (let i = 0; i < start; i++) this.#track(this.#startOne(one));
    }
    if (now < this.#retryAt) this.#refillSoon(this.#retryAt - now);
  }

  async #startOne(one: PoolClass): Promise<void> {
    const { source, image, clock, startMsMax, log } = this.#options;
    const begun = clock.monotonic();
    const late = new AbortController();
    const cancel = clock.after(startMsMax, () => late.abort(new AppError('deadline_exceeded')));
    const signal = AbortSignal.any([this.#stop.signal, late.signal]);
    one.starting++;
    try {
      const imageNow = await image(signal);
      const plan = source.plan(one.limits);
      const sandbox = await this.#startWarm(plan, one.limits, signal).catch((error: unknown) => {
        source.release(plan);
        throw error;
      });
      const readyAt = clock.monotonic();
      const record = { ...plan, runtimeId: sandbox.runtimeId, runtime: sandbox.runtime };
      const waiting = { record, sandbox, limits: one.limits, image: imageNow, readyAt };
      this.#startMs += (readyAt - begun - this.#startMs) * startMsShare;
      this.#add(one, waiting);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#failedStarts++;
      log.warn({ err: error }, 'a waiting sandbox did not start');
      this.#backOff();
    } finally {
      cancel();
      one.starting--;
      this.#refillSoon(0);
    }
  }

  async #startWarm(
    plan: SandboxRecord,
    limits: ContainerLimits,
    signal: AbortSignal,
  ): Promise<Sandbox> {
    const sandbox = await this.#options.source.start(plan, limits, signal);
    try {
      await sandbox.agent.prepare(signal);
      return sandbox;
    } catch (error) {
      await sandbox[Symbol.asyncDispose]();
      throw error;
    }
  }

  #add(one: PoolClass, waiting: WaitingSandbox): void {
    if (this.#stop.signal.aborted) {
      this.#dispose(waiting, 'shutdown');
      return;
    }
    if (this.#classes.get(classKey(one.limits)) !== one) {
      this.#dispose(waiting, 'surplus');
      return;
    }
    one.ready.push(waiting);
    this.#options.log.debug({ sandboxId: waiting.record.sandboxId }, 'sandbox waits');
    void waiting.sandbox.lost.then((loss) => {
      const { sandboxId } = waiting.record;
      if (!this.#remove(waiting) && !this.#taken.delete(sandboxId)) return;
      this.#options.log.warn({ sandboxId, ...loss }, 'waiting sandbox lost');
      this.#dispose(waiting, 'lost');
      this.#backOff();
    });
  }

  /** Something is wrong with the engine, the image or the machine: the next start waits longer each time. */
  #backOff(): void {
    const delayMs = Math.min(retryMsMin * 2 ** this.#failures, retryMsMax);
    this.#failures++;
    this.#retryAt = this.#options.clock.monotonic() + delayMs;
    this.#refillSoon();
  }

  // --- putting away -------------------------------------------------------------------------------------------------

  #checkLater(): void {
    this.#cancelCheck = this.#options.clock.after(checkMs, () => this.#track(this.#check()));
  }

  async #check(): Promise<void> {
    const { image, clock, ageMsMax, log } = this.#options;
    // What has waited through a whole interval is well.
    const now = clock.monotonic();
    const isWell = ({ readyAt, sandbox }: WaitingSandbox) =>
      now - readyAt >= checkMs && sandbox.agent.connected;
    for (const { ready } of this.#classes.values()) if (ready.some(isWell)) this.#failures = 0;
    // One at a time, for they may all have been started together.
    const aged = this.#firstWaiting(({ readyAt }) => now - readyAt >= ageMsMax);
    if (aged !== null) this.#dispose(aged, 'aged');
    try {
      const imageNow = await image(this.#stop.signal);
      for (;;) {
        const outdated = this.#firstWaiting((waiting) => waiting.image !== imageNow);
        if (outdated === null) break;
        this.#dispose(outdated, 'outdated');
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      log.warn({ err: error }, 'could not look at the image of the sandboxes');
    }
    if (this.#stop.signal.aborted) return;
    this.#refill();
    this.#checkLater();
  }

  #remove(waiting: WaitingSandbox): boolean {
    return [...this.#classes.values()].some((one) => one.remove(waiting));
  }

  /** Takes it out. */
  #firstWaiting(condition: (waiting: WaitingSandbox) => boolean): WaitingSandbox | null {
    for (const one of this.#classes.values()) {
      const found = one.ready.find(condition);
      if (found && one.remove(found)) return found;
    }
    return null;
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
