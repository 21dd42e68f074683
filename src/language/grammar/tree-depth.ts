// How deep a tree is. Passes over the tree recurse, and a chain such as `a + b + c` nests to the left without any
// bracket, so the parser's own limit does not bound it.
import type { Span } from '../span.ts';
import type { AnyNode } from '../syntax.ts';

/** Nodes that may stand inside one another. Every pass may recurse this deep, and so may the parser that reads what is emitted. */
export const treeDepthMax = 500;

/** The place where a tree gets deeper than `treeDepthMax`; null if it does not. Does not recurse itself. */
export function tooDeepAt(root: AnyNode): Span | null {
  const parts: Part[] = [root];
  const depths: number[] = [0];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const depth = (depths.pop() ?? 0) + (part.type === undefined ? 0 : 1);
    if (depth > treeDepthMax && part.span) return part.span;
    for (const key in part) {
      const child = part[key];
      if (key === 'span' || typeof child !== 'object' || child === null) continue;
      parts.push(child as Part);
      depths.push(depth);
    }
  }
  return null;
}

/** A node, or a list or record inside one. */
type Part = { readonly [key: string]: unknown; readonly type?: string; readonly span?: Span };
