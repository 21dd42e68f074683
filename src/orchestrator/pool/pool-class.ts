// Waiting sandboxes that are alike, because they were started with the same limits, and how often such ones were wanted lately.
import type { SandboxRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { ContainerLimits } from '../sandbox/hardening.ts';

export type WaitingSandbox = {
  readonly record: SandboxRecord;
  readonly sandbox: Sandbox;
  /** What its container was started with. */
  readonly limits: ContainerLimits;
  /** What the image's name stood for when it was started. */
  readonly image: string;
  /** Monotonic milliseconds. */
  readonly readyAt: number;
};

/** How long an arrival counts. */
const memoryMs = 5 * 60_000;
/** More than that says nothing that matters: no pool is so large. */
const arrivalsMax = 1024;

export class PoolClass {
  readonly limits: ContainerLimits;
  readonly floor: number;
  /** Oldest first. */
  readonly ready: WaitingSandbox[] = [];
  starting = 0;
  readonly #arrivals: number[] = [];

  constructor(limits: ContainerLimits, floor: number) {
    this.limits = limits;
    this.floor = floor;
  }

  /** One was wanted. */
  arrive(now: number): void {
    this.#arrivals.push(now);
    if (this.#arrivals.length > arrivalsMax) this.#arrivals.shift();
  }

  /** When one was wanted lately, oldest first. */
  arrivals(now: number): readonly number[] {
    while (this.#arrivals.length > 0 && now - this.#arrivals[0]! > memoryMs) this.#arrivals.shift();
    return this.#arrivals;
  }

  /** Takes the oldest one that answers; null without one. */
  take(): WaitingSandbox | null {
    const index = this.ready.findIndex(({ sandbox }) => sandbox.agent.connected);
    return this.ready.splice(index, index < 0 ? 0 : 1)[0] ?? null;
  }

  /** Whether it was there. */
  remove(waiting: WaitingSandbox): boolean {
    const index = this.ready.indexOf(waiting);
    if (index >= 0) this.ready.splice(index, 1);
    return index >= 0;
  }

  /** Nothing is to be said about it any more. */
  isForgotten(now: number): boolean {
    const isEmpty = this.ready.length === 0 && this.starting === 0;
    return this.floor === 0 && isEmpty && this.arrivals(now).length === 0;
  }
}

/** Equal for limits under which the same sandboxes are alike. */
export function classKey({ memoryBytes, cpus, pids, workspaceBytes }: ContainerLimits): string {
  return `${memoryBytes} ${cpus} ${pids} ${workspaceBytes}`;
}
