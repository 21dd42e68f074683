// The room that one sandbox has in the budget of the service, from before it is started until it is gone.
import { type Amounts, amountsOf, minus, nothing, plus } from './amounts.ts';
import type { HolderFacts } from './plan-reclaim.ts';

/** Whose room it is, as far as it can be asked to give it back. */
export interface RoomOwner {
  /** Since when nobody uses it, milliseconds since 1970; null while somebody does. */
  readonly idleSince: number | null;
  /** It may be stored and put away. */
  readonly keepsState: boolean;
  readonly canPause: boolean;
  /** Resolves when it is put away, or frozen; rejects when it cannot be, because it is used now for instance. */
  reclaim(to: 'hibernated' | 'paused'): Promise<void>;
}

/** What a room tells of itself to those who give it out. */
export type RoomChanges = {
  readonly take: (tenant: string, amounts: Amounts) => void;
  readonly giveBack: (tenant: string, amounts: Amounts) => void;
  /** Throws where the budget does not have as much more. */
  readonly assertRoom: (tenant: string, amounts: Amounts) => void;
  /** Waits for it. `admitted` is called in the moment when it is taken, and gives what undoes that. */
  readonly enter: (
    tenant: string,
    amounts: Amounts,
    signal: AbortSignal,
    admitted: () => () => void,
  ) => Promise<void>;
  readonly started: () => void;
  readonly released: (room: Room) => void;
  readonly look: () => void;
};

type Limits = { readonly memoryBytes: number; readonly cpus: number };

export class Room implements HolderFacts, Disposable {
  readonly tenant: string;
  readonly #changes: RoomChanges;
  #amounts: Amounts;
  #owner: RoomOwner | null = null;
  #starting: boolean;
  #paused = false;
  #released = false;
  #isLeaving = false;
  #reclaiming: 'hibernated' | 'paused' | null = null;
  /** It could not give room back, and is not asked again so soon. */
  #spared = false;
  /** What comes back to it when it goes on after a pause. */
  #resting: Amounts = nothing;

  /** `amounts` are taken for it already; `starting`: it has one of the starts that may be under way. */
  constructor(tenant: string, amounts: Amounts, starting: boolean, changes: RoomChanges) {
    this.tenant = tenant;
    this.#amounts = amounts;
    this.#starting = starting;
    this.#changes = changes;
  }

  // --- for reclaiming -------------------------------------------------------------------------------------------------

  get amounts(): Amounts {
    return this.#amounts;
  }

  get leaving(): Amounts {
    if (this.#isLeaving || this.#reclaiming === 'hibernated') return this.#amounts;
    if (this.#reclaiming === 'paused') return { ...nothing, milliCpus: this.#amounts.milliCpus };
    return nothing;
  }

  get idleSince(): number | null {
    return this.#spared ? null : (this.#owner?.idleSince ?? null);
  }

  get keepsState(): boolean {
    // Who has not said whose it is has it for a moment only.
    return this.#owner?.keepsState ?? true;
  }

  get canPause(): boolean {
    return this.#owner?.canPause ?? false;
  }

  /** Asks the owner. One that cannot is `spare`d: not asked again before the result is called. */
  async reclaim(to: 'hibernated' | 'paused', spare: (again: () => void) => void): Promise<void> {
    this.#reclaiming = to;
    try {
      await this.#owner!.reclaim(to);
    } catch (error) {
      this.#spared = true;
      spare(() => {
        this.#spared = false;
      });
      throw error;
    } finally {
      this.#reclaiming = null;
    }
  }

  // --- for the owner --------------------------------------------------------------------------------------------------

  /** From now on it can be asked to give the room back. */
  belongTo(owner: RoomOwner): void {
    this.#owner = owner;
  }

  /** The processors of the sandbox are at rest. */
  get paused(): boolean {
    return this.#paused;
  }

  /** The sandbox is there, or will not be: another one may be started. */
  started(): void {
    if (!this.#starting) return;
    this.#starting = false;
    this.#changes.started();
  }

  /** Its processors are at rest: others may have them. */
  pause(): void {
    if (this.#paused || this.#released) return;
    this.#paused = true;
    const processors = { ...nothing, milliCpus: this.#amounts.milliCpus };
    this.#amounts = minus(this.#amounts, processors);
    this.#resting = processors;
    this.#changes.giveBack(this.tenant, processors);
  }

  /** Waits until there are processors for it again. Errors as those of `Admission.enter`. */
  async resume(signal: AbortSignal): Promise<void> {
    if (!this.#paused || this.#released) return;
    const processors = this.#resting;
    await this.#changes.enter(this.tenant, processors, signal, () => {
      // Somebody else has been as fast, or it is over.
      if (this.#paused && !this.#released) this.#resumed();
      else this.#changes.giveBack(this.tenant, processors);
      return () => this.pause();
    });
  }

  /** It runs already, whether there is room or not. */
  resumed(): void {
    if (!this.#paused || this.#released) return;
    this.#changes.take(this.tenant, this.#resting);
    this.#resumed();
  }

  #resumed(): void {
    this.#paused = false;
    this.#amounts = plus(this.#amounts, this.#resting);
    this.#resting = nothing;
  }

  /** Other limits of a sandbox that runs. Throws `overloaded`, `tenant_limit` when there is no room for more. */
  resize(limits: Limits): void {
    if (this.#released || this.#paused) return;
    const amounts = amountsOf(limits);
    const more = minus(amounts, this.#amounts);
    const grown: Amounts = {
      sandboxes: 0,
      memoryBytes: Math.max(0, more.memoryBytes),
      milliCpus: Math.max(0, more.milliCpus),
    };
    this.#changes.assertRoom(this.tenant, grown);
    this.#changes.take(this.tenant, more);
    this.#amounts = amounts;
    this.#changes.look();
  }

  /** The sandbox is being removed: the room comes back when that is done. */
  releaseAfter(removal: Promise<unknown>): void {
    this.#isLeaving = true;
    this.started();
    const release = () => this[Symbol.dispose]();
    removal.then(release, release);
  }

  /** Gives it back. Again does nothing. */
  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    this.started();
    this.#changes.giveBack(this.tenant, this.#amounts);
    this.#changes.released(this);
  }
}
