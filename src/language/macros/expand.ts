// Between parser and resolver: a unit's tree without attributes and calls of macros, and the macros that the session has then.
import type { Diagnostic } from '../diagnostic.ts';
import { tooDeepAt } from '../grammar/tree-depth.ts';
import type { Span } from '../span.ts';
import type { Program } from '../syntax.ts';
import { Expander } from './expander.ts';
import { ExpansionFailure } from './expansion-state.ts';
import { type MacroSource, type MacroTable, macroOf } from './macro.ts';
import { MacroScope } from './macro-scope.ts';

/** What a unit is compiled under. The same source under an equal context gives the same code. */
export type CompileContext = {
  readonly macros: MacroTable;
  readonly features: ReadonlySet<string>;
  /** The file that holds the source: it is a module's (SPEC 6.5). null for what a session was given to execute. */
  readonly file: string | null;
};

export type Expanded = {
  readonly program: Program;
  /** The session's macros once the unit runs; the given table itself if the unit changes none. */
  readonly macros: MacroTable;
  /** The source, and behind it the definitions of macros of earlier units: the places of callees are places in it. */
  readonly text: string;
  /** Places in `text` of callees that do not stand in the source. */
  readonly written: ReadonlyMap<object, Span>;
};

/** Macros that a session can hold, and the length of their definitions together in UTF-16 units. */
export const macrosMax = 1000;
export const macroLengthMax = 1024 * 1024;

/** Expands one unit, or says why that cannot be done. */
export function expand(
  program: Program,
  source: string,
  { macros, features }: CompileContext,
): Expanded | Diagnostic {
  if (macros.size === 0 && !mayConcern.test(source)) {
    return { program, macros, text: source, written: new Map() };
  }
  const scope = new MacroScope('unit', null);
  for (const [name, macro] of macros) scope.define(name, macroOf(macro));
  const expander = new Expander(source, scope, features);
  try {
    const expanded = expander.program(program);
    const tooDeep = tooDeepAt(expanded);
    if (tooDeep !== null) return failure('Nesting is too deep', tooDeep);
    const { text, written } = expander;
    return { program: expanded, macros: tableOf(scope, macros, source), text, written };
  } catch (error) {
    if (!(error instanceof ExpansionFailure)) throw error;
    return failure(error.message, error.span);
  }
}

/** The macros at the end of a unit, as the session keeps them. */
function tableOf(scope: MacroScope, before: MacroTable, source: string): MacroTable {
  const table = new Map<string, MacroSource>();
  let length = 0;
  let changed = false;
  for (const [key, macro] of scope.names) {
    if (macro === null || !macro.written) continue;
    const { name, span } = macro.declaration;
    const known = before.get(key);
    const text = macro.origin?.source ?? source.slice(span.start, span.end);
    const kept =
      known?.source === text ? known : (macro.origin ?? { name: name.text, source: text });
    changed ||= kept !== known;
    length += text.length;
    table.set(key, kept);
    if (table.size > macrosMax)
      throw new ExpansionFailure(`A session holds at most ${macrosMax} macros`, span);
    if (length > macroLengthMax)
      throw new ExpansionFailure('The macros of the session are too large', span);
  }
  return changed || table.size !== before.size ? table : before;
}

function failure(message: string, span: Span): Diagnostic {
  return { severity: 'error', type: 'SyntaxError', message, span };
}

/** A source without any of these has neither macros nor attributes. */
const mayConcern = /ℳ|macro|#\[/;
