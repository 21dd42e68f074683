// What generated and mutated programs are made of: names and texts that are likely to be mistaken for something else.
import {
  contextualSymbols,
  functionSymbols,
  librarySymbols,
  syntaxSymbols,
} from '../../../src/language/symbols.ts';
import { keywords, reservedWords } from '../../../src/language/token.ts';

export const plainNames = ['a', 'b', 'c', 'x', 'y', 'f', 'g', 'xs', 'o', 'n'];

/** Names that mean something to the grammar, to emitted code, or to JavaScript. */
export const strangeNames = [
  ...['m', 'v', 'in', 'of', 'as', 'from', 'import', 'export', 'module', 'async', 'await', 'loop'],
  ...['macro', 'feature', 'error', 'args', 'main', 'φ', 'ε', 'print', 'each', 'Math', 'JSON', 'π'],
  ...[
    'constructor',
    '__proto__',
    'prototype',
    'toString',
    'valueOf',
    'toJSON',
    'then',
    'arguments',
  ],
  ...['eval', 'R', 'K', 's0', 'p', '$add', 'static', 'package', 'let_', 'default_', 'undefined_'],
  ...['hasOwnProperty', 'length', 'len', 'caller', 'callee', 'globalThis', 'process', 'name'],
];

export const strings = [
  ...['""', '"a"', "'b'", '"a{}b{}"', '"1"', '"1e3"', '"\\n\\t\\"\\\\"', '"\\u{1F600}"', "'\"'"],
  ...[
    '"\u2028"',
    '"\u2029"',
    '"\ud800"',
    '"😀"',
    '"\0"',
    `"\`$${'{x}'}\`"`,
    '"*/"',
    '"//"',
    '"</script>"',
  ],
  ...[
    '"__proto__"',
    '"constructor"',
    '"length"',
    '"0"',
    '"-1"',
    '"g"',
    '"[1,{\\"__proto__\\":2}]"',
  ],
];

export const numbers = [
  ...[
    '0',
    '1',
    '2',
    '3',
    '10',
    '.5',
    '1.5',
    '1e3',
    '2.5E-4',
    '0xFF',
    '1e308',
    '1e999',
    '4294967295',
  ],
  ...['4294967296', '9007199254740993', '0x1fffffffffffff', '1e-400', '00', '007'],
];

export const patterns = [
  '/a/',
  '/[/]b+/g',
  '/(a)|b/gi',
  '/^$/m',
  '/\\//u',
  '/(?:)/',
  '/./s',
  '/a/y',
];

export const comments = ['/* c */', '// c\n', '# c\n', '/* c\n d */', '/** * */', '/// doc\n'];

/** Pieces that no grammar puts together, for mutations. */
export const fragments: readonly string[] = [
  ...keywords,
  ...reservedWords,
  ...functionSymbols.keys(),
  ...contextualSymbols.keys(),
  ...librarySymbols.keys(),
  ...syntaxSymbols.keys(),
  ...strangeNames,
  ...strings,
  ...numbers,
  ...patterns,
  ...comments,
  ...'( ) [ ] { } ; , . : :: ? @ + - * / % ** < > = == => += ++ -- ! && || & | ^ ~ ~( # #( #f('.split(
    ' ',
  ),
  ...['"', "'", '`', '\\', '/*', '*/', '//', '#[', '#[if(!feature="x")]', '#[feature="x"]', 'v"1"'],
  ...['\n', '\r', '\r\n', '\t', '\f', ' ', '\u00a0', '\u2028', '\u3000', '\ufeff', '\ufe0f', '\0'],
  ...['\ud800', '\udc00', '😀', 'e\u0301', '𝒳', 'ﬁ', '\u200d', '\u202e', 'İ', 'ſ', '٣', '１'],
  ...[':a', '?(a){1}else{2}', 'λ a {', 'ƒ⌽(', '⟼()', '(a) =>', '{a:', '{"a":', 'm{', 'f(x)='],
];
