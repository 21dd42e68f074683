// A tree without what formatting may change: places, and statements that say nothing.
import type { Program } from '../../../src/language/syntax.ts';

/** JSON of the tree; equal for two sources that are the same program. */
export function plainTree(program: Program): string {
  return JSON.stringify(plain(program, null));
}

function plain(part: unknown, key: string | null): unknown {
  if (typeof part === 'number') return Number.isFinite(part) ? part : String(part);
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) {
    return part.filter((item) => item?.type !== 'EmptyStatement').map((item) => plain(item, key));
  }
  const { type } = part as { type?: string };
  const kept = Object.entries(part).filter(([name]) => {
    // A symbol is another spelling of a name, except where a function is defined by it (SPEC 5.2).
    if (name === 'symbol') return key === 'FunctionDeclaration' || key === 'FunctionExpression';
    return name !== 'span' && name !== 'operatorSpan';
  });
  return Object.fromEntries(
    kept.map(([name, child]) => [name, plain(child, name === 'name' ? (type ?? null) : null)]),
  );
}
