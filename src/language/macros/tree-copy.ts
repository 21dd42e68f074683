// Copies of trees, part by part. Nodes are plain data, so that one loop serves all of them.
import type { AnyNode, FunctionBody, Name } from '../syntax.ts';

/** A node, or a list or record inside one. */
export type Part = { readonly [key: string]: unknown };

export const placeKeys: ReadonlySet<string> = new Set(['span', 'operatorSpan']);

export function isNode(part: object): part is AnyNode {
  return 'type' in part;
}

export function isFunctionBody(part: object): part is FunctionBody {
  return 'thisMode' in part;
}

export function isName(part: object): part is Name {
  return 'text' in part;
}

/** Copies a record; `copyPart` makes the values of all keys but places. */
export function copyRecord<Record extends object>(
  record: Record,
  copyPart: (part: unknown) => unknown,
  copyPlace: (place: unknown) => unknown,
): Record {
  const copy: { [key: string]: unknown } = {};
  for (const [key, part] of Object.entries(record)) {
    copy[key] = placeKeys.has(key) ? copyPlace(part) : copyPart(part);
  }
  return copy as Record;
}
