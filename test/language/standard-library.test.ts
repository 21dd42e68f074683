// The names of the standard library as programs write them: which are the same function, which are methods, which are not names
// at all. What each function does is in the examples of the table and in the golden programs.
import { describe, expect, it } from 'vitest';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

/** The first name of a line and its other spellings. */
const spellings = `
  print log ⌽ console.log console.info ∇.⌽ ∇.print
  eprint console.error console.warn
  len length
  each ∀ forEach ∇.∀ ∇.each
  copyof clone
  try_call
  Number 🔢 num float ⟑.🔢 ⟑.Number
  String 🔤 str ⟑.🔤 ⟑.String
  Boolean bool
  isArray Array.isArray
  upper uppercase
  lower lowercase
  indexOf index_of
  includes contains
  replace replaceAll
  add ＋
  pop ⊣
  sum ∑ ∇.∑ ∇.sum
  product ∏
  keys Object.keys
  values Object.values
  entries Object.entries
  has Object.has
  sqrt √ Math.sqrt
  integrate ∫
  parse_json parse JSON.parse ⎋.parse
  to_json JSON.stringify ⎋.stringify
  JSON ⎋
  dict_set 📝
  dict_use 🔄
  forget 🗑
  lookup 📖
  hash ⚿.hash
  encrypt 🔒 ⚿.🔒 ⚿.encrypt
  decrypt 🔑 ⚿.🔑 ⚿.decrypt
  now Date.now
  sleep ⏰
  env 🌐
  os 🖥
  channel ⟿ ⚯.⟿ ⚯.channel
  send ⇢ ⚯.⇢ ⚯.send
  receive ⇠ ⚯.⇠ ⚯.receive
  shared ⟰ ⚯.⟰ ⚯.shared
  shared_set ⇡ ⚯.⇡ ⚯.shared_set
  shared_get ⇣ ⚯.⇣ ⚯.shared_get
  read read_file ↯ ⌸.↯ ⌸.read
  write write_file ✍ ↱ ⌸.↱ ⌸.write
  readdir read_dir 📂
  mkdir make_dir
  remove ✂
  copy ⧉
  move ↷
  isDir is_dir
  dict_load 🔠
  dict_save 💾
  get fetch ↗ ⇓ ⚡.⇓ ⚡.get
  post ↓ ⇑ ⚡.⇑ ⚡.post
  regex ⚡.regex
  shell sh
`;

const inMath = `abs round floor ceil trunc sign sqrt cbrt pow exp log2 log10 sin cos tan asin acos atan atan2 hypot
  min max random`;

const free = `args range del assert int parseInt parseFloat isNaN isFinite Number.isInteger isObject isString isNumber
  isFunction String.fromCharCode substring slice trim split startsWith endsWith repeat format push shift unshift splice
  concat join reverse lastIndexOf find findIndex map filter reduce reduceRight some every flat flatMap fill sort sorted
  unique Array Object.assign Object.fromEntries Math.log Math.seed dict_get dict_keys dict_name remember recall uuid
  base64 unbase64 append exists isFile fileSize mtime join_path dir_name base_name relative_path hash_file put delete
  regex RegExp find_all test match Date progress Error TypeError RangeError ReferenceError memory.store memory.retrieve memory.forget memory.move
  memory.consolidate memory.search memory.tag memory.stats PI π Math.PI Math.E Infinity NaN`;

const methods: Readonly<Record<string, string>> = {
  '"text"': `charAt charCodeAt codePointAt substring slice toUpperCase upper uppercase toLowerCase lower lowercase trim
    trimStart trimEnd split indexOf index_of lastIndexOf includes contains startsWith endsWith replace replaceAll repeat
    padStart padEnd concat localeCompare match search toString lines reverse`,
  '[1]': `push add pop shift unshift slice splice concat join reverse indexOf lastIndexOf includes find findIndex forEach
    map filter reduce reduceRight some every flat flatMap fill sort sorted sum product min max unique keys values entries
    toString`,
  '({})': 'hasOwnProperty toString',
  '(/a/)': 'test match exec toString',
  '(1)': 'toFixed toPrecision toString valueOf',
  'new Date(0)': `getTime valueOf toISOString toString getFullYear getMonth getDate getDay getHours getMinutes getSeconds
    getMilliseconds`,
  'channel()': 'send receive toString',
  'shared("s")': 'shared_set shared_get toString',
};

/** Names that a program must define before it can use them. */
const methodsOnly = `charAt charCodeAt codePointAt toUpperCase toLowerCase trimStart trimEnd padStart padEnd localeCompare
  lines hasOwnProperty toFixed toPrecision valueOf toString getTime getFullYear toISOString
  exec search`;

const words = (text: string) => text.trim().split(/\s+/);
const spelled = spellings.trim().split('\n').map(words);

