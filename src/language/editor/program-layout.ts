// Layouts of lists of items: each on lines of its own, with the comments around them and at most one blank line in between.
import type { BlockArgument, Item, Program } from '../syntax.ts';
import type { Comment } from './comment-queue.ts';
import { ItemLayout } from './item-layout.ts';
import { blankLine, hardLine, indent, type Layout, suffix } from './layout.ts';
import { leadsElse, mayTakeElse } from './open-else.ts';

export class ProgramLayout extends ItemLayout {
  program({ body, span }: Program): Layout {
    return this.#items(body, { opener: null, closer: span.end }) ?? '';
  }

  protected braces(items: readonly Item[], closer: number): Layout {
    const opener = this.openerOf(closer);
    const content = this.#items(items, { opener, closer });
    return content === null ? '{}' : ['{', indent(content), hardLine, '}'];
  }

  /** A block that must not look like an object literal (SPEC 6.8). */
  protected blockArgument({ body, span }: BlockArgument): Layout {
    const visible = body.body.filter(isVisible);
    const [first] = visible;
    if (first === undefined && body.body.length > 0) return '{ ; }';
    this.guardFirst(body);
    if (first?.type === 'ExpressionStatement') {
      this.guard(first.expression, ({ type }) => literalTypes.has(type));
    }
    return this.braces(visible, span.end - 1);
  }

  /** Null if there is nothing to show. `opener` is where the brace around the items stands; none around a program. */
  #items(items: readonly Item[], place: { opener: number | null; closer: number }): Layout | null {
    const { opener, closer } = place;
    const parts: Layout[] = [];
    let previous: Item | null = null;
    let isFirst = true;
    let end = opener === null ? 0 : opener + 1;
    const add = (layout: Layout, from: number, to: number) => {
      if (!isFirst) parts.push(this.#lineBreak(end, from), layout);
      else parts.push(opener === null ? '' : hardLine, layout);
      isFirst = false;
      end = to;
    };
    /** Comments before `position`; returns those that share the line with what stands there. */
    const addComments = (position: number): Comment[] => {
      const ahead: Comment[] = [];
      for (const comment of this.comments.takeAll(position)) {
        const behind = comment.endsLine && !comment.startsLine;
        if (behind && (!isFirst || opener !== null)) {
          parts.push(suffix(comment.text));
          end = comment.end;
        } else if (comment.breaks || comment.endsLine)
          add(comment.text, comment.start, comment.end);
        else ahead.push(comment);
      }
      return ahead;
    };
    for (const item of items.filter(isVisible)) {
      if (previous !== null && leadsElse(item) && mayTakeElse(previous)) parts.push(';');
      const { span } = item;
      const ahead = addComments(span.start);
      const start = ahead[0]?.start ?? span.start;
      add([ahead.map(({ text }) => `${text} `), this.item(item)], start, span.end);
      parts.push(this.#commentsInside(span.end), this.#commentsBeforeEnd(span.end));
      previous = item;
    }
    for (const { text, start, end: to } of addComments(closer)) add(text, start, to);
    return parts.length === 0 ? null : parts;
  }

  /** What no part of an item has taken. */
  #commentsInside(end: number): Layout[] {
    return this.comments
      .takeAll(end)
      .map(({ breaks, text }) => (breaks ? suffix(text) : ` ${text}`));
  }

  /** Comments between an item and its semicolon. */
  #commentsBeforeEnd(end: number): Layout[] {
    const next = this.comments.peek(this.source.length);
    if (next === undefined || next.breaks || !/^\s*[;)]/.test(this.source.slice(next.end)))
      return [];
    return this.commentsBehind(end, this.source.length);
  }

  #lineBreak(from: number, to: number): Layout {
    const breaks = this.source.slice(from, to).match(/\r\n|\r|\n/g)?.length ?? 0;
    return breaks > 1 ? blankLine : hardLine;
  }
}

/** Empty statements say nothing, but for functions without a body (SPEC 4.3.15). */
function isVisible({ type, span }: Item): boolean {
  return type !== 'EmptyStatement' || span.end - span.start > 1;
}

const literalTypes: ReadonlySet<string> = new Set(['StringLiteral', 'NumberLiteral']);
