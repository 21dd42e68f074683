// Keeps one session in a sandbox: starts one, takes over a living one, notices when it is lost, puts it away. It knows
// nothing of executions; what it learns it tells its owner, each time with the sandbox it is about.
import type { AgentEvent, ConfigureRequest } from '#protocol';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { spanned, type Tracer } from '../foundation/trace.ts';
import type { SandboxRecord, SessionLimits } from '../registry/records.ts';
import type { Agent, Sandbox } from '../sandbox/agent.ts';
import type { SandboxSource } from '../sandbox/sandbox-source.ts';
import { pumpEvents } from './event-pump.ts';
import type { Loss } from './losses.ts';
import { isStateFault } from './snapshots.ts';
import type { Uses } from './uses.ts';

export type KeeperOwner = {
  /** Stores a batch; events of a sandbox that is not the current one any more must be ignored. */
  events(sandbox: Sandbox, batch: readonly AgentEvent[]): Promise<void>;
  /** The sandbox is gone or not to be trusted any more. Told once per sandbox, never after `putAway`. */
  lost(sandbox: Sandbox, loss: Loss): void;
};

export type SandboxSettings = {
  readonly limits: SessionLimits;
  readonly configure: ConfigureRequest;
  /** Gives it what it may reach. */
  readonly permit: (sandbox: Sandbox) => Promise<void>;
  /** What else belongs to the start, such as bringing a state back. */
  readonly prepare: (agent: Agent, signal: AbortSignal) => Promise<void>;
};

/** One that waited answers at once; if it does not, a fresh one is there sooner than anybody would wait for it. */
const waitingAnswerMsMax = 2_000;

export class SandboxKeeper {
  readonly #source: SandboxSource;
  readonly #owner: KeeperOwner;
  readonly #took: (sandbox: Sandbox) => void;
  readonly #log: Log;
  readonly #startMsMax: number;
  readonly #uses: Uses;
  readonly #tracer: Tracer | undefined;
  #current: Sandbox | null = null;
  #record: SandboxRecord | null = null;
  #starting: AbortController | null = null;
  /** How often everything was given up. */
  #ends = 0;
  /** Starts and removals that have not come to their end. */
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: {
    source: SandboxSource;
    owner: KeeperOwner;
    /** Called with each sandbox as soon as there is one, before anything is asked of it. */
    took: (sandbox: Sandbox) => void;
    log: Log;
    startMsMax: number;
    /** Starts and removals that are under way are among them. */
    uses: Uses;
    tracer: Tracer | undefined;
  }) {
    this.#source = options.source;
    this.#owner = options.owner;
    this.#took = options.took;
    this.#log = options.log;
    this.#startMsMax = options.startMsMax;
    this.#uses = options.uses;
    this.#tracer = options.tracer;
  }

  get current(): Sandbox | null {
    return this.#current;
  }

  /** A sandbox for a planned identity, configured and prepared. Throws AppErrors; then nothing is left of it. */
  start(plan: SandboxRecord, settings: SandboxSettings): Promise<Sandbox> {
    return this.#track(this.#start(plan, settings));
  }

  /**
   * As `start`, where no crash is to be survived: plans by itself. A waiting sandbox that is no good gives way to a fresh one.
   */
  async startUnstored(
    settings: SandboxSettings,
  ): Promise<{ sandbox: Sandbox; plan: SandboxRecord }> {
    const ends = this.#ends;
    for (let fresh = false; ; fresh = true) {
      const plan = this.#source.plan(settings.limits, { fresh });
      try {
        return { sandbox: await this.start(plan, settings), plan };
      } catch (error) {
        const wasWaiting = plan.runtimeId !== null;
        if (!wasWaiting || this.#ends !== ends || isStateFault(error)) throw error;
      }
    }
  }

  async #start(
    plan: SandboxRecord,
    { limits, configure, permit, prepare }: SandboxSettings,
  ): Promise<Sandbox> {
    const starting = new AbortController();
    this.#starting = starting;
    const signal = AbortSignal.any([starting.signal, AbortSignal.timeout(this.#startMsMax)]);
    try {
      const sandbox = await this.#source.start(plan, limits, signal).catch((error: unknown) => {
        this.#source.release(plan);
        throw error;
      });
      this.#took(sandbox);
      try {
        const patience =
          plan.runtimeId === null
            ? signal
            : AbortSignal.any([signal, AbortSignal.timeout(waitingAnswerMsMax)]);
        await permit(sandbox);
        await spanned(this.#tracer, 'agent configure', {}, () =>
          sandbox.agent.configure(configure, patience),
        );
        await prepare(sandbox.agent, signal);
      } catch (error) {
        await this.#dispose(sandbox, plan);
        throw error;
      }
      return sandbox;
    } finally {
      // Another start may have taken its place.
      if (this.#starting === starting) this.#starting = null;
    }
  }

  /** Takes over the container of an earlier process; null when it does not run any more. */
  async adopt(record: SandboxRecord, agentSeq: number): Promise<Sandbox | null> {
    const sandbox = await this.#source.adopt(
      record,
      agentSeq,
      AbortSignal.timeout(this.#startMsMax),
    );
    if (sandbox === null) this.#source.release(record);
    else this.#took(sandbox);
    return sandbox;
  }

  /**
   * Makes a started or adopted sandbox the current one and follows its events and its end. What it said before it was lost
   * is stored before its loss is told.
   */
  use(sandbox: Sandbox, record: SandboxRecord): void {
    this.#current = sandbox;
    this.#record = record;
    const pumping = pumpEvents(sandbox.agent, (batch) => this.#owner.events(sandbox, batch));
    const loss = pumping.then(
      () => sandbox.lost,
      (error: unknown) => Promise.race([sandbox.lost, breach(error)]),
    );
    void loss.then((loss) => {
      if (this.#current === sandbox) this.#owner.lost(sandbox, loss);
    });
  }

  /**
   * Gives up a start that is under way, and destroys the current sandbox. That is begun at once; resolves when nothing is left, or
   * the engine will not remove it: then it is an orphan. Never rejects.
   */
  async putAway(): Promise<void> {
    this.#ends++;
    this.#starting?.abort(new AppError('sandbox_lost'));
    if (this.#current && this.#record) this.discard(this.#current, this.#record);
    this.#current = null;
    this.#record = null;
    await Promise.allSettled(this.#underWay);
  }

  /** Resolves when what has been begun up to now is at its end. */
  removed(): Promise<unknown> {
    return Promise.allSettled(this.#underWay);
  }

  /** Destroys a sandbox that is not the current one, beside whatever comes next: the engine may take its time. */
  discard(sandbox: Sandbox, record: SandboxRecord): void {
    void this.#track(this.#dispose(sandbox, record));
  }

  /** Leaves the container to the next process. */
  leave(): void {
    this.#ends++;
    this.#starting?.abort(new AppError('shutting_down'));
    this.#current = null;
  }

  async #dispose(sandbox: Sandbox, record: SandboxRecord): Promise<void> {
    try {
      await sandbox[Symbol.asyncDispose]();
    } catch (error) {
      // SECURITY: its container may still run, so nobody else gets its user id.
      this.#log.warn({ sandboxId: sandbox.sandboxId, err: error }, 'sandbox could not be removed');
      return;
    }
    this.#source.release(record);
  }

  #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay.add(work);
    const release = this.#uses.take();
    const forget = () => {
      this.#underWay.delete(work);
      release();
    };
    work.then(forget, forget);
    return work;
  }
}

function breach(error: unknown): Loss {
  return { reason: 'protocol', detail: error instanceof Error ? error.message : String(error) };
}
