// JSON text and values (SPEC 9.7). The reader and the writer are our own: objects are built with encoded keys, errors name
// line and column, and no depth can overflow the stack.

import { isMissing, textArgument } from './arguments.ts';
import type { Builtin } from './builtin.ts';
import { parseJson } from './json-parse.ts';
import { jsonFormat, writeJson } from './json-write.ts';

export const json: readonly Builtin[] = [
  {
    name: 'JSON.parse',
    aliases: ['parse_json', 'parse', 'JSON', '⎋'],
    parameters: ['text'],
    summary: 'The value that a JSON text describes; ParseError if it is not JSON.',
    example: 'JSON.parse("{\\"a\\": [1, null]}") // {"a": [1, null]}',
    errors: [{ type: 'ParseError', when: 'the text is not JSON', example: 'JSON.parse("{a}")' }],
    run: (context, text) => parseJson(context, textArgument('JSON.parse', 1, text)),
  },
  {
    name: 'JSON.stringify',
    aliases: ['to_json'],
    parameters: ['value', 'replacer', 'indent'],
    summary: 'The JSON text of a value; a number or string as second argument is the indent.',
    example: 'JSON.stringify({a: [1, NaN]}) // {"a":[1,null]}',
    errors: [
      {
        type: 'TypeError',
        when: 'a collection contains itself',
        example: 'a = []; a.push(a); JSON.stringify(a)',
      },
    ],
    run: (context, value, replacer, indent) => {
      const isIndent = typeof replacer === 'number' || typeof replacer === 'string';
      return writeJson(
        context,
        value ?? null,
        isIndent
          ? jsonFormat(null, replacer)
          : jsonFormat(replacer ?? null, isMissing(indent) ? null : indent),
      );
    },
  },
];
