// What all layouts have in common: the source with its comments, and lists in brackets.
import type { Span } from '../span.ts';
import type { Token } from '../token.ts';
import { CommentQueue } from './comment-queue.ts';
import { group, hardLine, indent, type Layout, line, softLine, suffix } from './layout.ts';
import type { Spelling } from './spelling.ts';

export abstract class ListLayout {
  protected readonly source: string;
  protected readonly spelling: Spelling;
  protected readonly comments: CommentQueue;
  readonly #tokens: readonly Token[];

  constructor(
    source: string,
    tokens: readonly Token[],
    comments: readonly Span[],
    spelling: Spelling,
  ) {
    this.source = source;
    this.#tokens = tokens;
    this.comments = new CommentQueue(source, comments);
    this.spelling = spelling;
  }

  /** Comments that stand before `position`: there, or at the end of the line if nothing may follow them. */
  protected commentsBefore(position: number): Layout[] {
    return this.comments
      .takeAll(position)
      .map(({ breaks, text }) => (breaks ? suffix(text) : `${text} `));
  }

  /** Comments that stand right behind what ends at `end`, before `limit`. */
  protected commentsBehind(end: number, limit: number): Layout[] {
    const found: Layout[] = [];
    let from = end;
    for (;;) {
      const comment = this.comments.peek(limit);
      if (comment === undefined || comment.breaks) return found;
      if (!/^[ \t)]*$/.test(this.source.slice(from, comment.start))) return found;
      found.push(` ${comment.text}`);
      from = comment.end;
      this.comments.take(limit);
    }
  }

  /** Elements with commas between brackets; `closer` is where the closing bracket stands, or where the last element ends. */
  protected list<Element extends { readonly span: Span }>(
    [open, close]: readonly [string, string],
    elements: readonly Element[],
    layoutOf: (element: Element) => Layout,
    closer: number,
    mustBreak = false,
  ): Layout {
    const parts: Layout[] = [];
    let broken = mustBreak;
    elements.forEach((element, index) => {
      const before: Layout[] = [];
      const ahead: Layout[] = [];
      for (const { text, breaks, startsLine } of this.comments.takeAll(element.span.start)) {
        broken ||= breaks;
        if (!breaks) ahead.push(`${text} `);
        else if (startsLine) ahead.push(text, hardLine);
        else before.push(suffix(text));
      }
      const separator = index === 0 ? [before, softLine] : [',', before, line];
      const limit = elements[index + 1]?.span.start ?? closer;
      const behind = [layoutOf(element), this.commentsBehind(element.span.end, limit)];
      parts.push(separator, ahead, behind);
    });
    for (const { text, breaks, startsLine } of this.comments.takeAll(closer)) {
      broken ||= breaks;
      if (!breaks) parts.push(parts.length > 0 ? ` ${text}` : text);
      else parts.push(startsLine ? [hardLine, text] : suffix(text));
    }
    if (parts.length === 0) return open + close;
    return group([open, indent(parts), softLine, close], broken);
  }

  /** Where the bracket opens that closes at `closer`. */
  protected openerOf(closer: number): number {
    return this.#tokens[this.#tokens[this.tokenAt(closer)]?.partner ?? -1]?.start ?? closer;
  }

  /** The tokens from `start` to `end`, as they are but for comments and blanks. */
  protected written({ start, end }: Span): string {
    let text = '';
    let previousEnd = start;
    for (let i = this.tokenAt(start); i < this.#tokens.length; i++) {
      const token = this.#tokens[i]!;
      if (token.start >= end) break;
      text += `${token.start > previousEnd ? ' ' : ''}${this.source.slice(token.start, token.end)}`;
      previousEnd = token.end;
    }
    return text;
  }

  /** Index of the first token that begins at `position` or later. */
  protected tokenAt(position: number): number {
    let low = 0;
    let high = this.#tokens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tokens[middle]!.start < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The type mark before a name, or nothing; `from` is where the construct begins that the name stands in. */
  protected markBefore(name: Span, from: number): string {
    const mark = this.#tokens[this.tokenAt(name.start) - 1];
    const isMark = mark?.kind === 'mark' && mark.start > from;
    return isMark ? this.source.slice(mark.start, mark.end) : '';
  }
}
