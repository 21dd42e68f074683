// Fills the warm pool up: starts what is wanted and missing, a few at a time, warms it up, and waits longer after each failure.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { ContainerLimits } from '../sandbox/hardening.ts';
import type { SandboxSource } from '../sandbox/sandbox-source.ts';
import { planRefill } from './plan-refill.ts';
import type { PoolClass, WaitingSandbox } from './pool-class.ts';

export type RefillOptions = {
  readonly source: Pick<SandboxSource, 'plan' | 'release' | 'start'>;
  /** What sandboxes are made from at the moment. */
  readonly image: (signal: AbortSignal) => Promise<string>;
  /** Waiting sandboxes of all classes. */
  readonly ceiling: number;
  /** What sessions leave of the memory that all sandboxes together may have. */
  readonly memoryBytesLeft: () => number;
  readonly startsAtOnceMax: number;
  readonly startMsMax: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type RefillOwner = {
  /** Those to be filled, in the order in which they get what the ceiling allows. */
  readonly classes: () => readonly PoolClass[];
  /** One is ready: it is the owner's now. */
  readonly started: (one: PoolClass, waiting: WaitingSandbox) => void;
  /** One is more than wanted, and taken out. */
  readonly surplus: (waiting: WaitingSandbox) => void;
};

export type RefillFigures = {
  /** Waiting sandboxes of all classes that there should be. */
  readonly wanted: number;
  readonly failedStarts: number;
  /** How long a start takes, as lately measured. */
  readonly startMs: number;
};

/** From a change to the refill. */
const delayMs = 50;
/** Nobody took one for so long: no burst is under way. */
const quietMs = 100;
/** The longest that the refill stands back for a burst. */
const burstMsMax = 1_000;
/** Until the first start is measured. */
const startMsGuess = 500;
/** Weight of the newest measurement. */
const startMsShare = 0.25;
const retryMsMin = 1_000;
const retryMsMax = 30_000;

export class Refill implements AsyncDisposable {
  readonly #options: RefillOptions;
  readonly #owner: RefillOwner;
  readonly #stop = new AbortController();
  readonly #starts = new Set<Promise<void>>();
  #wanted = 0;
  #failedStarts = 0;
  #startMs = startMsGuess;
  #urgentStarts = 0;
  /** In a row. */
  #failures = 0;
  #retryAt = 0;
  #opened = false;
  #cancelNext: (() => void) | null = null;
  /** When the first one was taken that the refill has stood back for since, monotonic milliseconds. */
  #takenAt: number | null = null;

  constructor(options: RefillOptions, owner: RefillOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  get figures(): RefillFigures {
    return { wanted: this.#wanted, failedStarts: this.#failedStarts, startMs: this.#startMs };
  }

  /** Begins. */
  open(): void {
    this.#opened = true;
    this.now();
  }

  /** Something has changed. */
  soon(afterMs = delayMs): void {
    if (!this.#opened || this.#stop.signal.aborted || this.#cancelNext !== null) return;
    this.#cancelNext = this.#options.clock.after(afterMs, () => this.now());
  }

  /**
   * One was given away, and so many are left. Whoever has it comes first, and those who follow at once do: starts would take the
   * processor from them. Where nothing is left to give, waiting helps nobody.
   */
  taken(left: number): void {
    const now = this.#options.clock.monotonic();
    this.#takenAt ??= now;
    const burstMsLeft = Math.max(0, this.#takenAt + burstMsMax - now);
    this.#cancelNext?.();
    this.#cancelNext = null;
    this.soon(left === 0 ? Math.min(delayMs, burstMsLeft) : Math.min(quietMs, burstMsLeft));
  }

  now(): void {
    this.#cancelNext?.();
    this.#cancelNext = null;
    this.#takenAt = null;
    const { clock, ceiling, startsAtOnceMax, memoryBytesLeft } = this.#options;
    const now = clock.monotonic();
    const classes = this.#owner.classes();
    const plans = planRefill({
      classes: classes.map((one) => ({
        floor: one.floor,
        arrivals: one.arrivals(now),
        ready: one.ready.length,
        starting: one.starting,
        memoryBytes: one.limits.memoryBytes,
      })),
      ceiling,
      memoryBytesLeft: memoryBytesLeft(),
      startMs: this.#startMs,
      startsAtOnceMax,
      urgentStarts: this.#urgentStarts,
    });
    this.#wanted = plans.reduce((sum, { wanted }) => sum + wanted, 0);
    for (const [index, { start, surplus }] of plans.entries()) {
      const one = classes[index]!;
      for (const waiting of one.ready.splice(0, surplus)) this.#owner.surplus(waiting);
      if (now < this.#retryAt) continue;
      for (let i = 0; i < start; i++) this.#begin(one);
    }
    if (now < this.#retryAt) this.soon(this.#retryAt - now);
  }

  /** Somebody waits for a start until the result is called: the pool stands back. */
  urgentStart(): () => void {
    this.#urgentStarts++;
    return () => {
      this.#urgentStarts--;
      this.soon();
    };
  }

  /** Something is wrong with the engine, the image or the machine: the next start waits longer each time. */
  backOff(): void {
    const waitMs = Math.min(retryMsMin * 2 ** this.#failures, retryMsMax);
    this.#failures++;
    this.#retryAt = this.#options.clock.monotonic() + waitMs;
    this.soon();
  }

  /** Sandboxes start and stay well: the next failure counts as the first. */
  recovered(): void {
    this.#failures = 0;
  }

  /** Gives up the starts that are under way. Resolves when nothing is left of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new AppError('shutting_down'));
    this.#cancelNext?.();
    await Promise.allSettled(this.#starts);
  }

  #begin(one: PoolClass): void {
    const start = this.#start(one);
    this.#starts.add(start);
    void start.finally(() => this.#starts.delete(start));
  }

  async #start(one: PoolClass): Promise<void> {
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
      this.#startMs += (readyAt - begun - this.#startMs) * startMsShare;
      this.#owner.started(one, { record, sandbox, limits: one.limits, image: imageNow, readyAt });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#failedStarts++;
      log.warn({ err: error }, 'a waiting sandbox did not start');
      this.backOff();
    } finally {
      cancel();
      one.starting--;
      this.soon(0);
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
}
