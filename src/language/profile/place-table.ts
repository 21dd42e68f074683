// The functions and lines of a program with what was counted at each. Both are bounded: what does not fit has no place.
import { lineAt, type TracedUnit } from '../runtime/stack-trace.ts';

export type PlaceLimits = {
  readonly functionsMax: number;
  readonly linesMax: number;
  /** Of the call tree. */
  readonly nodesMax: number;
};

export type CountedFunction = {
  readonly position: number;
  readonly name: string;
  /** Where it begins. */
  readonly line: number;
  readonly unit: TracedUnit;
  selfMicros: number;
  totalMicros: number;
  samples: number;
  allocatedBytes: number;
};

export type CountedLine = {
  readonly position: number;
  readonly of: CountedFunction;
  readonly line: number;
  selfMicros: number;
  totalMicros: number;
  samples: number;
};

export class PlaceTable {
  readonly functions: CountedFunction[] = [];
  readonly lines: CountedLine[] = [];
  /** Something had no place. */
  truncated = false;
  readonly #limits: PlaceLimits;
  readonly #functions = new Map<TracedUnit, Map<number, CountedFunction>>();
  readonly #lines = new Map<CountedFunction, Map<number, CountedLine>>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** Null when there is no room for another. */
  function(unit: TracedUnit, index: number): CountedFunction | null {
    const ofUnit = entry(this.#functions, unit, () => new Map<number, CountedFunction>());
    const known = ofUnit.get(index);
    if (known !== undefined) return known;
    const position = this.functions.length;
    if (position >= this.#limits.functionsMax) return this.#full();
    const counted = {
      position,
      name: index < 0 ? '<main>' : unit.functionNames[index] || '<anonymous>',
      line: definitionLine(unit, index),
      unit,
      selfMicros: 0,
      totalMicros: 0,
      samples: 0,
      allocatedBytes: 0,
    };
    ofUnit.set(index, counted);
    this.functions.push(counted);
    return counted;
  }

  /** Null when there is no room for another. */
  line(of: CountedFunction, line: number): CountedLine | null {
    const ofFunction = entry(this.#lines, of, () => new Map<number, CountedLine>());
    const known = ofFunction.get(line);
    if (known !== undefined) return known;
    const position = this.lines.length;
    if (position >= this.#limits.linesMax) return this.#full();
    const counted = { position, of, line, selfMicros: 0, totalMicros: 0, samples: 0 };
    ofFunction.set(line, counted);
    this.lines.push(counted);
    return counted;
  }

  #full(): null {
    this.truncated = true;
    return null;
  }
}

export function definitionLine(unit: TracedUnit, index: number): number {
  return index < 0 ? 1 : lineAt(unit, unit.functionStarts[index] ?? 0);
}

function entry<Key, Value>(table: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = table.get(key);
  if (value === undefined) {
    value = make();
    table.set(key, value);
  }
  return value;
}
