// Sessions that nobody thought of: random programs leave something behind, and what comes back from an image cannot be told from it,
// not even by running on.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createInterpreter, type Interpreter } from '#language';
import { RecordingHost } from '../doubles/recording-host.ts';
import { imageOf, loadInto } from '../helpers/heap-images.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const name = fc.constantFrom(...names);

/** What every program begins with. */
const prelude = `counter(n){ count = n; kept = null
    return {inc: () => { count = count + 1; return count }, get: () => count, keep: x => { kept = x }, kept: () => kept} }
  wrap(x) = () => x
  twice(f) = () => [f(), f()]
  method(o) = { o.self = function() { return () => this }; return o }
  fail(x) = { throw {value: x} }
  loops = []; for (let i = 0; i < 3; i++) { loops.push(() => { i = i + 10; return i }) }
  macro double(x) => x + x
  doubled(n) = double(n)
  λbox v"1.0.0" { n = 1; kept = null; ⊢ ƒbump(){ n = n + 1; return n } ⊢ ƒkeep(x){ ::kept = x } ⊢ ƒlook(){ return kept } }
  ${names.map((one) => `${one} = null`).join('; ')}`;

const text = fc.oneof(
  fc.string({ maxLength: 8, unit: 'binary' }),
  fc.constantFrom('', '__proto__', 'constructor', '0', '日本', '\ud83c', 'x'.repeat(100)),
);
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));

const literal = fc.oneof(
  fc.constantFrom('null', 'true', 'false', '-0', 'NaN', '-Infinity', '∅', '[]', '{}', '[[]]'),
  number.map((value) => (value < 0 || Object.is(value, -0) ? `(0 - ${-value})` : `${value}`)),
  text.map((value) => JSON.stringify(value).replaceAll('\u2028', ' ').replaceAll('\u2029', ' ')),
);

/** An expression over the variables; anything may be null or of the wrong kind, which the program catches. */
const expression = fc.oneof(
  literal,
  name,
  fc.tuple(name, name, literal).map(([x, y, z]) => `[${x}, ${y}, ${z}]`),
  fc.tuple(name, text, name).map(([x, key, y]) => `{p: ${x}, ${JSON.stringify(key)}: ${y}}`),
  fc.tuple(name, fc.nat(30)).map(([x, n]) => `range(${n}).map(i => [i, ${x}])`),
  fc.nat(9).map((n) => `counter(${n})`),
  name.map((x) => `${x}.inc`),
  name.map((x) => `${x}.inc()`),
  name.map((x) => `${x}.kept()`),
  name.map((x) => `wrap(${x})`),
  name.map((x) => `twice(${x})`),
  name.map((x) => `method({of: ${x}})`),
  name.map((x) => `${x}.self()`),
  name.map((x) => `try_call(() => fail(${x}), e => e)`),
  name.map((x) => `try_call(() => ${x}.x.y.z, e => e)`),
  name.map((x) => `${x}.push`),
  name.map((x) => `${x}.value`),
  fc.constantFrom('/a(b)?/g', 'regex("x+", "gy")'),
  fc.constantFrom('Math', 'Math.floor', 'print', 'num', 'String', 'box', 'box.bump', 'loops[1]'),
  fc.constantFrom('loops[0]()', 'box.bump()', 'doubled(4)', 'random()', 'Error("own")'),
  fc.nat(1e9).map((n) => `new Date(${n})`),
  fc.constantFrom('channel(2)', 'shared("one")', 'shared("two")', 'recall("key")', 'box.look()'),
  fc.constant('memory.retrieve("working", "key")'),
);

const statement = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(name, expression).map(([x, value]) => `${x} = ${value}`) },
  fc.tuple(name, name).map(([x, y]) => `${x}.push(${y})`),
  fc.tuple(name, name).map(([x, y]) => `${x}.keep(${y})`),
  fc.tuple(name, text, expression).map(([x, key, y]) => `${x}[${JSON.stringify(key)}] = ${y}`),
  fc.tuple(name, fc.nat(4), expression).map(([x, index, y]) => `${x}[${index}] = ${y}`),
  fc.tuple(name, name).map(([x, y]) => `send(${x}, ${y})`),
  fc.tuple(name, name).map(([x, y]) => `shared_set(${x}, "k", ${y})`),
  name.map((x) => `remember("key", ${x})`),
  name.map((x) => `memory.store("working", "key", ${x}, 0.25)`),
  name.map((x) => `box.keep(${x})`),
  name.map((x) => `${x}()`),
  fc.tuple(name, fc.nat(5)).map(([x, n]) => `${x}.lastIndex = ${n}`),
  text.map((value) => `dict_set("k", ${JSON.stringify(value)})`),
  fc.nat(99).map((seed) => `Math.seed(${seed})`),
  name.map((x) => `const k${x} = ${x}`),
  name.map((x) => `old = ${x}; print(x) = old`),
  name.map(
    (x) => `{ let hidden = ${x}; peek() = { hidden = [hidden]; return hidden } ${x} = peek }`,
  ),
);

const unit = fc
  .array(statement, { minLength: 1, maxLength: 12 })
  .map((lines) => lines.map((line) => `try { ${line} } catch { }`).join('\n'));

const look = `[random(), ${names.map((x) => names.map((y) => `${x} === ${y}`).join()).join()}, box.bump()]`;

it('come back from an image so that nothing can tell', () => {
  fc.assert(
    fc.property(
      fc.array(unit, { minLength: 1, maxLength: 4 }),
      unit,
      fc.nat(500),
      (units, later, size) => {
        const here = createInterpreter(new RecordingHost());
        expect(here.execute(prelude).error).toBe(undefined);
        for (const code of units) run(here, code);

        const image = imageOf(here);
        const there = createInterpreter(new RecordingHost());
        expect(loadInto(there, image, size + 1)).toBe(null);
        expectSame(here, there);
        expect(imageOf(there)).toEqual(image);

        expect(run(there, look)).toEqual(run(here, look));
        for (const one of names) {
          const call = `try_call(() => ${one}.inc(), e => e.message) + try_call(${one}, e => e.message)`;
          expect(run(there, call), call).toEqual(run(here, call));
        }
        expect(run(there, later)).toEqual(run(here, later));
        expectSame(here, there);
        expect(imageOf(there)).toEqual(imageOf(here));
      },
    ),
    { numRuns: 60 },
  );
});

function run(interpreter: Interpreter, code: string): unknown {
  const { status, result, error } = interpreter.execute(code);
  expect(error?.type, code).not.toBe('InternalError');
  expect(error?.type, code).not.toBe('SyntaxError');
  return { status, result, error };
}

function expectSame(here: Interpreter, there: Interpreter): void {
  const all = { includeValues: true };
  expect(there.variables(all)).toEqual(here.variables(all));
  for (const one of here.variables({ includeValues: false })) {
    expect(there.inspect(one.name, [], 6), one.name).toEqual(here.inspect(one.name, [], 6));
  }
}
