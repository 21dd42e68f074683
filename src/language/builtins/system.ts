// Time and environment, all through the host (SPEC 9.11).
import { raise, Stopped } from '../runtime/raised.ts';
import { numberArgument, textArgument } from './arguments.ts';
import type { Builtin } from './builtin.ts';

export const system: readonly Builtin[] = [
  {
    name: 'now',
    aliases: ['Date.now'],
    parameters: [],
    summary: 'Milliseconds since 1970.',
    example: 'now() > 0 // true',
    run: (context) => context.host.now(),
  },
  {
    name: 'sleep',
    aliases: ['⏰'],
    parameters: ['ms'],
    summary: 'Waits that many milliseconds.',
    example: 'sleep(0) // null',
    errors: [
      { type: 'RangeError', when: 'the time is negative or not a number', example: 'sleep(-1)' },
    ],
    run: (context, given) => {
      const ms = numberArgument('sleep', 1, given);
      if (!(ms >= 0)) throw raise('RangeError', 'sleep: the time must not be negative');
      const reason = context.host.sleep(ms);
      if (reason !== null) throw new Stopped(reason);
      return null;
    },
  },
  {
    name: 'env',
    aliases: ['🌐', 'ε'],
    parameters: ['name'],
    summary: "A variable of the session's environment, null if there is none.",
    example: 'env("NOT_SET") // null',
    run: (context, name) => context.host.environment.get(textArgument('env', 1, name)) ?? null,
  },
  {
    name: 'os',
    aliases: ['🖥'],
    parameters: [],
    summary: 'The name of the operating system as programs see it: always "sandbox".',
    example: 'os() // sandbox',
    run: () => 'sandbox',
  },
];
