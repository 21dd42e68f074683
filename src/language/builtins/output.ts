// Output and input (SPEC 8.2, 9.1).
import { display } from '../runtime/display.ts';
import { raise, Stopped } from '../runtime/raised.ts';
import { TextBuilder } from '../runtime/text-builder.ts';
import type { Value } from '../runtime/value.ts';
import { type Given, isMissing, numberArgument, textArgument } from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const output: readonly Builtin[] = [
  {
    name: 'print',
    aliases: ['log', '⌽', 'console.log', 'console.info', '∇.print'],
    parameters: ['...values'],
    summary: 'Writes the display forms, joined with blanks, and a line end to stdout.',
    example: 'print("a", 1) // a 1',
    run: (context, ...values) => writeLine(context, 'stdout', values),
  },
  {
    name: 'eprint',
    aliases: ['console.error', 'console.warn'],
    parameters: ['...values'],
    summary: 'Writes the display forms, joined with blanks, and a line end to stderr.',
    example: 'eprint("a", 1) // a 1',
    run: (context, ...values) => writeLine(context, 'stderr', values),
  },
  {
    name: 'input',
    aliases: ['🎤'],
    parameters: ['prompt'],
    summary: 'Writes the prompt, waits for one line of input and returns it without its end.',
    example: 'input("Name? ") // Ann',
    errors: [
      { type: 'IOError', when: 'there is no input, or no more of it', example: 'input(); input()' },
    ],
    run: (context, prompt) => readLine(context, prompt),
  },
  {
    name: 'progress',
    parameters: ['value', 'of'],
    summary:
      'Tells whoever watches the session how far the program has come, maybe out of how much.',
    example: 'progress(3, 10) // null',
    errors: [
      { type: 'RangeError', when: 'a number is not finite', example: 'progress(1, Infinity)' },
    ],
    run: (context, value, of) => {
      const reached = finiteArgument('progress', 1, value);
      context.host.progress(reached, isMissing(of) ? null : finiteArgument('progress', 2, of));
      return null;
    },
  },
  {
    name: 'format',
    methodOf: ['string'],
    parameters: ['template', '...values'],
    summary: 'Replaces each {} of a template by the display form of the next value.',
    example: 'format("{} of {}", 1, 2) // 1 of 2',
    errors: [
      {
        type: 'RangeError',
        when: 'there are values, but fewer than `{}`',
        example: 'format("{} of {}", 1)',
      },
    ],
    run: (context, template, ...values) =>
      formatText(context, textArgument('format', 1, template), presentValues(values), true),
  },
];

/** What is told as JSON, which has no form for the other numbers. */
function finiteArgument(name: string, position: number, given: Given): number {
  const number = numberArgument(name, position, given);
  if (Number.isFinite(number)) return number;
  throw raise('RangeError', `${name}: argument ${position} must be finite`);
}

function writeLine(
  context: BuiltinContext,
  channel: 'stdout' | 'stderr',
  given: readonly Given[],
): Value {
  const values = presentValues(given);
  const first = values[0];
  if (first === undefined) {
    context.host.write(channel, '\n');
    return null;
  }
  if (values.length === 1) {
    context.host.write(channel, `${display(first, context)}\n`);
    return first;
  }
  const text =
    typeof first === 'string'
      ? formatText(context, first, values.slice(1), false)
      : joinWithBlanks(context, values);
  context.host.write(channel, `${text}\n`);
  return text;
}

/** SPEC 8.2. `strict`: too few values are a RangeError; otherwise left-over `{}` stay. */
function formatText(
  context: BuiltinContext,
  template: string,
  values: readonly Value[],
  strict: boolean,
): string {
  if (values.length === 0) return template;
  const text = new TextBuilder(context);
  let used = 0;
  let from = 0;
  for (let at = template.indexOf('{}'); at !== -1; at = template.indexOf('{}', from)) {
    if (used === values.length) {
      if (strict) throw raise('RangeError', 'Not enough arguments for string formatting');
      break;
    }
    text.append(template.slice(from, at));
    text.append(display(values[used++]!, context));
    from = at + 2;
  }
  text.append(template.slice(from));
  if (used < values.length) {
    text.append(' ');
    text.append(joinWithBlanks(context, values.slice(used)));
  }
  return text.toString();
}

function joinWithBlanks(context: BuiltinContext, values: readonly Value[]): string {
  const text = new TextBuilder(context);
  for (const [position, value] of values.entries()) {
    if (position > 0) text.append(' ');
    text.append(display(value, context));
  }
  return text.toString();
}

function readLine(context: BuiltinContext, prompt: Given): string {
  const question = isMissing(prompt) ? '' : display(prompt, context);
  if (question !== '') context.host.write('stdout', question);
  const line = context.host.readLine(question);
  if (line === null) throw raise('IOError', 'Input is not available');
  if (typeof line !== 'string') throw new Stopped(line);
  return line;
}

function presentValues(given: readonly Given[]): Value[] {
  return given.map((value) => value ?? null);
}
