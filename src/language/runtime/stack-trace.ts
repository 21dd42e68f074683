// From V8's record of where emitted code failed to places in the program. Costs nothing until something fails: V8 notes
// positions in the script, and the tables that the emitter made translate them.
import { type LineTable, type PositionTable, sourceOffset } from '../emit/code.ts';
import type { CompileContext } from '../macros/expand.ts';
import { lineStarts, locate } from '../span.ts';
import { Raised } from './raised.ts';
import type { StackFrame } from './value.ts';

/** What a trace needs to know of a unit. */
export type TracedUnit = {
  readonly id: string;
  readonly source: string;
  /** What it was compiled under: with the source, all that is needed to compile it again. */
  readonly context: CompileContext;
  readonly positions: PositionTable;
  /** Display names by function index. */
  readonly functionNames: readonly string[];
  /** Where the emitted text begins in what V8 was given. */
  readonly scriptStart: number;
  readonly lines: LineTable;
  /** The line of it, from 1, that `lines` begins with. */
  readonly firstLine: number;
  /** Offsets in the program, by function index. */
  readonly functionStarts: readonly number[];
};

/** V8's own, which no library file declares for a zone without Node. */
type CallSite = {
  getScriptNameOrSourceURL(): string | null;
  getFunctionName(): string | null;
  getPosition(): number;
};
type V8Error = {
  stackTraceLimit: number;
  prepareStackTrace: ((error: Error, sites: CallSite[]) => unknown) | undefined;
};
const v8 = Error as unknown as V8Error;

/** Of one error. */
export const framesMax = 100;
/** Frames that V8 records: those of built-ins and helpers stand between those of the program. */
const recordedMax = 250;
const scheme = 'cellar:';

/** What emitted scripts call themselves, so that their frames can be told apart. */
export function scriptUrl(unitId: string): string {
  return `${scheme}${unitId}`;
}

export function unitOfScript(
  url: string | null,
  unitOf: (id: string) => TracedUnit | undefined,
): TracedUnit | undefined {
  return url?.startsWith(scheme) ? unitOf(url.slice(scheme.length)) : undefined;
}

/** Runs something with deep enough records, and leaves V8's settings as they were. */
export function recordingTraces<Result>(run: () => Result): Result {
  const limit = v8.stackTraceLimit;
  v8.stackTraceLimit = recordedMax;
  try {
    return run();
  } finally {
    v8.stackTraceLimit = limit;
  }
}

/** The frames of the program in an error's record, innermost first. */
export function framesOf(
  error: Error,
  unitOf: (id: string) => TracedUnit | undefined,
): StackFrame[] {
  const frames: StackFrame[] = [];
  let skipped = error instanceof Raised ? error.skippedFrames : 0;
  // An arrow inside a function (a block expression) is part of that function, but knows the exact place.
  let inner: number | null = null;
  for (const site of callSites(error)) {
    if (frames.length === framesMax) break;
    const unit = unitOfScript(site.getScriptNameOrSourceURL(), unitOf);
    if (unit === undefined) continue;
    const place: number = inner ?? site.getPosition();
    const index = functionIndex(site.getFunctionName());
    inner = index === null ? place : null;
    if (index === null || skipped-- > 0) continue;
    const name = index < 0 ? '<main>' : unit.functionNames[index] || '<anonymous>';
    const offset = sourceOffset(unit.positions, place - unit.scriptStart);
    const origin = { unit: unit.id, index };
    const { file } = unit.context;
    const inFile = file === null ? {} : { file };
    frames.push({ function: name, ...locate(startsOf(unit), offset), ...inFile, origin });
  }
  return frames;
}

/** -1 for the unit's top level, null for what is no function of the program. */
export function functionIndex(emitted: string | null): number | null {
  if (emitted === 'u') return -1;
  return emitted !== null && /^f\d+$/.test(emitted) ? Number(emitted.slice(1)) : null;
}

/** A function of the program on the stack, and the line it is at. */
export type Activation = {
  readonly unit: TracedUnit;
  /** -1 for the unit's top level. */
  readonly index: number;
  readonly line: number;
  /** V8's name of what it has called; null at the top of the stack. */
  readonly called: string | null;
};

/** Of the program that asks, innermost first: cheaper than `framesOf`. */
export function activationsOf(
  error: Error,
  unitOf: (id: string) => TracedUnit | undefined,
): Activation[] {
  const activations: Activation[] = [];
  let inner: number | null = null;
  let called: string | null = null;
  for (const site of callSites(error)) {
    const unit = unitOfScript(site.getScriptNameOrSourceURL(), unitOf);
    const name = site.getFunctionName();
    const index = unit === undefined ? null : functionIndex(name);
    if (unit !== undefined && index === null) inner ??= site.getPosition();
    else {
      if (unit !== undefined && index !== null) {
        const line = lineOf(unit, inner ?? site.getPosition());
        activations.push({ unit, index, line, called });
      }
      inner = null;
      called = name ?? '';
    }
  }
  return activations;
}

/** The program's line for a place in the script. */
function lineOf(unit: TracedUnit, position: number): number {
  return lineAt(unit, sourceOffset(unit.positions, position - unit.scriptStart));
}

/** The line of an offset in the program. */
export function lineAt(unit: TracedUnit, offset: number): number {
  return locate(startsOf(unit), offset).line;
}

const startsByUnit = new WeakMap<TracedUnit, readonly number[]>();

function startsOf(unit: TracedUnit): readonly number[] {
  let starts = startsByUnit.get(unit);
  if (starts === undefined) {
    starts = lineStarts(unit.source);
    startsByUnit.set(unit, starts);
  }
  return starts;
}

function callSites(error: Error): CallSite[] {
  const previous = v8.prepareStackTrace;
  v8.prepareStackTrace = (_error, sites) => sites;
  try {
    const sites: unknown = error.stack;
    return Array.isArray(sites) ? sites : [];
  } finally {
    v8.prepareStackTrace = previous;
  }
}
