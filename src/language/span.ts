// A place in a source text.

/** Half-open range of UTF-16 offsets. Line and column are computed from it only when somebody asks (see `locate`). */
export type Span = { readonly start: number; readonly end: number };

/** 1-based line and column; columns in UTF-16 units (SPEC 1.1). */
export type Position = { readonly line: number; readonly column: number };

/** Line starts of a text, for repeated look-ups. Line ends are `\n`, `\r\n` and `\r`. */
export function lineStarts(source: string): number[] {
  const starts = [0];
  for (let i = 0; i < source.length; i++) {
    const unit = source.charCodeAt(i);
    if (unit === 13 && source.charCodeAt(i + 1) === 10) continue;
    if (unit === 10 || unit === 13) starts.push(i + 1);
  }
  return starts;
}

/** Position of a UTF-16 offset; `starts` comes from `lineStarts` of the same text. */
export function locate(starts: readonly number[], offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - starts[low]! + 1 };
}
