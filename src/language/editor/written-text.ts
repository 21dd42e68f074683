// Texts as literals, and texts that can stand bare as a name.
import { lex } from '../lexer.ts';

/** A string literal for a text, all on one line. */
export function quoted(text: string): string {
  const escaped = text.replace(
    /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (unit) => escapes.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

/** Whether a text is one identifier or keyword, and so can be a key without quotes. */
export function isPlainName(text: string): boolean {
  const [first] = lex(text).tokens;
  const isName = first?.kind === 'name' || first?.kind === 'keyword';
  return isName && first.text === text && first.start === 0;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
