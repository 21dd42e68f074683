// Source text → tree and diagnostics: the front end of the language. Never throws, whatever the text.
import type { Diagnostic } from './diagnostic.ts';
import { errorsMax } from './grammar/cursor.ts';
import { ItemParser } from './grammar/item-parser.ts';
import { tooDeepAt } from './grammar/tree-depth.ts';
import { lex } from './lexer.ts';
import type { Span } from './span.ts';
import type { Program } from './syntax.ts';

export type Parsed = {
  /** What could be parsed; all of the source when there is no error. Never deeper than `treeDepthMax`. */
  readonly program: Program;
  /** In the order of the source. */
  readonly diagnostics: readonly Diagnostic[];
};

/** Parses one unit in any spelling (SPEC 4). Linear in the length of the source. */
export function parse(source: string): Parsed {
  const { tokens, diagnostics: lexical } = lex(source);
  const parser = new ItemParser(source, tokens);
  const program = parser.program();
  const tooDeep = tooDeepAt(program, true);
  if (tooDeep) return { program: { ...program, body: [] }, diagnostics: [nestingError(tooDeep)] };
  return { program, diagnostics: merged(lexical, parser.diagnostics) };
}

/** After a malformed literal or comment the parser's own complaints would only confuse. */
function merged(lexical: readonly Diagnostic[], syntactic: readonly Diagnostic[]): Diagnostic[] {
  const limit = lexical[0]?.span.start ?? Number.POSITIVE_INFINITY;
  const telling = syntactic.filter(
    ({ severity, span }) => severity === 'warning' || span.start < limit,
  );
  return [...lexical.slice(0, errorsMax), ...telling].sort((a, b) => a.span.start - b.span.start);
}

function nestingError(span: Span): Diagnostic {
  return { severity: 'error', type: 'SyntaxError', message: 'Nesting is too deep', span };
}
