// What is not written yet, by session and hour. Bounded: while the registry takes nothing, sessions past the bound are counted for their
// tenants alone.
import type { UsageAmounts, UsageChange, UsageOwner } from '../registry/usage-records.ts';
import { sum } from './amounts.ts';

type Entry = UsageOwner & { readonly hours: Map<number, UsageAmounts>; readonly ended: string[] };
export type Pending = Omit<UsageChange, 'readings'>;

const ownersMax = 50_000;

export class PendingUsage {
  readonly #entries = new Map<string, Entry>();

  get empty(): boolean {
    return this.#entries.size === 0;
  }

  add(owner: UsageOwner, hours: ReadonlyMap<number, UsageAmounts>): void {
    const entry = this.#entryOf(owner);
    for (const [hour, amounts] of hours) {
      const before = entry.hours.get(hour);
      entry.hours.set(hour, before === undefined ? amounts : sum(before, amounts));
    }
  }

  /** Nothing more comes of this container. */
  ended(owner: UsageOwner, runtimeId: string): void {
    this.#entryOf(owner).ended.push(runtimeId);
  }

  /** Takes out some of it, which the caller writes or brings back. */
  take(countMax: number): Pending[] {
    const taken: Entry[] = [];
    for (const [key, entry] of this.#entries) {
      if (taken.length >= countMax) break;
      taken.push(entry);
      this.#entries.delete(key);
    }
    return taken;
  }

  putBack(taken: readonly Pending[]): void {
    for (const { tenant, sessionId, hours, ended } of taken) {
      this.add({ tenant, sessionId }, hours);
      for (const runtimeId of ended) this.ended({ tenant, sessionId }, runtimeId);
    }
  }

  #entryOf({ tenant, sessionId }: UsageOwner): Entry {
    const key = `${tenant} ${sessionId}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (sessionId !== '' && this.#entries.size >= ownersMax)
      return this.#entryOf({ tenant, sessionId: '' });
    const entry = { tenant, sessionId, hours: new Map(), ended: [] };
    this.#entries.set(key, entry);
    return entry;
  }
}
