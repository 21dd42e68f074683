// The tree that is compiled: pattern-syntax.ts with every class and case resolved into one set, and alternatives sorted so
// that most of them are told apart by one character.
import { foldedSet } from './case-folding.ts';
import { foldedWordCharacters, propertySet, wordCharacters } from './character-classes.ts';
import { CharacterSet, codePointMax, unitMax } from './character-set.ts';
import type { ClassItem, Pattern, PatternNode } from './pattern-syntax.ts';

export type MatcherNode =
  | { readonly type: 'set'; readonly set: CharacterSet }
  | { readonly type: 'sequence'; readonly parts: readonly MatcherNode[] }
  | { readonly type: 'alternation'; readonly alternatives: readonly MatcherNode[] }
  | { readonly type: 'group'; readonly index: number; readonly body: MatcherNode }
  | (PatternNode & { readonly type: 'reference' | 'lineStart' | 'lineEnd' })
  | { readonly type: 'boundary'; readonly negated: boolean; readonly word: CharacterSet }
  | {
      readonly type: 'look';
      readonly behind: boolean;
      readonly negated: boolean;
      readonly body: MatcherNode;
    }
  | {
      readonly type: 'repeat';
      readonly min: number;
      readonly max: number;
      readonly greedy: boolean;
      readonly body: MatcherNode;
    };

export const emptyNode: MatcherNode = { type: 'sequence', parts: [] };

export function resolvePattern(pattern: Pattern): MatcherNode {
  return new Resolver(pattern.unicode).node(pattern.node, false);
}

class Resolver {
  readonly #unicode: boolean;
  readonly #characterMax: number;
  readonly #characters = [new Map<number, MatcherNode>(), new Map<number, MatcherNode>()] as const;

  constructor(unicode: boolean) {
    this.#unicode = unicode;
    this.#characterMax = unicode ? codePointMax : unitMax;
  }

  /** `backward`: the node stands in a look-behind, where texts are read from their ends. */
  node(node: PatternNode, backward: boolean): MatcherNode {
    switch (node.type) {
      case 'empty':
        return emptyNode;
      case 'character':
        return this.#character(node);
      case 'class':
        return { type: 'set', set: this.#class(node) };
      case 'sequence':
        return sequence(node.parts.map((part) => this.node(part, backward)));
      case 'alternation':
        return alternation(
          node.alternatives.map((alternative) => this.node(alternative, backward)),
          backward,
        );
      case 'group':
        return { ...node, body: this.node(node.body, backward) };
      case 'look':
        return { ...node, body: this.node(node.body, node.behind) };
      case 'repeat': {
        if (node.max === 0) return emptyNode;
        const body = this.node(node.body, backward);
        return node.min === 1 && node.max === 1 ? body : { ...node, body };
      }
      case 'boundary': {
        const word = node.ignoreCase && this.#unicode ? foldedWordCharacters : wordCharacters;
        return { type: 'boundary', negated: node.negated, word };
      }
      default:
        return node;
    }
  }

  /** One node for all places of a character. */
  #character({ character, ignoreCase }: PatternNode & { type: 'character' }): MatcherNode {
    const known = this.#characters[ignoreCase ? 1 : 0];
    let node = known.get(character);
    if (node === undefined) {
      const set = CharacterSet.of(character, character);
      node = { type: 'set', set: ignoreCase ? foldedSet(set, this.#unicode) : set };
      known.set(character, node);
    }
    return node;
  }

  #class({ items, negated, ignoreCase }: PatternNode & { type: 'class' }): CharacterSet {
    const ranges: number[] = [];
    for (const item of items) ranges.push(...this.#item(item));
    let set = CharacterSet.from(ranges);
    // Folding comes first: `[^a]` with flag i excludes `A` too.
    if (ignoreCase) set = foldedSet(set, this.#unicode);
    return negated ? set.inverted(this.#characterMax) : set;
  }

  #item(item: ClassItem): readonly number[] {
    if (item.type === 'range') return [item.from, item.to];
    const set = item.type === 'property' ? propertySet(item.name) : item.set;
    return (item.negated ? set.inverted(this.#characterMax) : set).ranges;
  }
}

function sequence(parts: readonly MatcherNode[]): MatcherNode {
  const flat = parts.flatMap((part) => (part.type === 'sequence' ? part.parts : [part]));
  return flat.length === 1 ? flat[0]! : { type: 'sequence', parts: flat };
}

/** Each level copies what is left of the alternatives. */
const factoringDepthMax = 8;

function alternation(
  alternatives: readonly MatcherNode[],
  backward: boolean,
  depth = 0,
): MatcherNode {
  const joined = joinSets(alternatives);
  if (backward || depth === factoringDepthMax) return choice(joined);
  return choice(
    groupsByFirst(joined).map((group) => {
      if (group.length === 1) return group[0]!;
      const width = commonPrefixLength(group);
      const rests = group.map((node) => sequence(partsOf(node).slice(width)));
      const prefix = partsOf(group[0]!).slice(0, width);
      return sequence([...prefix, alternation(rests, backward, depth + 1)]);
    }),
  );
}

function choice(alternatives: readonly MatcherNode[]): MatcherNode {
  return alternatives.length === 1 ? alternatives[0]! : { type: 'alternation', alternatives };
}

/** `a|b|cd` → `[ab]|cd` */
function joinSets(alternatives: readonly MatcherNode[]): MatcherNode[] {
  const joined: MatcherNode[] = [];
  for (const node of alternatives) {
    const last = joined.at(-1);
    if (node.type === 'set' && last?.type === 'set') {
      joined[joined.length - 1] = { type: 'set', set: last.set.union(node.set) };
    } else joined.push(node);
  }
  return joined;
}

/**
 * `for|bar|foo` → [for, foo], [bar]. Alternatives that begin with different characters may change places, for at most one of
 * them can match; those that begin alike keep their order.
 */
function groupsByFirst(alternatives: readonly MatcherNode[]): MatcherNode[][] {
  const groups: MatcherNode[][] = [];
  let open = new Map<number, MatcherNode[]>();
  for (const node of alternatives) {
    const [first] = partsOf(node);
    const character = first?.type === 'set' ? first.set.single : null;
    const group = character === null ? undefined : open.get(character);
    if (group !== undefined) group.push(node);
    else {
      const started = [node];
      groups.push(started);
      if (character === null) open = new Map();
      else open.set(character, started);
    }
  }
  return groups;
}

function commonPrefixLength(nodes: readonly MatcherNode[]): number {
  const [first = [], ...others] = nodes.map(partsOf);
  let length = 0;
  const single = (parts: readonly MatcherNode[]): number | null => {
    const part = parts[length];
    return part?.type === 'set' ? part.set.single : null;
  };
  for (; single(first) !== null; length++) {
    if (others.some((parts) => single(parts) !== single(first))) break;
  }
  return length;
}

function partsOf(node: MatcherNode): readonly MatcherNode[] {
  return node.type === 'sequence' ? node.parts : [node];
}
