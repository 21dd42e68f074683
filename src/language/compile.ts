// Source text → JavaScript source with its tables, or what is wrong with it. Knows no session.
import type { Diagnostic } from './diagnostic.ts';
import { type Emitted, emit } from './emitter.ts';
import { parse } from './parser.ts';
import { resolve } from './resolver.ts';

export type Compiled = {
  readonly source: string;
  readonly emitted: Emitted;
  /** Warnings only. */
  readonly diagnostics: readonly Diagnostic[];
};

export type CompileResult =
  | { readonly compiled: Compiled; readonly errors: null }
  | { readonly compiled: null; readonly errors: readonly Diagnostic[] };

/** Compiles one unit. Never throws on account of the source. */
export function compile(source: string): CompileResult {
  const parsed = parse(source);
  const syntaxErrors = errorsOf(parsed.diagnostics);
  if (syntaxErrors.length > 0) return { compiled: null, errors: syntaxErrors };
  const { resolved, diagnostics } = resolve(parsed.program);
  const errors = errorsOf(diagnostics);
  if (errors.length > 0) return { compiled: null, errors };
  const emitted = emit(parsed.program, resolved);
  return { compiled: { source, emitted, diagnostics: parsed.diagnostics }, errors: null };
}

function errorsOf(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}
