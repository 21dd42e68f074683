// The tree of a pattern. Flags are already part of it: `(?i:…)` may change them inside.
import type { CharacterSet } from './character-set.ts';

export type PatternNode =
  | { readonly type: 'empty' }
  | { readonly type: 'character'; readonly character: number; readonly ignoreCase: boolean }
  | {
      readonly type: 'class';
      readonly items: readonly ClassItem[];
      readonly negated: boolean;
      readonly ignoreCase: boolean;
    }
  | { readonly type: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly type: 'alternation'; readonly alternatives: readonly PatternNode[] }
  | { readonly type: 'group'; readonly index: number; readonly body: PatternNode }
  /** Several groups where they share a name; at most one of them has matched. */
  | {
      readonly type: 'reference';
      readonly indices: readonly number[];
      readonly ignoreCase: boolean;
    }
  | { readonly type: 'lineStart'; readonly multiline: boolean }
  | { readonly type: 'lineEnd'; readonly multiline: boolean }
  | { readonly type: 'boundary'; readonly negated: boolean; readonly ignoreCase: boolean }
  | {
      readonly type: 'look';
      readonly behind: boolean;
      readonly negated: boolean;
      readonly body: PatternNode;
    }
  | {
      readonly type: 'repeat';
      readonly min: number;
      readonly max: number;
      readonly greedy: boolean;
      readonly body: PatternNode;
    };

export type ClassItem =
  | { readonly type: 'range'; readonly from: number; readonly to: number }
  | { readonly type: 'set'; readonly set: CharacterSet; readonly negated: boolean }
  /** Looked up when the pattern is first used: that takes milliseconds. */
  | { readonly type: 'property'; readonly name: string; readonly negated: boolean };

export type Pattern = {
  readonly node: PatternNode;
  readonly unicode: boolean;
  readonly sticky: boolean;
  /** Capturing groups, without the whole match. */
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, readonly number[]>;
};

/** What is wrong with a pattern, and where in it. */
export type PatternProblem = { readonly message: string; readonly offset: number };
