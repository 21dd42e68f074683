// Channels and shared states (SPEC 9.12). Everything runs on one thread: nothing here waits.
import { raise } from '../runtime/raised.ts';
import { ChannelValue, SharedValue } from '../runtime/value.ts';
import { type Given, isMissing, numberArgument, textArgument, wrongArgument } from './arguments.ts';
import type { Builtin } from './builtin.ts';

export const concurrency: readonly Builtin[] = [
  {
    name: 'channel',
    aliases: ['⟿', '⚯.channel'],
    parameters: ['capacity'],
    summary: 'A queue with room for that many values, one if nothing is said.',
    example: 'typeof channel(3) // channel',
    errors: [
      {
        type: 'RangeError',
        when: 'the capacity is no whole number of at least 1',
        example: 'channel(0)',
      },
    ],
    run: (_context, given) => {
      const capacity = isMissing(given) ? 1 : numberArgument('channel', 1, given);
      if (!(Number.isInteger(capacity) && capacity >= 1)) {
        throw raise('RangeError', 'channel: the capacity must be a whole number of at least 1');
      }
      return new ChannelValue(capacity);
    },
  },
  {
    name: 'send',
    aliases: ['⇢', '⚯.send'],
    methodOf: ['channel'],
    parameters: ['channel', 'value'],
    summary: 'Puts a value into a channel; RangeError if it is full.',
    example: 'c = channel(); send(c, 5); receive(c) // 5',
    errors: [
      {
        type: 'RangeError',
        when: 'the channel is full',
        example: 'c = channel(1); send(c, 1); send(c, 2)',
      },
    ],
    run: (context, given, value) => {
      const { capacity, queue } = channelArgument('send', given);
      if (queue.length >= capacity) throw raise('RangeError', 'Channel is full');
      context.allocate((queue.length + 1) * 8);
      queue.push(value ?? null);
      return true;
    },
  },
  {
    name: 'receive',
    aliases: ['⇠', '⚯.receive'],
    methodOf: ['channel'],
    parameters: ['channel'],
    summary: 'Takes the oldest value out of a channel, null if it is empty.',
    example: 'receive(channel()) // null',
    run: (context, given) => {
      const { queue } = channelArgument('receive', given);
      // Moving the others is a block copy: cheap, but not free.
      context.step((queue.length >> 6) + 1);
      return queue.shift() ?? null;
    },
  },
  {
    name: 'shared',
    aliases: ['⟰', '⚯.shared'],
    parameters: ['name'],
    summary: "The session's shared state of that name; always the same one.",
    example: 'shared("jobs") == shared("jobs") // true',
    run: (context, given) => {
      const name = textArgument('shared', 1, given);
      const { sharedStates } = context.store;
      const state = sharedStates.get(name) ?? new SharedValue(name);
      sharedStates.set(name, state);
      return state;
    },
  },
  {
    name: 'shared_set',
    aliases: ['⇡', '⚯.shared_set'],
    methodOf: ['shared'],
    parameters: ['state', 'key', 'value'],
    summary: 'Sets a value of a shared state.',
    example: 's = shared("s"); shared_set(s, "n", 1); shared_get(s, "n") // 1',
    run: (_context, given, key, value) => {
      const { entries } = stateArgument('shared_set', given);
      entries.set(textArgument('shared_set', 2, key), value ?? null);
      return true;
    },
  },
  {
    name: 'shared_get',
    aliases: ['⇣', '⚯.shared_get'],
    methodOf: ['shared'],
    parameters: ['state', 'key'],
    summary: 'A value of a shared state, null if it has none under that key.',
    example: 'shared_get(shared("s"), "nothing") // null',
    run: (_context, given, key) =>
      stateArgument('shared_get', given).entries.get(textArgument('shared_get', 2, key)) ?? null,
  },
];

function channelArgument(name: string, given: Given): ChannelValue {
  if (given instanceof ChannelValue) return given;
  throw wrongArgument(name, 'channel', 1, given);
}

function stateArgument(name: string, given: Given): SharedValue {
  if (given instanceof SharedValue) return given;
  throw wrongArgument(name, 'shared', 1, given);
}
