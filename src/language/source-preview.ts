// The line of an error with a caret below its place, for people who look at a terminal.
// SECURITY: the text may be hostile. What is shown has two lines of bounded length and nothing that moves a cursor.
import { lineStarts, type Position } from './span.ts';

/** UTF-16 units of the line that are shown before and after the place. */
const beforeMax = 60;
const afterMax = 40;

/** Two lines: a part of the source line, and a caret below `column`. Wide characters count as two. */
export function sourcePreview(source: string, { line, column }: Position): string {
  const starts = lineStarts(source);
  const begin = starts[line - 1] ?? source.length;
  const end = lineEnd(source, begin);
  const place = Math.min(begin + column - 1, end);
  const from = place - begin > beforeMax ? boundary(source, place - beforeMax) : begin;
  const to = end - place > afterMax ? boundary(source, place + afterMax) : end;
  const head = (from > begin ? '…' : '') + shown(source.slice(from, place));
  const tail = shown(source.slice(place, to)) + (to < end ? '…' : '');
  return `${head}${tail}\n${' '.repeat(widthOf(head))}^`;
}

function lineEnd(source: string, begin: number): number {
  for (let i = begin; i < source.length; i++) {
    const unit = source.charCodeAt(i);
    if (unit === 10 || unit === 13) return i;
  }
  return source.length;
}

/** Not in the middle of a surrogate pair. */
function boundary(source: string, offset: number): number {
  const unit = source.charCodeAt(offset);
  return unit >= 0xdc00 && unit <= 0xdfff ? offset + 1 : offset;
}

function shown(text: string): string {
  return text.replace(blank, ' ').replace(unsafe, '\ufffd');
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (wide.test(character)) width += 2;
    else if (!withoutWidth.test(character)) width++;
  }
  return width;
}

const blank = /[\t\p{Zs}]/gu;
/** Controls, marks of direction, line separators, halves of pairs, what has no character. */
const unsafe = /[\p{C}\p{Zl}\p{Zp}]/gu;
const withoutWidth = /[\p{Mn}\p{Me}]/u;
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
