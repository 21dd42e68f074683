// Which lines called which, with the time that was spent at the end of each way. Bounded: a way that does not fit ends where it
// still does.
import type { CountedLine } from './place-table.ts';

/** Calls on one way that are told apart: more come of recursion only. */
const depthMax = 128;

export type CallNode = {
  /** Index of the caller; -1 for none. */
  readonly parent: number;
  readonly line: CountedLine;
  selfMicros: number;
  samples: number;
};

export class CallTree {
  readonly nodes: CallNode[] = [];
  truncated = false;
  readonly #nodesMax: number;
  readonly #children = new Map<string, number>();

  constructor(nodesMax: number) {
    this.#nodesMax = nodesMax;
  }

  /** `way`: outermost first. */
  add(way: readonly CountedLine[], micros: number): void {
    let at = -1;
    for (const line of way.slice(0, depthMax)) {
      const next = this.#child(at, line);
      if (next === null) break;
      at = next;
    }
    if (way.length > depthMax) this.truncated = true;
    const node = this.nodes[at];
    if (node === undefined) return;
    node.selfMicros += micros;
    node.samples++;
  }

  #child(parent: number, line: CountedLine): number | null {
    const key = `${parent} ${line.position}`;
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const index = this.nodes.length;
    if (index >= this.#nodesMax) {
      this.truncated = true;
      return null;
    }
    this.#children.set(key, index);
    this.nodes.push({ parent, line, selfMicros: 0, samples: 0 });
    return index;
  }
}
