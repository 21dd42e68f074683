// Chance, from the session's own generator (SPEC 9.6).
import { raise } from '../runtime/raised.ts';
import { isMissing, numberArgument } from './arguments.ts';
import type { Builtin } from './builtin.ts';

export const random: readonly Builtin[] = [
  {
    name: 'random',
    aliases: ['Math.random'],
    parameters: ['from', 'to'],
    summary: 'A number in [0,1); with two arguments a whole number between them, both included.',
    example: 'random(5, 5) // 5',
    errors: [
      { type: 'RangeError', when: 'no whole number lies between the two', example: 'random(2, 1)' },
    ],
    run: (context, from, to) => {
      if (isMissing(from) && isMissing(to)) return context.random();
      const least = Math.ceil(numberArgument('random', 1, from));
      const greatest = Math.floor(numberArgument('random', 2, to));
      if (!(least <= greatest)) throw raise('RangeError', 'random: the range is empty');
      return least + Math.floor(context.random() * (greatest - least + 1));
    },
  },
  {
    name: 'Math.seed',
    parameters: ['seed'],
    summary: 'Makes the following random numbers repeatable.',
    example: 'Math.seed(1); a = random(); Math.seed(1); a == random() // true',
    run: (context, seed) => {
      context.seed(numberArgument('Math.seed', 1, seed));
      return null;
    },
  },
];
