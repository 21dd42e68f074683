// Constructors of error values (SPEC 5.4), with or without `new`.
import { display } from '../runtime/display.ts';
import { ErrorValue } from '../runtime/value.ts';
import { isMissing } from './arguments.ts';
import type { Builtin } from './builtin.ts';

export const errors: readonly Builtin[] = [
  'Error',
  'TypeError',
  'RangeError',
  'ReferenceError',
].map((name) => ({
  name,
  parameters: ['message'],
  summary: `Makes an error value of type ${name}.`,
  example: `${name}("no").type // ${name}`,
  run: (context, message) =>
    new ErrorValue(name, isMissing(message) ? '' : display(message, context)),
}));
