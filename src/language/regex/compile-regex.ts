// Pattern → a matcher that V8 runs. Matchers keep no state of a program, so those of equal patterns are shared.
import type { Meter } from '../runtime/text-builder.ts';
import { emitMatcher } from './matcher-emitter.ts';
import * as support from './matcher-support.ts';
import { resolvePattern } from './matcher-syntax.ts';
import { parsePattern } from './pattern-parser.ts';
import type { Pattern, PatternProblem } from './pattern-syntax.ts';

export type Matcher = {
  /** Capturing groups, without the whole match. */
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, readonly number[]>;
  /** Start and end of the last match, then of its groups; -1 for a group that did not match. Valid until the next search. */
  readonly captures: Int32Array;
  readonly unicode: boolean;
  /**
   * Looks for the first match that begins at `from` or later, but not after `last`. Counts its steps; asks for room when it
   * must remember very many choices.
   */
  readonly search: (text: string, from: number, last: number, meter: Meter) => boolean;
};

export type CompiledRegex =
  | { readonly matcher: Matcher; readonly problem: null }
  | { readonly matcher: null; readonly problem: PatternProblem };

/** The matcher of a pattern; `flags` must be valid. Those used last are kept. */
export function compileRegex(text: string, flags: string): CompiledRegex {
  for (const entry of recent) {
    if (entry.text === text && entry.flags === flags) return entry.compiled;
  }
  const key = `${flags}/${text}`;
  let compiled = kept.get(key);
  if (compiled === undefined) {
    const { pattern, problem } = parsePattern(text, flags);
    compiled = pattern ? { matcher: build(pattern), problem: null } : { matcher: null, problem };
    if (kept.size >= keptMax) kept.delete(kept.keys().next().value!);
  } else kept.delete(key);
  kept.set(key, compiled);
  recent[turn] = { text, flags, compiled };
  turn = (turn + 1) % recentMax;
  return compiled;
}

const keptMax = 200;
/** The one used longest ago comes first. */
const kept = new Map<string, CompiledRegex>();
/** A literal in a loop is a new regex each time; its texts are the same, which costs nothing to see. */
const recent: { text: string; flags: string; compiled: CompiledRegex }[] = [];
const recentMax = 8;
let turn = 0;

function build(pattern: Pattern): Matcher {
  const { unicode, groupCount, groupNames } = pattern;
  const { script, constants } = emitMatcher(resolvePattern(pattern), unicode, groupCount);
  const captures = new Int32Array(2 * groupCount + 2);
  const { take, give, grow, refuel, ahead, before, after, same } = support;
  // SECURITY: the script is fixed text and numbers (matcher-code.ts). It is given texts of the pattern as constants, and no
  // way to anything else.
  const make = new Function(
    'K',
    'C',
    'take',
    'give',
    'grow',
    'refuel',
    'ahead',
    'before',
    'after',
    'same',
    script,
  );
  const search = make(constants, captures, take, give, grow, refuel, ahead, before, after, same);
  return { groupCount, groupNames, captures, unicode, search };
}
