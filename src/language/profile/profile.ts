// Where the time of one execution went: V8's samples of emitted code, told in the lines and functions of the program. V8 says which
// line ran and which functions had called; the lines of those calls come from the safe points nearby.
import { activationsOf, type TracedUnit } from '../runtime/stack-trace.ts';
import { CallTree } from './call-tree.ts';
import { LineTurns } from './line-turns.ts';
import { type CountedLine, definitionLine, type PlaceLimits, PlaceTable } from './place-table.ts';
import type { ProfileReport } from './profile-report.ts';
import type { RawAllocations, RawNode, RawSamples } from './raw-profile.ts';
import { SafePoints } from './safe-points.ts';
import { type PathStep, pathsOf, type SamplePath, type UnitOf } from './sample-paths.ts';

export class Profile {
  readonly #unitOf: UnitOf;
  readonly #places: PlaceTable;
  readonly #tree: CallTree;
  readonly #safePoints = new SafePoints();
  #samples = 0;
  #programMicros = 0;
  #garbageMicros = 0;
  #otherMicros = 0;
  /** The unit that is executed; null before it is compiled. */
  unit: TracedUnit | null = null;

  constructor(unitOf: UnitOf, limits: PlaceLimits) {
    this.#unitOf = unitOf;
    this.#places = new PlaceTable(limits);
    this.#tree = new CallTree(limits.nodesMax);
  }

  /** The program is at a safe point; `now` gives microseconds on the clock of the samples. */
  look(now: () => number): void {
    this.#safePoints.look(now, () => activationsOf(new Error(), this.#unitOf));
  }

  /** Samples since the last ones. */
  add({ nodes, samples, times, start, end }: RawSamples): void {
    const paths = pathsOf(nodes, this.#unitOf);
    const turns = new Map<string, LineTurns>();
    for (const [i, node] of nodes.entries()) giveLines(paths[i]!, node, turns);
    for (const [i, node] of samples.entries()) {
      const path = paths[node];
      if (path === undefined) continue;
      const time = times[i]!;
      const micros = Math.min(times[i + 1] ?? end, end) - Math.max(time, start);
      if (micros <= 0) continue;
      this.#samples++;
      if (path.isGarbage) this.#garbageMicros += micros;
      else if (!this.#count(path, time, micros, turns)) this.#otherMicros += micros;
    }
    this.#safePoints.forget();
  }

  /** Allocations since the last ones: of what a function allocates, built-ins that it calls included. */
  addAllocations({ nodes, bytes }: RawAllocations): void {
    for (const [i, { steps }] of pathsOf(nodes, this.#unitOf).entries()) {
      const step = steps.at(-1);
      const own = bytes[i]!;
      if (step === undefined || own === 0) continue;
      const counted = this.#places.function(step.unit, step.index);
      if (counted !== null) counted.allocatedBytes += own;
    }
  }

  report(): ProfileReport {
    const { functions, lines } = this.#places;
    const { nodes } = this.#tree;
    return {
      samples: this.#samples,
      programMs: milliseconds(this.#programMicros),
      garbageCollectionMs: milliseconds(this.#garbageMicros),
      otherMs: milliseconds(this.#otherMicros),
      truncated: this.#places.truncated || this.#tree.truncated,
      functions: functions.map(
        ({ name, line, unit, selfMicros, totalMicros, samples, allocatedBytes }) => ({
          name,
          line,
          ...(unit.context.file === null ? {} : { file: unit.context.file }),
          ...(unit.context.file === null && unit !== this.unit ? { earlier: true as const } : {}),
          selfMs: milliseconds(selfMicros),
          totalMs: milliseconds(totalMicros),
          samples,
          allocatedBytes: Math.round(allocatedBytes),
        }),
      ),
      lines: lines.map(({ of, line, selfMicros, totalMicros, samples }) => ({
        function: of.position,
        line,
        selfMs: milliseconds(selfMicros),
        totalMs: milliseconds(totalMicros),
        samples,
      })),
      nodes: nodes.map(({ parent, line, selfMicros, samples }) => ({
        parent,
        line: line.position,
        selfMs: milliseconds(selfMicros),
        samples,
      })),
    };
  }

  /** False: it belongs to no line of the program. */
  #count(
    path: SamplePath,
    time: number,
    micros: number,
    turns: ReadonlyMap<string, LineTurns>,
  ): boolean {
    const way = this.#wayOf(path, time, turns);
    const last = way.at(-1);
    if (last === undefined) return false;
    this.#programMicros += micros;
    last.selfMicros += micros;
    last.samples++;
    last.of.selfMicros += micros;
    last.of.samples++;
    for (const line of new Set(way)) line.totalMicros += micros;
    for (const of of new Set(way.map((line) => line.of))) of.totalMicros += micros;
    this.#tree.add(way, micros);
    return true;
  }

  #wayOf(
    { steps, lines }: SamplePath,
    time: number,
    turns: ReadonlyMap<string, LineTurns>,
  ): CountedLine[] {
    const seen = this.#safePoints.lines(steps, time);
    const way: CountedLine[] = [];
    for (const [i, step] of steps.entries()) {
      const isLast = i === steps.length - 1;
      // What V8 itself says of the line that runs is better than what was seen a moment before or later.
      const own = isLast ? (lines?.next() ?? null) : null;
      // A helper of the runtime has no safe points: its time goes to the lines that the function was found at.
      const line =
        own ?? seen[i] ?? (isLast ? turns.get(nameOf(step))?.next() : null) ?? definition(step);
      const of = this.#places.function(step.unit, step.index);
      const counted = of && this.#places.line(of, line);
      if (counted !== null) way.push(counted);
      else if (isLast) return [];
    }
    return way;
  }
}

/** Translates the lines that a node was found at. */
function giveLines(path: SamplePath, { ticks }: RawNode, turns: Map<string, LineTurns>): void {
  const step = path.steps.at(-1);
  if (step === undefined || step.called !== null || ticks.length === 0) return;
  const { unit } = step;
  const lines = new LineTurns();
  let ofFunction = turns.get(nameOf(step));
  if (ofFunction === undefined) {
    ofFunction = new LineTurns();
    turns.set(nameOf(step), ofFunction);
  }
  for (const { line, ticks: count } of ticks) {
    // The others are of functions of ours: where in the program those were called is not known.
    const own = unit.lines[line - unit.firstLine];
    if (own === undefined) continue;
    const translated = own || definition(step);
    lines.add(translated, count);
    ofFunction.add(translated, count);
  }
  if (!lines.none) path.lines = lines;
}

function nameOf({ unit, index }: PathStep): string {
  return `${unit.id} ${index}`;
}

function definition({ unit, index }: PathStep): number {
  return definitionLine(unit, index);
}

function milliseconds(micros: number): number {
  return Math.round(micros) / 1000;
}
