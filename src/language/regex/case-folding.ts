// Which characters are the same when case is ignored. The host knows; it is asked by the one expression "a character, and
// the same again", which answers exactly as ECMAScript compares, with flag u and without.
import { charactersLike } from './character-classes.ts';
import { CharacterSet, unitMax } from './character-set.ts';

/** The set and all that equals a member of it when case is ignored. */
export function foldedSet(set: CharacterSet, unicode: boolean): CharacterSet {
  const all = relatives(unicode);
  const more: number[] = [];
  if (set.size < all.size) {
    for (const character of set)
      for (const other of all.get(character) ?? []) more.push(other, other);
  } else {
    for (const [character, same] of all) {
      if (set.has(character)) for (const other of same) more.push(other, other);
    }
  }
  return more.length === 0 ? set : set.union(CharacterSet.from(more));
}

/** One character for all those that are the same when case is ignored. */
export function folded(character: number, unicode: boolean): number {
  return relatives(unicode).get(character)?.[0] ?? character;
}

type Relatives = ReadonlyMap<number, readonly number[]>;

function relatives(unicode: boolean): Relatives {
  if (unicode) {
    byCodePoint ??= findRelatives(/^(.)\1$/isu, casedMax);
    return byCodePoint;
  }
  byUnit ??= findRelatives(/^(.)\1$/is, unitMax);
  return byUnit;
}

let byCodePoint: Relatives | undefined;
let byUnit: Relatives | undefined;

/** Scripts with case lie below this; a test asks the host about all others. */
const casedMax = 0x1ffff;

function findRelatives(areSame: RegExp, max: number): Relatives {
  const groups = new Map<number, number[]>();
  const byCaseForm = new Map<string, number[]>();
  for (const character of charactersLike(/[\p{CWCF}\p{CWCM}]/gu, max)) {
    const text = String.fromCodePoint(character);
    for (const form of [text.toUpperCase(), text.toLowerCase()]) {
      const alike = byCaseForm.get(form) ?? [];
      byCaseForm.set(form, alike);
      for (const other of alike) {
        if (areSame.test(text + String.fromCodePoint(other))) join(groups, character, other);
      }
      alike.push(character);
    }
  }
  return groups;
}

function join(groups: Map<number, number[]>, character: number, other: number): void {
  const group = groups.get(other) ?? [other];
  const joined = groups.get(character) ?? [character];
  if (group === joined) return;
  group.push(...joined);
  for (const member of group) groups.set(member, group);
}
