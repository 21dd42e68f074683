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

/** Takes the marks out. */
export function separateMarks(marked: string): { text: string; positions: PositionTable } {
  const parts = marked.split(markStart);
  const emitted = new Int32Array(parts.length - 1);
  const source = new Int32Array(parts.length - 1);
  let length = parts[0]!.length;
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i]!;
    const end = part.indexOf(markEnd);
    emitted[i - 1] = length;
    source[i - 1] = Number.parseInt(part.slice(0, end), 36);
    parts[i] = part.slice(end + 1);
    length += part.length - end - 1;
  }
  return { text: parts.join(''), positions: { emitted, source } };
}

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
