// The functions of the program on the way to each node of V8's call tree.
import { functionIndex, type TracedUnit, unitOfScript } from '../runtime/stack-trace.ts';
import type { LineTurns } from './line-turns.ts';
import type { RawNode } from './raw-profile.ts';

export type UnitOf = (id: string) => TracedUnit | undefined;

/** A function of the program on the way. */
export type PathStep = {
  readonly unit: TracedUnit;
  /** -1 for the unit's top level. */
  readonly index: number;
  /** V8's name of what it has called on the way; null where it ran itself. */
  called: string | null;
};

/** Outermost first. */
export type SamplePath = {
  readonly steps: readonly PathStep[];
  /** Whether V8 collected garbage: on no way at all. */
  readonly isGarbage: boolean;
  /** Of the innermost step, where it ran itself. */
  lines: LineTurns | null;
};

const garbageCollector = '(garbage collector)';

/** By node. */
export function pathsOf(
  nodes: readonly Pick<RawNode, 'parent' | 'url' | 'name'>[],
  unitOf: UnitOf,
): SamplePath[] {
  const paths: SamplePath[] = [];
  for (const { parent, url, name } of nodes) {
    const outer = paths[parent]?.steps ?? [];
    const unit = unitOfScript(url, unitOf);
    const index = unit === undefined ? null : functionIndex(name);
    const last = outer.at(-1);
    let steps = outer;
    // An arrow of the emitter is part of the function around it.
    const isPart = unit !== undefined && index === null;
    if (!isPart && last !== undefined && last.called === null)
      steps = [...outer.slice(0, -1), { ...last, called: name }];
    if (unit !== undefined && index !== null) steps = [...steps, { unit, index, called: null }];
    paths.push({ steps, isGarbage: name === garbageCollector && url === '', lines: null });
  }
  return paths;
}
