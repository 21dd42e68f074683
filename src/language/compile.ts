// Source text → JavaScript source with its tables, or what is wrong with it. Knows no session.
import type { Diagnostic } from './diagnostic.ts';
import { type Emitted, emit } from './emitter.ts';
import { fileProgram } from './file-module.ts';
import { type CompileContext, expand } from './macros/expand.ts';
import type { MacroTable } from './macros/macro.ts';
import { parse } from './parser.ts';
import { resolve } from './resolver.ts';

export type Compiled = {
  readonly source: string;
  /** The source, and behind it what macros of earlier units brought along; callees are named from it. */
  readonly text: string;
  readonly context: CompileContext;
  readonly emitted: Emitted;
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
  const parsed = parse(source);
  const syntaxErrors = errorsOf(parsed.diagnostics);
  if (syntaxErrors.length > 0) return { compiled: null, errors: syntaxErrors };
  const expanded = expand(parsed.program, source, context);
  if ('severity' in expanded) return { compiled: null, errors: [expanded] };
  const { macros, text, written } = expanded;
  const { program, root } = fileProgram(expanded.program, context.file);
  const { resolved, diagnostics } = resolve(program);
  const errors = errorsOf(diagnostics);
  if (errors.length > 0) return { compiled: null, errors };
  const emitted = emit(program, resolved, { written, root });
  const compiled = { source, text, context, emitted, macros, diagnostics: parsed.diagnostics };
  return { compiled, errors: null };
}

function errorsOf(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}
