// The comments of a source on their way into a layout: each is taken once, in the order of the source.
import type { Span } from '../span.ts';

export type Comment = Span & {
  readonly text: string;
  /** Nothing but blanks stands before it on its line. */
  readonly startsLine: boolean;
  /** Nothing but blanks stands behind it on its line. */
  readonly endsLine: boolean;
  /** It cannot share its line with what follows: `//`, `#`, or several lines. */
  readonly breaks: boolean;
};

export class CommentQueue {
  readonly #comments: readonly Comment[];
  #next = 0;

  constructor(source: string, spans: readonly Span[]) {
    this.#comments = spans.map((span) => commentAt(source, span));
  }

  /** The next one, if it begins before `position`. */
  peek(position: number): Comment | undefined {
    const comment = this.#comments[this.#next];
    return comment !== undefined && comment.start < position ? comment : undefined;
  }

  /** Takes the next one, if it begins before `position`. */
  take(position: number): Comment | undefined {
    const comment = this.peek(position);
    if (comment !== undefined) this.#next++;
    return comment;
  }

  /** Takes all that begin before `position`. */
  takeAll(position: number): Comment[] {
    const taken: Comment[] = [];
    for (let next = this.take(position); next; next = this.take(position)) taken.push(next);
    return taken;
  }
}

function commentAt(source: string, { start, end }: Span): Comment {
  const written = source.slice(start, end);
  const isLine = !written.startsWith('/*');
  const text = isLine ? written.trimEnd() : normalLines(written);
  return {
    start,
    end,
    text,
    startsLine: blankBefore(source, start),
    endsLine: isLine || blankAfter(source, end),
    breaks: isLine || text.includes('\n'),
  };
}

function normalLines(text: string): string {
  return text.replace(/[ \t\f]*(?:\r\n|\r|\n)/g, '\n');
}

function blankBefore(source: string, position: number): boolean {
  let i = position - 1;
  while (i >= 0 && isBlank(source.charCodeAt(i))) i--;
  return i < 0 || isLineEnd(source.charCodeAt(i));
}

function blankAfter(source: string, position: number): boolean {
  let i = position;
  while (i < source.length && isBlank(source.charCodeAt(i))) i++;
  return i === source.length || isLineEnd(source.charCodeAt(i));
}

function isBlank(unit: number): boolean {
  return unit === 32 || unit === 9 || unit === 12 || unit === 0xa0 || unit === 0xfeff;
}

function isLineEnd(unit: number): boolean {
  return unit === 10 || unit === 13;
}
