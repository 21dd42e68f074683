// Resolved tree → JavaScript source of one unit.
//
// SECURITY: program text reaches the source only through `literal` and `numberLiteral` of emit/literal.ts; every identifier is
// made of a letter and an index; the only free names are the two parameters `R` (runtime) and `K` (unit).
import { type LineTable, type PositionTable, separateMarks } from './emit/code.ts';
import { expression } from './emit/expressions.ts';
import type { Emitters } from './emit/function-emission.ts';
import { functionValue, mainText, settled } from './emit/functions.ts';
import { block, body, items } from './emit/statements.ts';
import { UnitEmission, type UnitExtras, type UnitNeeds } from './emit/unit-emission.ts';
import type { FunctionInfo, Resolved } from './scope.ts';
import { lineStarts, locate } from './span.ts';
import type { Program } from './syntax.ts';

export type Emitted = {
  /** Body of a JavaScript function of `R` and `K` that returns `{ main, functions }`. */
  readonly script: string;
  readonly positions: PositionTable;
  readonly lines: LineTable;
  /** By the index in their emitted names. */
  readonly functions: readonly FunctionInfo[];
  readonly needs: UnitNeeds;
};

const emitters: Emitters = {
  expression,
  items,
  block,
  body,
  functionValue: (f, node) => functionValue(f, emitters, node),
};

const noExtras: UnitExtras = { source: '', written: new Map(), root: null };

/** Emits one unit. */
export function emit(program: Program, resolved: Resolved, extras: UnitExtras = noExtras): Emitted {
  const unit = new UnitEmission(resolved, extras);
  const main = settled(unit, resolved.main, emitters, (f) => mainText(f, program));
  const functions = [...resolved.functions.values()];
  const starts = lineStarts(extras.source);
  const separated = separateMarks(
    unit.script(main, functions),
    (offset) => locate(starts, offset).line,
  );
  const { text, positions, lines } = separated;
  return { script: text, positions, lines, functions, needs: unit.needs };
}
