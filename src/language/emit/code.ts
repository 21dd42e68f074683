// Emitted JavaScript as text, with what the emitter knows about it. Places in the program are marked inside the text and
// taken out again once the text has its final order.

/** What an expression is known to yield; `value` is anything. */
export type Kind = 'number' | 'string' | 'boolean' | 'null' | 'value';

/** What evaluating it may do: nothing another expression could notice (errors apart), run other functions, or set locals too. */
export type Effects = 0 | 1 | 2;

/** For how long repeating the text gives the same value: not at all, until a call, until an assignment, always. */
export type Stability = 0 | 1 | 2 | 3;

export type Code = {
  /** Parenthesised where needed: safe as an operand. */
  readonly text: string;
  readonly kind: Kind;
  readonly effects: Effects;
  readonly stability: Stability;
};

export function code(
  text: string,
  kind: Kind = 'value',
  effects: Effects = 0,
  stability: Stability = 0,
): Code {
  return { text, kind, effects, stability };
}

/** May the text be repeated although something with these effects runs in between? */
export function outlives(stability: Stability, effects: Effects): boolean {
  return stability > effects;
}

export function bothEffects(left: Effects, right: Effects): Effects {
  return left > right ? left : right;
}

// Both units are control characters, which `literal` escapes: they cannot come from a program.
const markStart = '\u0001';
const markEnd = '\u0002';

/** Goes directly before the token whose position V8 reports when the operation fails. */
export function mark(offset: number): string {
  return `${markStart}${offset.toString(36)}${markEnd}`;
}

/** Emitted offset → offset in the program, in ascending order of the former. */
export type PositionTable = { readonly emitted: Int32Array; readonly source: Int32Array };

/** By line of the emitted text, from 0: the line of the program that all of it belongs to, from 1; 0: none. */
export type LineTable = readonly number[];

export type Separated = {
  readonly text: string;
  readonly positions: PositionTable;
  readonly lines: LineTable;
};

/**
 * Takes the marks out. Where a mark says that another line of the program begins, a line of the emitted text begins: V8's profiler
 * knows lines, but no places within them. `lineOf` gives the line of an offset in the program.
 */
export function separateMarks(marked: string, lineOf: (offset: number) => number): Separated {
  const parts = marked.split(markStart);
  const emitted = new Int32Array(parts.length - 1);
  const source = new Int32Array(parts.length - 1);
  const lines = [0];
  let text = '';
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const end = i === 0 ? -1 : part.indexOf(markEnd);
    const content = part.slice(end + 1);
    if (i > 0) {
      const offset = Number.parseInt(part.slice(0, end), 36);
      const line = lineOf(offset);
      const current = lines.at(-1);
      if (current === 0) lines[lines.length - 1] = line;
      else if (current !== line && !restricted.test(parts[i - 1]!)) {
        text += '\n';
        lines.push(line);
      }
      emitted[i - 1] = text.length;
      source[i - 1] = offset;
    }
    text += content;
    for (let at = content.indexOf('\n'); at >= 0; at = content.indexOf('\n', at + 1)) lines.push(0);
  }
  return { text, positions: { emitted, source }, lines };
}

/** What a line of JavaScript must not end with where its statement goes on. Emitted `++` and `--` stand before their operands. */
const restricted = /(?:return|throw)\s*$/;

/** Offset in the program for a place in the emitted text: that of the nearest mark at or before it. */
export function sourceOffset(table: PositionTable, emittedOffset: number): number {
  let low = 0;
  let high = table.emitted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (table.emitted[middle]! <= emittedOffset) low = middle;
    else high = middle - 1;
  }
  return table.source[low] ?? 0;
}
