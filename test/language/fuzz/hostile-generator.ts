// Programs that look for a way out: names of the host on every kind of value, built-ins with arguments they do not expect,
// callbacks that change what is being walked, errors of every origin.
import { builtins } from '../../../src/language/builtins/table.ts';
import type { Dice } from './dice.ts';
import { strings } from './fragments.ts';

/** Names that mean something on objects of the host. */
export const hostNames: readonly string[] = [
  ...['constructor', '__proto__', 'prototype', 'toString', 'valueOf', 'toJSON', 'then', 'next'],
  ...['hasOwnProperty', '__defineGetter__', '__lookupGetter__', '__defineSetter__', 'caller'],
  ...['callee', 'arguments', 'call', 'apply', 'bind', 'run', 'code', 'environment', 'members'],
  ...['lexicalThis', 'value', 'target', 'method', 'receiver', 'Symbol.iterator', '@@iterator'],
  ...['Symbol(Symbol.toPrimitive)', 's0', 'p', '\0', '\0__proto__', '\\0', 'length', 'get', 'set'],
  ...['stack', 'message', 'name', 'type', 'cause', 'time', 'queue', 'entries', 'pattern', 'exec'],
  ...['lastIndex', 'source', 'flags', 'unit', 'instantiate', 'exported', 'version', '#stack'],
];

/** A program of a few hostile steps, each of which may fail. */
export function generateHostile(dice: Dice): string {
  const maker = new HostileGenerator(dice);
  const steps = dice.some(3, 8, () => maker.step());
  return `${world}${steps.map((step) => `try { r = ${step} } catch (e) { q = [e, e.stack, e.value, e.message] }`).join('\n')}`;
}

/** What every program has to play with. */
const world = `module t { ⊢ z = 1; hidden = 2; ⊢ h(x){ return this } }
a = [3, 1, 2, "b", null]; s = "aβ😀\\uD800"; d = {a: 1}; cyclic = [1]; cyclic.push(cyclic, {c: cyclic})
o = {k: 1, "__proto__": {p: 1}, constructor: 2, "0": 3, f: function(){ return this }, g(){ }, toJSON: x => { throw x }}
f(x, y){ return x }
`.replace(' g(){ },', '');

const values: readonly string[] = [
  ...['a', 'o', 's', 'd', 'r', 'q', 't', 't.h', 'f', 'o.f', 'cyclic', 'null', 'true', '∅', 'args'],
  ...['0', '1', '-1', '1.5', 'NaN', 'Infinity', '-Infinity', '2 ** 31', '2 ** 53', '1e308', '-0'],
  ...[
    '{}',
    '[]',
    '[1, 2, 3]',
    '[[1, 2], ["k", 3]]',
    '[["__proto__", {x: 1}]]',
    'range(40)',
    '[null]',
  ],
  ...[
    'print',
    'Math',
    'JSON',
    '[1].push',
    '"x".replace',
    'Object',
    'String',
    '(Error("e"))',
    'Date',
  ],
  ...[
    '(new Date(0))',
    '/(a)|b/g',
    '/(?:)/gu',
    'regex("a+")',
    'channel(2)',
    'shared("s")',
    '🌐',
    '⬢',
  ],
  ...[
    '(x => x)',
    '(() => a)',
    '(x => { throw x })',
    '((x, y) => y)',
    '(x => { a.push(x); return x })',
  ],
  ...[
    '(x => { a.splice(0, 99); return true })',
    '((x, y) => { a.sort(); return 1 })',
    '(x => a.pop())',
  ],
  ...[
    '(x => { a.reverse(); s = s + x; return [x] })',
    '((x, i, all) => { all.shift(); return x })',
  ],
  ...[
    '(x => { a.length = 0 })',
    '((x, y) => y < x)',
    '(() => NaN)',
    '(x => { o["k" + x] = x; return o })',
  ],
  ...[
    '(x => { del(o, "k"); return "k" })',
    '(x => ({"__proto__": x}))',
    '((x, y) => { return a.map(f) })',
  ],
  ...[
    '(x => a.sort((x, y) => { a.push(1); return x - y }))',
    '(x => JSON.stringify(o))',
    '(x => cyclic)',
  ],
  ...strings,
];

class HostileGenerator {
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  step(): string {
    const dice = this.#dice;
    const value = () => `(${dice.pick(values)})`;
    const name = () => dice.pick(hostNames);
    const key = () => JSON.stringify(name());
    const word = () => dice.pick(plainHostNames);
    const makers = [
      () => this.#call(),
      () => this.#call(),
      () => this.#call(),
      () => this.#call(),
      () => `[${value()}[${key()}], ${value()}.${word()}, ${value()}::${word()}]`,
      () => `${value()}.${word()}(${value()}, ${value()})`,
      () => `${value()}[${key()}](${value()})`,
      () => `(${value()})[${value()}]`,
      () => `(x => { x[${key()}] = ${value()}; return x })(${value()})`,
      () => `(x => { x.${word()} = ${value()}; return x })(${value()})`,
      () => `(x => { x[${value()}] = ${value()}; return x })(${value()})`,
      () => `(x => { x.${word()}++; return x })(${value()})`,
      () => `(x => { x[${key()}] += ${value()}; return x })(${value()})`,
      () => `{${key()}: ${value()}, ${word()}: ${value()}}`,
      () => `(x => { for (k in x) { x.push(k); if (k == 2) { break } } return x })(${value()})`,
      () => `(x => { for (k of x) { a.pop(); del(o, k) } return k })(${value()})`,
      () => `(x => x[${value()}:${value()}])(${value()})`,
      () =>
        `(${value()} ${dice.pick(['+', '-', '*', '/', '%', '**', '<', '>=', '==', '===', '&&'])} ${value()})`,
      () => `[typeof ${value()}, -(${value()}), !${value()}, String(${value()})]`,
      () =>
        `new ${dice.pick(['Date', 'Error', 'Array', 'Object', 'Function', 'RegExp', 'String', 'f', 'o', 'Promise'])}(${value()}, ${value()})`,
      () => `(x => { throw ${value()} })(1)`,
      () => `try_call(x => { throw ${value()} }, ${value()})`,
      () => `((x, y = x.${word()}) => [x, y, this])(${value()})`,
      () => `(x => { ::a = ${value()}; ::o = ${value()}; return [a, o] })(1)`,
      () => `format(${value()}, ${value()}) + ${value()}`,
    ];
    return dice.pick(makers)();
  }

  /** A built-in, as a function or a method, with any arguments. */
  #call(): string {
    const dice = this.#dice;
    const { name, aliases = [], methodOf } = dice.pick(callable);
    const values_ = dice.some(0, 4, () => dice.pick(values)).join(', ');
    const spelled = dice.pick([name, ...aliases]);
    if (methodOf === undefined || dice.once(3)) return `${spelled}(${values_})`;
    return `${dice.pick(values)}.${spelled.slice(spelled.lastIndexOf('.') + 1)}(${values_})`;
  }
}

const plainHostNames = hostNames.filter((name) => /^[A-Za-z_]\w*$/.test(name));
const callable = builtins.filter(({ name }) => /^[\w.]+$/.test(name));
