// What was perhaps meant where the parser meets something else: mistyped keywords, and words of other languages.
import { didYouMean, nearest } from '../nearest.ts';
import type { Token } from '../token.ts';

/** For the place at `index`: what stands before it, or before the parenthesis that ends there, looks like a keyword. */
export function hintBefore(source: string, tokens: readonly Token[], index: number): string | null {
  const last = tokens[index - 1];
  const before = last?.text === ')' ? tokens[last.partner - 1] : last;
  if (before === undefined) return null;
  if (before.kind === 'symbol' || before.text === 'print') {
    const written = source.slice(before.start, before.end);
    if (written === '⌽') return null;
    return `Write ${written}(…): only ⌽ takes its arguments without parentheses.`;
  }
  return before.kind === 'name' ? hintForWord(before.text) : null;
}

/** For a list that ends with `;`: the word before the bracket that the place at `position` stands in. */
export function hintBeforeBracket(
  source: string,
  tokens: readonly Token[],
  position: number,
): string | null {
  let index = position - 1;
  while (index > 0) {
    const { partner, text } = tokens[index]!;
    if (text === '(' && !(partner >= 0 && partner < position)) break;
    index = partner >= 0 && partner < index ? partner - 1 : index - 1;
  }
  const before = tokens[index - 1];
  return before?.kind === 'name' && before.text !== 'print'
    ? hintBefore(source, tokens, index)
    : null;
}

/** For a word that stands where one of the words quoted in `wanted` should. */
export function hintAmong({ kind, text }: Token, wanted: string): string | null {
  if (kind !== 'name') return null;
  const words = [...wanted.matchAll(/'([a-z]+)'/g)].map(([, word]) => word!);
  return didYouMean(nearest(text, words));
}

/** For words that other languages have (SPEC 1.3). */
export const reservedHints: ReadonlyMap<string, string> = new Map([
  ...['switch', 'case', 'default'].map((word) => [word, 'Write if … else.'] as const),
  ['do', 'Write loop { … } with a break, or while.'],
  ...['class', 'extends', 'super', 'interface'].map(
    (word) => [word, 'Write a module, or a function that returns an object.'] as const,
  ),
  ['enum', 'Write an object.'],
]);

function hintForWord(word: string): string | null {
  const usage = usages.get(word);
  if (usage !== undefined) return `Write ${usage}.`;
  return didYouMean(foreign.get(word) ?? nearest(word, keywords));
}

/** Words with a meaning in some places, and how they are used there. */
const usages: ReadonlyMap<string, string> = new Map([
  ['module', 'module name { … }'],
  ['import', 'import name, import { … } from name, or import "file"'],
  ['export', 'export before a definition'],
  ['macro', 'macro name(…) => …'],
  ['loop', 'loop { … }'],
]);
const foreign: ReadonlyMap<string, string> = new Map([
  ...['elif', 'elsif', 'elseif'].map((word) => [word, 'else if'] as const),
  ...['def', 'fn', 'func', 'fun', 'sub'].map((word) => [word, 'function'] as const),
  ...['except', 'rescue'].map((word) => [word, 'catch'] as const),
  ['foreach', 'for'],
  ['until', 'while'],
  ['raise', 'throw'],
]);
/** What may stand directly before another word, a parenthesis or a block. */
const keywords = (
  'if else for while return try catch finally throw function let const var typeof new import export module macro loop ' +
  'async await'
).split(' ');
