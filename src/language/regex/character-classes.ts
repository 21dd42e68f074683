// The classes that patterns name: \d, \w, \s, line ends, and \p{…} by Unicode property.
import { CharacterSet, codePointMax } from './character-set.ts';

export const digits = CharacterSet.of(48, 57);
export const wordCharacters = CharacterSet.of(48, 57, 65, 90, 95, 95, 97, 122);
/** With flags i and u, what folds to a word character is one: the long s and the Kelvin sign. */
export const foldedWordCharacters = wordCharacters.union(
  CharacterSet.of(0x17f, 0x17f, 0x212a, 0x212a),
);
export const lineEnds = CharacterSet.of(10, 10, 13, 13, 0x2028, 0x2029);
export const spaces = CharacterSet.from([
  ...[9, 13, 32, 32, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029],
  ...[0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff],
]);

/** Whether `\p{text}` names something: `L`, `Script=Greek`. */
export function isProperty(text: string): boolean {
  if (propertySets.has(text)) return true;
  // SECURITY: only names reach the host's parser of patterns, and what it makes of them never runs here.
  if (!/^\w+(?:=\w+)?$/.test(text)) return false;
  try {
    new RegExp(`\\p{${text}}`, 'u');
    return true;
  } catch {
    return false;
  }
}

/** What `\p{text}` matches; `text` must be a property. The host knows Unicode, so it is asked once about every character. */
export function propertySet(text: string): CharacterSet {
  let set = propertySets.get(text);
  if (set === undefined) {
    set = charactersLike(new RegExp(`\\p{${text}}+`, 'gu'), codePointMax);
    propertySets.set(text, set);
  }
  return set;
}

/** Bounded by the number of names that Unicode has. */
const propertySets = new Map<string, CharacterSet>();

/** Characters up to `max` in runs that a host's expression finds; it must have the flags g and u. */
export function charactersLike(runs: RegExp, max: number): CharacterSet {
  const ranges: number[] = [];
  for (let start = 0; start <= max; start += blockLength) {
    // The two halves of the surrogates are never in one block, so they cannot form pairs.
    const text = String.fromCodePoint(...Array.from({ length: blockLength }, (_, i) => start + i));
    const width = text.length / blockLength;
    for (const run of text.matchAll(runs)) {
      const from = start + run.index / width;
      ranges.push(from, from + run[0].length / width - 1);
    }
  }
  return CharacterSet.from(ranges);
}

const blockLength = 1024;
