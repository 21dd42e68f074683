// What is known about a part of a pattern before any text is seen: which characters it can begin with, how wide it is, which
// groups it holds. Everything here may err to the safe side only: more characters, less width.

import { lineEnds } from './character-classes.ts';
import { CharacterSet, unitMax } from './character-set.ts';
import type { MatcherNode } from './matcher-syntax.ts';

/** How a part can begin. */
export type First = {
  /** It matches only where one of these comes next … */
  readonly set: CharacterSet;
  /** … unless it says nothing about what comes next … */
  readonly open: boolean;
  /** … or accepts the end of the text instead. */
  readonly atEnd: boolean;
};

export const anything: First = { set: CharacterSet.all, open: true, atEnd: true };
const nothingSaid: First = { set: CharacterSet.empty, open: true, atEnd: false };
/** Sets of more ranges are not worth their time, and a long pattern would join them again and again. */
const rangesMax = 256;

export class Analysis {
  readonly #unicode: boolean;
  readonly #firsts = [new Map<MatcherNode, First>(), new Map<MatcherNode, First>()] as const;

  constructor(unicode: boolean) {
    this.#unicode = unicode;
  }

  first(node: MatcherNode, backward: boolean): First {
    const known = this.#firsts[backward ? 1 : 0];
    let first = known.get(node);
    if (first === undefined) {
      first = this.#first(node, backward);
      known.set(node, first);
    }
    return first;
  }

  /** The first characters of a part with what follows it. */
  followedBy(first: First, following: First): First {
    if (!first.open) return first;
    return {
      set: roughUnion(first.set, following.set),
      open: following.open,
      atEnd: first.atEnd || following.atEnd,
    };
  }

  #first(node: MatcherNode, backward: boolean): First {
    switch (node.type) {
      case 'set':
        return { set: node.set, open: false, atEnd: false };
      case 'sequence': {
        let first = nothingSaid;
        const parts = backward ? node.parts : node.parts.toReversed();
        for (const part of parts) first = this.followedBy(this.first(part, backward), first);
        return first;
      }
      case 'alternation':
        return anyOf(node.alternatives.map((part) => this.first(part, backward)));
      case 'group':
        return this.first(node.body, backward);
      case 'repeat': {
        const first = this.first(node.body, backward);
        return node.min > 0 ? first : { ...first, open: true };
      }
      case 'look':
        if (node.negated || node.behind !== backward) return nothingSaid;
        return this.first(node.body, backward);
      case 'lineStart':
      case 'lineEnd': {
        if ((node.type === 'lineStart') !== backward) return nothingSaid;
        const set = node.multiline ? lineEnds : CharacterSet.empty;
        return { set, open: false, atEnd: true };
      }
      case 'boundary':
        return nothingSaid;
      case 'reference':
        return anything;
    }
  }

  /** Units that it takes at least. */
  minWidth(node: MatcherNode): number {
    switch (node.type) {
      case 'set':
        return this.#setWidth(node.set) === 2 ? 2 : 1;
      case 'sequence':
        return node.parts.reduce((sum, part) => sum + this.minWidth(part), 0);
      case 'alternation':
        return node.alternatives
          .map((part) => this.minWidth(part))
          .reduce((least, width) => Math.min(least, width));
      case 'group':
        return this.minWidth(node.body);
      case 'repeat':
        return Math.min(node.min * this.minWidth(node.body), 2 ** 30);
      default:
        return 0;
    }
  }

  /** Units that it always takes; null if they differ. */
  fixedWidth(node: MatcherNode): number | null {
    switch (node.type) {
      case 'set':
        return this.#setWidth(node.set);
      case 'sequence':
        return sameSum(node.parts.map((part) => this.fixedWidth(part)));
      case 'alternation': {
        const widths = new Set(node.alternatives.map((part) => this.fixedWidth(part)));
        return widths.size === 1 ? [...widths][0]! : null;
      }
      case 'group':
        return this.fixedWidth(node.body);
      case 'repeat': {
        const width = node.min === node.max ? this.fixedWidth(node.body) : null;
        return width === null ? null : width * node.min;
      }
      case 'reference':
        return null;
      default:
        return 0;
    }
  }

  /** Whether a member may take two units, or look like half of a pair: then texts must be read by code points. */
  isWide(set: CharacterSet): boolean {
    return this.#unicode && (set.last > unitMax || set.intersects(surrogates));
  }

  #setWidth(set: CharacterSet): 1 | 2 | null {
    if (!this.#unicode || set.last <= unitMax) return 1;
    return set.ranges[0]! > unitMax ? 2 : null;
  }
}

/** Numbers of the groups in a node. */
export function groupsIn(node: MatcherNode): number[] {
  switch (node.type) {
    case 'group':
      return [node.index, ...groupsIn(node.body)];
    case 'sequence':
      return node.parts.flatMap(groupsIn);
    case 'alternation':
      return node.alternatives.flatMap(groupsIn);
    case 'repeat':
    case 'look':
      return groupsIn(node.body);
    default:
      return [];
  }
}

/** The first units of members: for those of two units, the first half. */
export function leadUnits(set: CharacterSet): CharacterSet {
  if (set.last <= unitMax) return set;
  const ranges: number[] = [];
  for (let i = 0; i < set.ranges.length; i += 2) {
    const [from, to] = [set.ranges[i]!, set.ranges[i + 1]!];
    if (from <= unitMax) ranges.push(from, Math.min(to, unitMax));
    if (to > unitMax) ranges.push(highSurrogate(Math.max(from, unitMax + 1)), highSurrogate(to));
  }
  return CharacterSet.from(ranges);
}

export const surrogates = CharacterSet.of(0xd800, 0xdfff);

function highSurrogate(codePoint: number): number {
  return 0xd800 + ((codePoint - 0x10000) >> 10);
}

/** The union, or everything where that would have very many ranges. */
export function roughUnion(a: CharacterSet, b: CharacterSet): CharacterSet {
  const tooMany = a.ranges.length + b.ranges.length > 2 * rangesMax;
  return tooMany ? CharacterSet.all : a.union(b);
}

export function anyOf(firsts: readonly First[]): First {
  return {
    set: firsts.reduce((set, first) => roughUnion(set, first.set), CharacterSet.empty),
    open: firsts.some(({ open }) => open),
    atEnd: firsts.some(({ atEnd }) => atEnd),
  };
}

function sameSum(widths: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const width of widths) {
    if (width === null) return null;
    sum += width;
  }
  return sum;
}
