// Source text → JavaScript source with its tables, or what is wrong with it. Knows no session.
import type { Diagnostic } from './diagnostic.ts';
import { type Emitted, emit } from './emitter.ts';
import { type FileProgram, fileProgram } from './file-module.ts';
import { type CompileContext, type Expanded, expand } from './macros/expand.ts';
import type { MacroTable } from './macros/macro.ts';
import { parse } from './parser.ts';
import { resolve } from './resolver.ts';
import type { Resolved } from './scope.ts';
import { layoutOf, type UnitLayout } from './unit-layout.ts';

export type Compiled = {
  readonly source: string;
  /** The source, and behind it what macros of earlier units brought along; callees are named from it. */
  readonly text: string;
  readonly context: CompileContext;
  readonly emitted: Emitted;
  readonly layout: UnitLayout;
  /** The session's macros from the moment the unit runs. */
  readonly macros: MacroTable;
  /** Warnings only. */
  readonly diagnostics: readonly Diagnostic[];
};

export type CompileResult =
  | { readonly compiled: Compiled; readonly errors: null }
  | { readonly compiled: null; readonly errors: readonly Diagnostic[] };

export const emptyContext: CompileContext = {
  macros: new Map(),
  features: new Set(),
  file: null,
};

/** Compiles one unit. Never throws on account of the source. The same source and context give the same code. */
export function compile(source: string, context: CompileContext = emptyContext): CompileResult {
  const analysed = analyse(source, context);
  if (analysed.errors !== null) return { compiled: null, errors: analysed.errors };
  const { expanded, unit, resolved, diagnostics } = analysed;
  const { macros, text, written } = expanded;
  const emitted = emit(unit.program, resolved, { source, written, root: unit.root });
  const layout = layoutOf(resolved);
  return {
    compiled: { source, text, context, emitted, layout, macros, diagnostics },
    errors: null,
  };
}

/** The layout that the compiled unit will have; null where it cannot be compiled. */
export function layoutOfSource(source: string, context: CompileContext): UnitLayout | null {
  const { resolved } = analyse(source, context);
  return resolved === null ? null : layoutOf(resolved);
}

type Analysed =
  | {
      readonly expanded: Expanded;
      readonly unit: FileProgram;
      readonly resolved: Resolved;
      readonly diagnostics: readonly Diagnostic[];
      readonly errors: null;
    }
  | { readonly resolved: null; readonly errors: readonly Diagnostic[] };

/** All that has to do with the source; no code is made yet. */
function analyse(source: string, context: CompileContext): Analysed {
  const { program, diagnostics } = parse(source);
  const syntaxErrors = errorsOf(diagnostics);
  if (syntaxErrors.length > 0) return { resolved: null, errors: syntaxErrors };
  const expanded = expand(program, source, context);
  if ('severity' in expanded) return { resolved: null, errors: [expanded] };
  const unit = fileProgram(expanded.program, context.file);
  const result = resolve(unit.program);
  const errors = errorsOf(result.diagnostics);
  if (errors.length > 0) return { resolved: null, errors };
  return { expanded, unit, resolved: result.resolved, diagnostics, errors: null };
}

function errorsOf(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}
