// What fits no family: copies, assertions, calls that may fail (SPEC 9.1).
import { truthy } from '../runtime/convert.ts';
import { display } from '../runtime/display.ts';
import { raise } from '../runtime/raised.ts';
import { functionArgument, isMissing } from './arguments.ts';
import type { Builtin } from './builtin.ts';
import { copyDeep } from './copy.ts';

export const general: readonly Builtin[] = [
  {
    name: 'copyof',
    aliases: ['clone'],
    parameters: ['value'],
    summary: 'A deep copy of arrays and objects; cycles stay cycles, functions are shared.',
    example: 'a = [[1]]; b = copyof(a); b[0].push(2); a // [[1]]',
    run: (context, value) => copyDeep(context, value ?? null),
  },
  {
    name: 'assert',
    parameters: ['condition', 'message'],
    summary: 'Throws an Error unless the condition is truthy.',
    example: 'try_call(() => assert(1 > 2, "no"), e => e.message) // no',
    errors: [
      {
        type: 'Error',
        when: 'the condition is not truthy',
        example: 'assert(1 > 2, "no")',
      },
    ],
    run: (context, condition, message) => {
      if (truthy(condition ?? null)) return null;
      throw raise('Error', isMissing(message) ? 'Assertion failed' : display(message, context));
    },
  },
  {
    name: 'try_call',
    aliases: ['÷'],
    parameters: ['function', 'handler'],
    summary: 'What the function returns, or, if it throws, what the handler makes of the error.',
    example: 'try_call(() => 1 / 0, e => e.type) // ZeroDivisionError',
    run: (context, attempt, handler) => {
      const first = functionArgument('try_call', 1, attempt);
      const second = functionArgument('try_call', 2, handler);
      try {
        return context.call(first, 'function');
      } catch (failure) {
        return context.call(second, 'handler', context.caught(failure));
      }
    },
  },
];
