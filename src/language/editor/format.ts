// Source text → the same program in canonical form. Changes layout and spelling only: the tree stays, comments stay.
import type { Diagnostic } from '../diagnostic.ts';
import { lex } from '../lexer.ts';
import { parse } from '../parser.ts';
import type { Program } from '../syntax.ts';
import { ProgramLayout } from './program-layout.ts';
import { render } from './render.ts';
import { type SpellingName, spellings } from './spelling.ts';

/** Columns that a line should not exceed; comments, texts and what cannot be broken may. */
export const lineWidth = 100;

export type FormatOptions = {
  /** Words (`ascii`, the default) or symbols; what has no spelling in words keeps its symbol. */
  readonly spelling?: SpellingName;
};

export type Formatted =
  | { readonly text: string; readonly diagnostics: null }
  | { readonly text: null; readonly diagnostics: readonly Diagnostic[] };

/**
 * Formats one unit. What means nothing is left out: `async`, `await`, empty statements, marks without a name, parentheses that
 * change nothing. A source with syntax errors is not formatted; its errors come back instead. Never throws.
 */
export function format(source: string, { spelling = 'ascii' }: FormatOptions = {}): Formatted {
  const { program, diagnostics } = parse(source);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { text: null, diagnostics: errors };
  let text = layOut(source, program, spelling);
  // A comment in the middle of something goes to the end of its line; from there it may belong to something else.
  for (let pass = 1; pass < passesMax; pass++) {
    const again = layOut(text, parse(text).program, spelling);
    if (again === text) break;
    text = again;
  }
  return { text, diagnostics: null };
}

function layOut(source: string, program: Program, spelling: SpellingName): string {
  const { tokens, comments } = lex(source);
  const layout = new ProgramLayout(source, tokens, comments, spellings[spelling]).program(program);
  return render(layout, lineWidth);
}

const passesMax = 5;