describe('the standard library', () => {
  it.each(spelled.flatMap(([name, ...others]) => others.map((other) => [other, name!] as const)))(
    'has %s, which is %s',
    (other, name) => {
      expect(resultOf(`${name} === ${other} && typeof ${name} == "function"`)).toBe(true);
    },
  );

  it('has the functions of numbers with and without Math', () => {
    for (const name of words(inMath)) expect(resultOf(`${name} === Math.${name}`), name).toBe(true);
  });

  it('has everything else under its name', () => {
    for (const name of words(free)) expect(resultOf(`typeof ${name}`), name).not.toBe('null');
  });

  it.each(Object.entries(methods))('gives %s its methods', (value, names) => {
    for (const name of words(names)) {
      expect(resultOf(`x = ${value}; typeof x.${name}`), name).toBe('function');
    }
  });

  it('does not take names away that are methods only', () => {
    for (const name of words(methodsOnly)) {
      expect(errorOf(name).message, name).toBe(`${name} is not defined`);
    }
  });

  it('does with a free function what the method does', () => {
    const both = {
      '"a,b"': ['split(",")', 'slice(1)', 'upper()', 'indexOf("b")', 'replace("a", "c")', 'trim()'],
      '[3, 1, 2]': ['join("-")', 'slice(1)', 'sorted()', 'sum()', 'max()', 'includes(2)', 'flat()'],
      'channel()': ['send(1)', 'receive()'],
    };
    for (const [value, calls] of Object.entries(both)) {
      for (const call of calls) {
        const [name, rest] = [call.slice(0, call.indexOf('(')), call.slice(call.indexOf('(') + 1)];
        const asFunction = `${name}(${value}${rest === ')' ? '' : ', '}${rest}`;
        expect(resultOf(`${value}.${call} == ${asFunction}`), call).toBe(true);
      }
    }
  });
});

describe('a wrong argument', () => {
  it.each([
    ['upper(null)', 'upper: expected string for argument 1, got null'],
    ['upper()', 'upper: expected string for argument 1, got null'],
    ['"a".repeat("2")', 'repeat: expected number for argument 2, got string'],
    ['[1].join(5)', 'join: expected string for argument 2, got number'],
    ['[1].splice()', 'splice: expected number for argument 2, got null'],
    ['map({}, x => x)', 'map: expected array for argument 1, got object'],
    ['[1].map("f")', 'map: expected function for argument 2, got string'],
    ['floor(true)', 'floor: expected number for argument 1, got boolean'],
    ['max(1, "2")', 'max: expected number for argument 2, got string'],
    ['max([1, "2"])', 'max: expected number at index 1, got string'],
    ['sum([1, null])', 'sum: expected number at index 1, got null'],
    ['parseInt(5)', 'parseInt: expected string for argument 1, got number'],
    ['format(5, 1)', 'format: expected string for argument 1, got number'],
    ['keys(5)', 'keys: expected object or array for argument 1, got number'],
    ['Object.assign({}, [1])', 'Object.assign: expected object for argument 2, got array'],
    ['JSON.parse(1)', 'JSON.parse: expected string for argument 1, got number'],
    ['dict_set(1, "a")', 'dict_set: expected string for argument 1, got number'],
    ['remember(null, 1)', 'remember: expected string for argument 1, got null'],
    ['env()', 'env: expected string for argument 1, got null'],
    ['sleep("1")', 'sleep: expected number for argument 1, got string'],
    ['new Date([])', 'Date: expected number or string for argument 1, got array'],
    ['send(1, 2)', 'send: expected channel for argument 1, got number'],
    ['shared_get(channel(), "k")', 'shared_get: expected shared for argument 1, got channel'],
    ['memory.search(1)', 'memory.search: expected string for argument 1, got number'],
    ['progress("1")', 'progress: expected number for argument 1, got string'],
    ['test(1, "a")', 'test: expected regex for argument 1, got number'],
    ['/a/.test(5)', 'test: expected string for argument 2, got number'],
    ['match("a")', 'match: expected string for argument 2, got null'],
    ['"a".match([])', 'match: expected regex for argument 2, got array'],
    ['"a".search(null)', 'search: expected regex for argument 2, got null'],
    ['find_all(1, "a")', 'find_all: expected string for argument 1, got number'],
    ['find_all("a", 1)', 'find_all: expected regex for argument 2, got number'],
    ['regex(1)', 'regex: expected string for argument 1, got number'],
    ['RegExp("a", 1)', 'RegExp: expected string for argument 2, got number'],
    ['/a/.lastIndex = "1"', 'lastIndex must be a number, got string'],
    ['hash({})', 'hash: expected string for argument 1, got object'],
    ['try_call(1, 2)', 'try_call: expected function for argument 1, got number'],
  ])('of %s is named with its place and both types', (code, message) => {
    expect(errorOf(code)).toMatchObject({ type: 'TypeError', message });
  });
});

describe('what no session has', () => {
  const session = newSession();
  const refusals: Readonly<Record<string, string>> = {
    'UnsupportedError: UI is not available in this session':
      '⬢("x") ⬢.window("x") □("x") ⬚("x") ✎("x") ⌨("x") ⌨.read() ⚈("x") ⟳()',
    'UnsupportedError: Browser automation is not available in this session':
      '🖱("x") 👁("x") 🧠("x") ❌() 🖱.click("x") ⚡.querySelector("a") ⚡.querySelectorAll("a")',
    'UnsupportedError: Servers and long-lived sockets are not available in this session':
      '⊲(80) ⇉("x") ⥮("x") ⚡.⊲(80) ⚡.⇉("x") ⚡.⥮("x") ~("ws://x")',
    'PermissionError: Shell commands are not permitted': 'shell("ls") sh("ls")',
    'PermissionError: Capabilities are granted by the configuration of the session, not by programs':
      '🔓_fs("x") 🔓_sh("x") 🔓_net("x") 📁_allow("x")',
  };

  it.each(
    Object.entries(refusals).flatMap(([error, calls]) =>
      words(calls).map((code) => [code, error] as const),
    ),
  )('%s is refused: %s', (code, error) => {
    const { type, message } = session.error(code);
    expect(`${type}: ${message}`).toBe(error);
    expect(session.value(`try_call(() => ${code}, e => e.type)`)).toBe(type);
  });

  it.each(['image("x")', 'SQL("x")', 'sql("x")', 'fetchAll()', 'process', 'require("fs")'])(
    '%s is not defined',
    (code) => {
      expect(session.error(code).type).toBe('ReferenceError');
    },
  );
});
