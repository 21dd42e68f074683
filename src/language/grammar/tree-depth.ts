// How deep a tree is. Passes over the tree recurse, and a chain such as `a + b + c` nests to the left without any
// bracket, so the parser's own limit does not bound it.
import type { Span } from '../span.ts';
import type { AnyNode } from '../syntax.ts';

/** Nodes that may stand inside one another. Every pass may recurse this deep, and so may the parser that reads what is emitted. */
export const treeDepthMax = 500;

/** What stands inside one another takes room: a character never adds more nodes than that (`x→` adds three). */
const nodesPerCharacter = 2;

/**
 * The place where a tree gets deeper than `treeDepthMax`; null if it does not. Does not recurse itself. With `spansHold`
 * every span holds those of the parts inside, as the parser's do: then only what is long enough to be deep is looked into.
 */
export function tooDeepAt(root: AnyNode, spansHold = false): Span | null {
  const parts: Part[] = [root];
  const depths: number[] = [0];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const depth = (depths.pop() ?? 0) + (part.type === undefined ? 0 : 1);
    const { span } = part;
    if (depth > treeDepthMax && span) return span;
    if (spansHold && span && isShort(span, treeDepthMax - depth)) continue;
    for (const key in part) {
      const child = part[key];
      if (key === 'span' || typeof child !== 'object' || child === null) continue;
      parts.push(child as Part);
      depths.push(depth);
    }
  }
  return null;
}

function isShort({ start, end }: Span, depthLeft: number): boolean {
  return (end - start + 1) * nodesPerCharacter < depthLeft;
}

/** A node, or a list or record inside one. */
type Part = { readonly [key: string]: unknown; readonly type?: string; readonly span?: Span };
