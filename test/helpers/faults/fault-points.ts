// The moments at which a process can be killed: before and after every call that changes something outside of it. They are
// found by watching, not listed. Calls belong to a label, the name of the session that they are made for.
import { AsyncLocalStorage } from 'node:async_hooks';

/** Calls that belong to no session, and all that a start of the service does until it listens. */
export const serviceLabel = 'service';

/** `<call>/<how often this one was made>/<before, midway or after>` */
export type Step = string;

export type Trace = {
  readonly steps: readonly Step[];
  /** Calls that have not returned. */
  readonly underWay: number;
};

type Watch = {
  readonly target: Step | null;
  readonly counts: Map<string, number>;
  readonly steps: Step[];
  underWay: number;
  stopped: boolean;
};

export class FaultPoints {
  readonly #scope = new AsyncLocalStorage<string>();
  readonly #names = new Map<string, string>();
  readonly #watches = new Map<string, Watch>();
  readonly #reached: (label: string) => void;
  #serves = false;

  /** `reached`: a label has come to its target; nothing more is done for it. */
  constructor(reached: (label: string) => void) {
    this.#reached = reached;
  }

  /** From now on, the steps of this label are noted, and it stops for ever at `target`. */
  watch(label: string, target: Step | null): void {
    const fresh = { counts: new Map(), steps: [], underWay: 0, stopped: false };
    this.#watches.set(label, { target, ...fresh });
  }

  trace(label: string): Trace {
    const { steps = [], underWay = 0 } = this.#watches.get(label) ?? {};
    return { steps, underWay };
  }

  /** The start is over: what belongs to sessions counts as theirs, and a step at which the start should have died is too late. */
  serves(): void {
    this.#serves = true;
    if (this.#watches.get(serviceLabel)?.target) this.#watches.delete(serviceLabel);
  }

  /** The session with this id is known by its name. */
  rename(sessionId: string, name: string): void {
    this.#names.set(sessionId, name);
  }

  /** What `work` does and whatever comes of it is done for this session. */
  within<Result>(idOrName: string, work: () => Result): Result {
    return this.#scope.run(this.#nameOf(idOrName), work);
  }

  /** The rest of what the caller does is done for this session. */
  enter(idOrName: string): void {
    this.#scope.enterWith(this.#nameOf(idOrName));
  }

  /** A call begins for whom it is made at this moment. Call `before` next. */
  begin(call: string): FaultCall {
    const label = (this.#serves && this.#scope.getStore()) || serviceLabel;
    return new FaultCall(this.#watches.get(label) ?? null, call, () => this.#reached(label));
  }

  #nameOf(idOrName: string): string {
    return this.#names.get(idOrName) ?? idOrName;
  }
}

export class FaultCall {
  readonly #watch: Watch | null;
  readonly #name: string;
  readonly #reached: () => void;

  constructor(watch: Watch | null, call: string, reached: () => void) {
    this.#watch = watch;
    this.#reached = reached;
    const count = (watch?.counts.get(call) ?? 0) + 1;
    watch?.counts.set(call, count);
    this.#name = `${call}/${count}`;
  }

  /** True when nothing may happen any more for whom this call is made. */
  stops(phase: 'before' | 'midway' | 'after'): boolean {
    const watch = this.#watch;
    if (watch === null) return false;
    if (watch.stopped) return true;
    const step = `${this.#name}/${phase}`;
    watch.steps.push(step);
    watch.underWay += phase === 'before' ? 1 : phase === 'after' ? -1 : 0;
    watch.stopped = step === watch.target;
    if (watch.stopped) this.#reached();
    return watch.stopped;
  }

  /** Never resolves when nothing may happen any more. */
  async pass(phase: 'before' | 'midway' | 'after'): Promise<void> {
    if (this.stops(phase)) await new Promise(() => {});
  }

  /** It has ended in some other way than by coming to its last point. */
  abandon(): void {
    if (this.#watch !== null) this.#watch.underWay--;
  }

  /** Does the work between its two points. */
  async around<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.pass('before');
    let result: Result;
    try {
      result = await work();
    } catch (error) {
      this.abandon();
      throw error;
    }
    await this.pass('after');
    return result;
  }
}
