// What a session may be, by all that its clients were told. Of what is in doubt (there was no answer) each outcome is kept, until
// the session shows which it is. A state that is not among them is a broken promise.
import {
  afterProgram,
  afterPut,
  afterRestart,
  includes,
  type State,
  type States,
  shown,
  union,
} from './state.ts';

export type Policy = 'none' | 'hibernate' | 'interval' | 'execution';

export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

export class SessionModel {
  policy: Policy;
  /** What the container may hold. */
  #live: States;
  /** What the session comes back with when the container goes. */
  #durable: States;
  /** What each version may hold that a client asked for, or was told of. */
  readonly #versions = new Map<number, States>();
  /** Some time since the last `settled` the policy was to store by itself, at moments that nobody is told. */
  #storesByItself: boolean;
  #leftInterval = false;
  #containerKilled = false;
  #startsMayFail = false;
  #shown: State | null = null;

  constructor(policy: Policy, state: States) {
    this.policy = policy;
    this.#storesByItself = policy === 'interval';
    this.#live = state;
    this.#durable = state;
  }

  get live(): States {
    return this.#live;
  }

  get versions(): readonly number[] {
    return [...this.#versions.keys()];
  }

  get canLose(): boolean {
    return this.#containerKilled || this.#startsMayFail;
  }

  // --- faults -----------------------------------------------------------------------------------------------------

  /** From now on the container may be found gone. */
  containerKilled(): void {
    this.#containerKilled = true;
    this.#drift();
  }

  /** A session that sleeps may fail to wake, for the engine is away. */
  engineCut(): void {
    this.#startsMayFail = true;
  }

  /** All faults are over and were noticed: what the session has shown last is what it is. */
  settled(): void {
    if (this.#shown !== null) this.#live = [this.#shown];
    this.#containerKilled = false;
    this.#startsMayFail = false;
    this.#storesByItself = this.policy === 'interval' || this.#leftInterval;
    this.#leftInterval = false;
  }

  // --- what clients were told ---------------------------------------------------------------------------------------

  configured(policy: Policy): void {
    // What was due stays so.
    if (this.policy === 'interval' && policy !== 'interval') this.#leftInterval = true;
    this.policy = policy;
    if (policy === 'interval') this.#storesByItself = true;
    this.#drift();
  }

  /** A program has succeeded, and told this state. */
  ran(key: string, state: State): void {
    this.#drift();
    const allowed = this.#live.map((before) => afterProgram(before, key));
    this.#is(state, allowed, `after the program ${key}`);
    this.#changed();
  }

  /** An execution is told to be lost: what it did is gone, and all that was not stored. */
  lost(what: string): void {
    this.#drift();
    if (this.#containerKilled) {
      this.#live = this.#durable;
      return;
    }
    // A session that slept could not wake: it had nothing that was not stored.
    const asleep = this.#live.filter((state) => includes(this.#durable, state));
    if (!this.#startsMayFail || asleep.length === 0)
      throw new BrokenPromise(`${what} is lost, but nobody killed its container`);
    this.#live = asleep;
    this.#durable = asleep;
  }

  /** The session has told this state; `when`, for the message. */
  seen(state: State, when: string): void {
    this.#drift();
    this.#is(state, this.#live, when);
    // It was an execution: its end was stored with the state.
    this.#changed();
  }

  put(content: string): void {
    this.#drift();
    this.#live = union(this.#live.map((state) => afterPut(state, content)));
    this.#changed();
  }

  mayHavePut(content: string): void {
    this.#drift();
    const written = this.#live.map((state) => afterPut(state, content));
    this.#live = union(this.#live, written);
    if (this.policy === 'execution') this.#durable = union(this.#durable, written);
    this.#drift();
  }

  /** The content of the file was read. */
  readPut(content: string | null): void {
    this.#drift();
    const fitting = this.#live.filter(({ put }) => put === content);
    if (fitting.length === 0)
      throw new BrokenPromise(`the file holds ${content}; allowed: ${shown(this.#live)}`);
    this.#live = fitting;
  }

  /** The session stands on this version, which holds what it is. */
  stored(version: number): void {
    this.#drift();
    this.#versions.set(version, this.#live);
    this.#durable = this.#live;
    this.#drift();
  }

  /** What it is was stored, as a version of which nobody told the number. */
  wasStored(): void {
    this.#drift();
    this.#durable = this.#live;
    this.#drift();
  }

  mayHaveStored(): void {
    this.#drift();
    this.#durable = union(this.#durable, this.#live);
    this.#drift();
  }

  /** Its variables were forgotten; where it has a version, that was stored. */
  restarted(): void {
    this.#drift();
    this.#live = union(this.#live.map(afterRestart));
    this.#durable = this.policy === 'execution' ? this.#live : union(this.#durable, this.#live);
    this.#drift();
  }

  mayHaveRestarted(): void {
    this.#drift();
    const restarted = this.#live.map(afterRestart);
    this.#live = union(this.#live, restarted);
    this.#durable = union(this.#durable, restarted);
    this.#drift();
  }

  wentBack(version: number): void {
    this.#live = this.#of(version);
    this.#durable = this.#live;
    this.#drift();
  }

  mayHaveGoneBack(version: number): void {
    this.#drift();
    this.#live = union(this.#live, this.#of(version));
    this.#durable = union(this.#durable, this.#of(version));
  }

  /** The session says that it stands on this version. */
  standsOn(version: number | null): void {
    const known = version === null ? undefined : this.#versions.get(version);
    if (known === undefined) return;
    const possible = known.filter((state) => includes(this.#durable, state));
    if (possible.length === 0)
      throw new BrokenPromise(
        `it stands on version ${version}, ${shown(known)}; allowed: ${shown(this.#durable)}`,
      );
    this.#durable = possible;
    this.#versions.set(version!, possible);
  }

  // --- helpers ------------------------------------------------------------------------------------------------------

  /** What may happen at any moment without anybody being told. */
  #drift(): void {
    if (this.#storesByItself) this.#durable = union(this.#durable, this.#live);
    if (this.#containerKilled) this.#live = union(this.#live, this.#durable);
  }

  #is(state: State, allowed: States, when: string): void {
    if (!includes(allowed, state))
      throw new BrokenPromise(
        `${when} it holds ${shown([state])}; allowed: ${shown(allowed)} (policy ${this.policy})`,
      );
    this.#live = [state];
    this.#shown = state;
  }

  #changed(): void {
    if (this.policy === 'execution') this.#durable = this.#live;
    this.#drift();
  }

  #of(version: number): States {
    return this.#versions.get(version)!;
  }

  /** Of a fork: what it begins with. */
  statesOf(version: number): States {
    return this.#of(version);
  }
}
