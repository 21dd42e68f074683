// The classes of the warm pool: the standard one, and those that were wanted lately. Finds in them what fits, and takes it out.
import type { ContainerLimits } from '../sandbox/hardening.ts';
import { classKey, PoolClass, type WaitingSandbox } from './pool-class.ts';

/** Limits that nobody has by default; past it, the class that was wanted longest ago gives way. */
const classesMax = 8;

export class PoolClasses {
  readonly #standard: PoolClass;
  /** By limits; the standard class is the first, then the one that was wanted longest ago. */
  readonly #classes = new Map<string, PoolClass>();

  constructor(standard: PoolClass) {
    this.#standard = standard;
    this.#classes.set(classKey(standard.limits), standard);
  }

  get all(): readonly PoolClass[] {
    return [...this.#classes.values()];
  }

  /** The class of these limits, if it is known. */
  find(limits: ContainerLimits): PoolClass | null {
    return this.#classes.get(classKey(limits)) ?? null;
  }

  /** The class of these limits, which is wanted now; `dropped` waited in the class that gave way to it. */
  want(limits: ContainerLimits): { one: PoolClass; dropped: readonly WaitingSandbox[] } {
    const known = this.find(limits);
    if (known === this.#standard) return { one: known, dropped: [] };
    const key = classKey(limits);
    const one = known ?? new PoolClass(limits, 0);
    this.#classes.delete(key);
    this.#classes.set(key, one);
    if (this.#classes.size <= classesMax) return { one, dropped: [] };
    const [, oldest] = this.#classes;
    const [oldestKey, { ready }] = oldest!;
    this.#classes.delete(oldestKey);
    return { one, dropped: ready };
  }

  /** Forgets the classes of which there is nothing to be said any more. */
  forget(now: number): void {
    for (const [key, one] of this.#classes) if (one.isForgotten(now)) this.#classes.delete(key);
  }

  /** Takes one of any class that differs only in what can be changed while it runs; null without one. */
  takeAlike({ workspaceBytes }: ContainerLimits): WaitingSandbox | null {
    for (const one of this.#classes.values()) {
      if (one.limits.workspaceBytes !== workspaceBytes) continue;
      const waiting = one.take();
      if (waiting !== null) return waiting;
    }
    return null;
  }

  /** Takes the first one that meets the condition; null without one. */
  takeFirst(condition: (waiting: WaitingSandbox) => boolean): WaitingSandbox | null {
    for (const one of this.#classes.values()) {
      const found = one.ready.find(condition);
      if (found && one.remove(found)) return found;
    }
    return null;
  }

  /** Whether it was there. */
  remove(waiting: WaitingSandbox): boolean {
    return this.takeFirst((other) => other === waiting) !== null;
  }

  /** All that wait; none does afterwards. */
  takeAll(): WaitingSandbox[] {
    return this.all.flatMap(({ ready }) => ready.splice(0));
  }
}
