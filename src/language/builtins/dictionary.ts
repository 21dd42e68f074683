// String dictionaries and agent memory (SPEC 8.1, 8.3, 9.7).
import { display } from '../runtime/display.ts';
import { activeDictionary, openDictionary } from '../runtime/session-store.ts';
import { textArgument } from './arguments.ts';
import type { Builtin } from './builtin.ts';
import { fileErrors, readText } from './file.ts';

export const dictionary: readonly Builtin[] = [
  {
    name: 'dict_set',
    aliases: ['📝'],
    parameters: ['key', 'text'],
    summary: 'Sets a text of the active dictionary, which :key then finds.',
    example: 'dict_set("hello", "Hi {}"); :hello // Hi {}',
    run: (context, key, text) => {
      activeDictionary(context.store).set(
        textArgument('dict_set', 1, key),
        display(text ?? null, context),
      );
      return true;
    },
  },
  {
    name: 'dict_get',
    parameters: ['key'],
    summary: 'A text of the active dictionary, null if it has none of that key.',
    example: 'dict_get("nothing") // null',
    run: (context, key) =>
      activeDictionary(context.store).get(textArgument('dict_get', 1, key)) ?? null,
  },
  {
    name: 'dict_keys',
    parameters: [],
    summary: 'The keys of the active dictionary.',
    example: 'dict_set("a", 1); dict_keys() // ["a"]',
    run: (context) => [...activeDictionary(context.store).keys()],
  },
  {
    name: 'dict_use',
    aliases: ['🔄'],
    parameters: ['name'],
    summary: 'Makes a dictionary the active one, and makes it if it is missing.',
    example: 'dict_use("german"); dict_name() // german',
    run: (context, name) => {
      const chosen = textArgument('dict_use', 1, name);
      openDictionary(context.store, chosen);
      context.store.activeDictionary = chosen;
      return true;
    },
  },
  {
    name: 'dict_name',
    parameters: [],
    summary: 'The name of the active dictionary.',
    example: 'dict_name() // default',
    run: (context) => context.store.activeDictionary,
  },
  {
    name: 'remember',
    parameters: ['key', 'value'],
    summary: "Keeps a value in the agent's memory.",
    example: 'remember("n", [1]); recall("n") // [1]',
    run: (context, key, value) => {
      context.store.memory.set(textArgument('remember', 1, key), value ?? null);
      return true;
    },
  },
  {
    name: 'recall',
    parameters: ['key'],
    summary: "A value of the agent's memory, null if there is none.",
    example: 'recall("nothing") // null',
    run: (context, key) => context.store.memory.get(textArgument('recall', 1, key)) ?? null,
  },
  {
    name: 'forget',
    aliases: ['🗑'],
    parameters: ['key'],
    summary: "Removes a key from the agent's memory and from the active dictionary.",
    example: 'remember("n", 1); forget("n"); recall("n") // null',
    run: (context, key) => {
      const forgotten = textArgument('forget', 1, key);
      context.store.memory.delete(forgotten);
      activeDictionary(context.store).delete(forgotten);
      return true;
    },
  },
  {
    name: 'lookup',
    aliases: ['📖'],
    parameters: ['key'],
    summary:
      "The first of: text of the active dictionary, value of the agent's memory, text of a file.",
    example: 'remember("n", 7); lookup("n") // 7',
    errors: fileErrors(
      'neither has the key, and there is no file of that path',
      'lookup("nothing")',
      'lookup("../a.txt")',
    ),
    run: (context, given) => {
      const key = textArgument('lookup', 1, given);
      const found = activeDictionary(context.store).get(key) ?? context.store.memory.get(key);
      return found ?? readText(context, key);
    },
  },
];
