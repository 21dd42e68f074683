// How deep a tree is. Passes over the tree recurse, and a chain such as `a + b + c` nests to the left without any
// bracket, so the parser's own limit does not bound it.
import type { Span } from '../span.ts';

/** Nodes that may stand inside one another. Every pass may recurse this deep. */
export const treeDepthMax = 1500;

/** The place where a tree gets deeper than `treeDepthMax`; null if it does not. Does not recurse itself. */
export function tooDeepAt(root: object): Span | null {
  const parts: object[] = [root];
  const depths: number[] = [0];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const depth = (depths.pop() ?? 0) + ('type' in part ? 1 : 0);
    if (depth > treeDepthMax && 'span' in part) return part.span as Span;
    for (const value of Object.values(part)) {
      if (typeof value !== 'object' || value === null) continue;
      parts.push(value);
      depths.push(depth);
    }
  }
  return null;
}
