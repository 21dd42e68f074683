// Programs that somebody wrote, broken on purpose.
import { lex } from '../../../src/language/lexer.ts';
import type { Dice } from './dice.ts';
import { fragments } from './fragments.ts';

/** A variant of one of the sources, sometimes with a part of another. */
export function mutate(dice: Dice, sources: readonly string[]): string {
  let text = dice.pick(sources);
  const steps = 1 + dice.roll(4);
  for (let i = 0; i < steps; i++) text = dice.pick(mutations)(text, dice, sources);
  return text.slice(0, lengthMax);
}

type Mutation = (text: string, dice: Dice, sources: readonly string[]) => string;

const lengthMax = 20_000;
const mutations: readonly Mutation[] = [
  // Tokens: left out, doubled, swapped, replaced.
  (text, dice) => withToken(text, dice, () => ''),
  (text, dice) => withToken(text, dice, (token) => `${token} ${token}`),
  (text, dice) => withToken(text, dice, () => dice.pick(fragments)),
  (text, dice) => withToken(text, dice, (token) => `${dice.pick(fragments)} ${token}`),
  (text, dice) => withToken(text, dice, (token) => `${token}${dice.pick(fragments)}`),
  (text, dice) => {
    const pieces = piecesOf(text);
    const [a, b] = [dice.roll(pieces.length), dice.roll(pieces.length)];
    [pieces[a], pieces[b]] = [pieces[b] ?? '', pieces[a] ?? ''];
    return pieces.join('');
  },
  // Parts: cut out, doubled, cut off, taken from elsewhere.
  (text, dice) => withPart(text, dice, () => ''),
  (text, dice) => withPart(text, dice, (part) => part + part),
  (text, dice) => text.slice(0, dice.roll(text.length + 1)),
  (text, dice, sources) => withPart(text, dice, () => partOf(dice.pick(sources), dice)),
  // Characters.
  (text, dice) => withCharacter(text, dice, () => String.fromCharCode(dice.roll(0x10000))),
  (text, dice) => withCharacter(text, dice, () => String.fromCharCode(dice.roll(128))),
  (text, dice) => withCharacter(text, dice, () => String.fromCodePoint(dice.roll(0x110000))),
  (text, dice) => text.replace(/\n/g, () => dice.pick(['\n', '\r', '\r\n', ' ', '', '\u2028'])),
  // Depth.
  (text, dice) => withPart(text, dice, (part) => nested(dice, part)),
];

function nested(dice: Dice, part: string): string {
  const [open, close] = dice.pick([
    ...[
      ['(', ')'],
      ['[', ']'],
      ['{', '}'],
      ['f(', ')'],
      ['-', ''],
      ['x => ', ''],
      ['a[', ']'],
    ],
    ...[
      ['if (a) {', '}'],
      ['{a: ', '}'],
      ['() => {', '}'],
      ['a ? ', ' : b'],
      ['λm{ƒf(){', '}}'],
    ],
  ]) as [string, string];
  const depth = 1 + dice.roll(dice.once(4) ? 400 : 20);
  return open.repeat(depth) + part + close.repeat(depth);
}

/** Tokens and what stands between them. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let end = 0;
  for (const token of lex(text).tokens) {
    pieces.push(text.slice(end, token.start), text.slice(token.start, token.end));
    end = token.end;
  }
  return pieces;
}

function withToken(text: string, dice: Dice, change: (token: string) => string): string {
  const pieces = piecesOf(text);
  const index = dice.roll(pieces.length / 2) * 2 + 1;
  pieces[index] = change(pieces[index] ?? '');
  return pieces.join('');
}

function withPart(text: string, dice: Dice, change: (part: string) => string): string {
  const start = dice.roll(text.length + 1);
  const end = Math.min(text.length, start + dice.roll(60));
  return text.slice(0, start) + change(text.slice(start, end)) + text.slice(end);
}

function partOf(text: string, dice: Dice): string {
  const start = dice.roll(text.length + 1);
  return text.slice(start, start + dice.roll(200));
}

function withCharacter(text: string, dice: Dice, make: () => string): string {
  const at = dice.roll(text.length + 1);
  return text.slice(0, at) + make() + text.slice(at + dice.roll(2));
}
