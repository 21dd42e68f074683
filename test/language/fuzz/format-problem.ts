// What the formatter promises, as a check of one source.
import { type FormatOptions, format } from '../../../src/language/editor/format.ts';
import { lex } from '../../../src/language/lexer.ts';
import { parse } from '../../../src/language/parser.ts';
import { plainTree } from './plain-tree.ts';

/** What is wrong with how a source is formatted; null if nothing is, or if it has syntax errors. */
export function formatProblem(source: string): string | null {
  return problemIn(source, 'ascii') ?? problemIn(source, 'symbolic');
}

function problemIn(
  source: string,
  spelling: NonNullable<FormatOptions['spelling']>,
): string | null {
  const { text } = format(source, { spelling });
  if (text === null) return null;
  const { program, diagnostics } = parse(text);
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (error) return `${spelling}: formatted text has an error: ${error.message}`;
  if (plainTree(program) !== plainTree(parse(source).program)) return `${spelling}: other tree`;
  if (commentsOf(source) !== commentsOf(text)) return `${spelling}: other comments`;
  return format(text, { spelling }).text === text ? null : `${spelling}: formatted anew`;
}

/** All comments, whatever their order and blanks. */
function commentsOf(source: string): string {
  const texts = lex(source).comments.map(({ start, end }) =>
    source.slice(start, end).replace(/\s+/g, ' ').trim(),
  );
  return texts.sort().join('\n');
}
