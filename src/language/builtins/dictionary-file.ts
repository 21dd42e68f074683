// String dictionaries in files (SPEC 9.7): a JSON object with the dictionary's name and its texts.
import { display } from '../runtime/display.ts';
import { type Raised, raise } from '../runtime/raised.ts';
import { decodeKey, encodeKey, ObjectValue } from '../runtime/value.ts';
import { shownPath } from '../shown-path.ts';
import { textArgument } from './arguments.ts';
import { attempt } from './attempt.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';
import { fileErrors, filesOf, readText } from './file.ts';
import { parseJson } from './json-parse.ts';
import { jsonFormat, writeJson } from './json-write.ts';

export const dictionaryFile: readonly Builtin[] = [
  {
    name: 'dict_load',
    aliases: ['🔠'],
    parameters: ['path'],
    summary:
      'Reads a dictionary from a file, in the place of one with its name; dict_use makes it the active one.',
    example:
      'dict_set("hi", "Hello"); dict_save("default", "d.json"); dict_set("hi", "no"); dict_load("d.json"); :hi // Hello',
    errors: [
      {
        type: 'ParseError',
        when: 'the file holds no dictionary',
        example: 'write("d.json", "[]"); dict_load("d.json")',
      },
      ...fileErrors(
        'there is no file of that path, or its bytes are not UTF-8',
        'dict_load("nothing.json")',
        'dict_load("../d.json")',
      ),
    ],
    run: (context, path) => {
      const { name, texts } = readDictionary(context, textArgument('dict_load', 1, path));
      context.store.dictionaries.set(name, texts);
      return true;
    },
  },
  {
    name: 'dict_save',
    aliases: ['💾'],
    parameters: ['name', 'path'],
    summary: 'Writes the dictionary of that name to a file.',
    example: 'dict_save("default", "d.json"); JSON.parse(read("d.json")).name // default',
    errors: [
      {
        type: 'ReferenceError',
        when: 'there is no dictionary of that name',
        example: 'dict_save("nothing", "d.json")',
      },
      ...fileErrors(
        'the directory is missing, or the file cannot be written',
        'dict_save("default", "nothing/d.json")',
        'dict_save("default", "../d.json")',
      ),
    ],
    run: (context, name, path) => {
      const chosen = textArgument('dict_save', 1, name);
      const target = textArgument('dict_save', 2, path);
      const files = filesOf(context);
      const dictionary = context.store.dictionaries.get(chosen);
      if (dictionary === undefined) {
        throw raise('ReferenceError', `Dictionary ${shownPath(chosen)} not found`);
      }
      const text = dictionaryText(context, chosen, dictionary);
      attempt(() => files.write(target, `${text}\n`, 'replace', context));
      return true;
    },
  },
];

const byteOrderMark = '\ufeff';

function readDictionary(
  context: BuiltinContext,
  path: string,
): { name: string; texts: Map<string, string> } {
  const text = readText(context, path);
  const content = parseJson(context, text.startsWith(byteOrderMark) ? text.slice(1) : text);
  if (!(content instanceof ObjectValue)) throw noDictionary(path);
  const { name, strings } = content;
  if (typeof name !== 'string' || !(strings instanceof ObjectValue)) throw noDictionary(path);
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(strings)) {
    context.step(1);
    texts.set(decodeKey(key), display(value ?? null, context));
  }
  return { name, texts };
}

function dictionaryText(
  context: BuiltinContext,
  name: string,
  dictionary: ReadonlyMap<string, string>,
): string {
  const strings = new ObjectValue();
  for (const [key, text] of dictionary) {
    context.step(1);
    strings[encodeKey(key)] = text;
  }
  const content = new ObjectValue();
  content.name = name;
  content.strings = strings;
  return writeJson(context, content, jsonFormat(null, 2));
}

function noDictionary(path: string): Raised {
  return raise('ParseError', `${shownPath(path)} has no {"name": text, "strings": {key: text}}`);
}
