// What comes back from a heap image: everything a program can hold, shared as it was.
import { describe, expect, it } from 'vitest';
import { createInterpreter } from '#language';
import { RecordingHost } from '../doubles/recording-host.ts';
import { imageOf, loadInto, sessionOf } from '../helpers/heap-images.ts';
import { newSession } from '../helpers/run-program.ts';
import { TemporaryWorkspace } from '../helpers/temporary-workspace.ts';

/** Runs units, saves, loads into a new session, and gives the value of an expression there, and here. */
function afterLoading(expression: string, ...units: string[]): { there: unknown; here: unknown } {
  const session = newSession();
  for (const unit of units) session.value(unit);
  const loaded = sessionOf(imageOf(session.interpreter));
  const outcome = loaded.execute(expression);
  if (outcome.error !== undefined) throw new Error(JSON.stringify(outcome.error));
  const { value } = outcome.result!;
  return { there: value ?? outcome.result!.preview, here: session.value(expression) };
}

function expectSame(expression: string, ...units: string[]): unknown {
  const { there, here } = afterLoading(expression, ...units);
  expect(there).toEqual(here);
  return there;
}

describe('a loaded session', () => {
  it.each([
    ['null, booleans', '[null, true, false]', '[x[0] === null, x[1], x[2]]', [true, true, false]],
    ['whole numbers', '[0, 127, 128, -1, 2147483647, -2147483648, 9007199254740991]', 'x', null],
    ['fractions and large numbers', '[0.1, 5e-324, 1.7976931348623157e308, 2147483648]', 'x', null],
    ['negative zero', '-0', 'atan2(x, -1)', -Math.PI],
    ['what is not finite', '[NaN, Infinity, -Infinity]', 'x.map(y => "" + y)', null],
    ['texts', '["", "a", "ümlaut", "日本", "🎉"]', 'x', null],
    ['half of a pair', '"🎉"[0]', 'x.charCodeAt(0)', 0xd83c],
    ['a long text', '"0123456789".repeat(20000)', '"" + x.length + x.slice(-3)', '200000789'],
    [
      'a long text of wide units',
      '"日本".repeat(50000) + "!"',
      'x.length + x.slice(-2)',
      '100001本!',
    ],
    ['keys in their order', '{b: 1, "10": 2, "2": 3, a: 4}', 'keys(x)', ['b', '10', '2', 'a']],
    ['strange keys', '{"": 1, "__proto__": 2, "constructor": 3}', 'entries(x)', null],
    ['nested lists', '[[], [[]], [[[1]]]]', 'x', [[], [[]], [[[1]]]]],
  ])('has %s as they were', (_, value, expression, expected) => {
    const found = expectSame(expression, `x = ${value}`);
    if (expected !== null) expect(found).toEqual(expected);
  });

  it('has objects of many keys', () => {
    const fill = 'o = {}; for (i = 0; i < 1000; i++) { o["key " + i] = i }; ';
    expect(expectSame('[len(o), keys(o)[999], o["key 7"]]', fill)).toEqual([1000, 'key 999', 7]);
  });

  it('has a collection that is not decided yet', () => {
    expect(expectSame('u = x; u["k"] = 1; [x.k, typeof x]', 'x = ∅')).toEqual([1, 'object']);
    expect(expectSame('x.push(2); y', 'x = ∅; x.push(1); y = x')).toEqual([1, 2]);
  });

  it('has shared parts once, and cycles', () => {
    const units = ['part = [1]; x = {a: part, b: part}; x.me = x; ring = []; ring.push(ring)'];
    expect(
      expectSame('[x.a === x.b, x.a === part, x.me === x, ring[0] === ring]', ...units),
    ).toEqual([true, true, true, true]);
    expect(expectSame('part.push(2); x.b', ...units)).toEqual([1, 2]);
  });

  it('has closures that share a variable', () => {
    const make = 'mk(){ c = 0; return {inc: () => { c = c + 1; return c }, get: () => c} }';
    const expression = 'p.inc(); [inc(), p.get(), q.inc(), q.get()]';
    const units = [make, 'p = mk(); q = mk(); p.inc(); inc = p.inc'];
    expect(expectSame(expression, ...units)).toEqual([3, 3, 1, 1]);
  });

  it('has closures over loops, blocks, handlers and functions around functions', () => {
    const code = `fs = []; for (let i = 0; i < 3; i++) { fs.push(() => i) }
      { let hidden = 5; next() = { hidden = hidden + 1; return hidden } fs.push(next) }
      try { null.x } catch (e) { fs.push(() => e.message); fs.push(() => ⚠.type) }
      deep(a) = { b = a + 1; return () => { c = b + 1; return () => a + b + c } }
      fs.push(deep(1)())`;
    expect(expectSame('fs.map(f => f())', code)).toEqual([
      0,
      1,
      2,
      6,
      "Cannot read property 'x' of null",
      'TypeError',
      6,
    ]);
  });

  it('has functions that use session variables, and one another', () => {
    const units = ['even(n) = n == 0 || odd(n - 1)', 'odd(n) = n != 0 && even(n - 1); base = 4'];
    expect(expectSame('f() = base * 2; [even(10), odd(7), f()]', ...units)).toEqual([
      true,
      true,
      8,
    ]);
  });

  it('has functions that keep their this', () => {
    const code = 'o = {n: 3, mk: function() { return () => this.n }}; f = o.mk()';
    expect(expectSame('o.n = 4; f()', code)).toBe(4);
  });

  it('has modules: what they show, their variables, their versions', () => {
    const code = `λbox v"1.2.0" { n = 1; ⊢ ƒbump(){ n = n + 1; return n } λinner{ k = 9 } ⊢ inner2 = 5 }
      ⟑ box::{bump as b}; λuser{ ⟑ box::*; twice(){ return bump() + bump() } }`;
    expect(expectSame('[box.bump(), b(), user.twice(), box.inner2]', code)).toEqual([2, 3, 9, 5]);
    expect(expectSame('try_call(() => box.n, e => e.message)', code)).toContain('private');
    expect(expectSame('import box v"^1.0" as again; again === box', code)).toBe(true);
  });

  it('has built-ins as what they are, under whatever name', () => {
    const code =
      'a = Math.floor; b = [1, 2].push; c = num; d = Number; M = Math; print = 5; e = "x".trim; s = ∑';
    expect(
      expectSame(
        '[a === Math.floor, b(3), c === num, c === d, d === Number, M === Math, e(), s === sum]',
        code,
      ),
    ).toEqual([true, 3, true, true, true, true, 'x', true]);
    expect(expectSame('print', code)).toBe(5);
  });

  it('has errors with their stack and the value they carry', () => {
    const code = `f() = { throw {code: 7} }
      try { f() } catch { kept = ⚠ }
      try { null.x } catch (e) { other = e }; own = TypeError("mine")`;
    const expression =
      '[kept.value.code, kept.message, other.type, other.line, other.stack, own.type]';
    expectSame(expression, code);
    expect(expectSame('try_call(() => { throw own }, e => e === own)', code)).toBe(true);
  });

  it('reports errors in its functions where they stand in their sources', () => {
    const session = newSession();
    session.value('\n\ndivide(a, b) = a / b');
    const loaded = sessionOf(imageOf(session.interpreter));
    const { error } = loaded.execute('divide(1, 0)');
    expect(error).toEqual(session.error('divide(1, 0)'));
    expect(error?.stack?.[0]).toEqual({ function: 'divide', line: 3, column: 18 });
  });

  it('has modules without any variables, and scopes of very many', () => {
    const many = Array.from({ length: 100 }, (_, i) => `v${i} = ${i}`).join('; ');
    const units = [`λempty{ }; λbig{ ${many}; all() = v0 + v31 + v32 + v33 + v99 }`];
    expect(expectSame('[typeof empty, big.all(), big.v77]', ...units)).toEqual(['module', 195, 77]);
    expect(expectSame('typeof empty', 'λempty{ }')).toBe('module');
  });

  it('has constants, which stay constant', () => {
    const loaded = sessionOf(imageOf(running('const K = 1')));
    expect(loaded.execute('K = 2').error?.message).toBe("Assignment to constant 'K'");
  });

  it('has names of the user in front of those of built-ins', () => {
    expect(expectSame('sum([1])', 'sum(x) = "own"')).toBe('own');
  });

  it('has dates, channels, shared states and the segments of the memory', () => {
    const units = [
      `d = new Date(5); c = channel(2); send(c, d); st = shared("s"); shared_set(st, "k", c)
      memory.store("working", "w", st, 0.25); memory.tag("working", "w", "t"); memory.store("semantic", "x", 1)`,
    ];
    const expression = `[d.getTime(), receive(shared_get(shared("s"), "k")) === d, st === shared("s"), receive(c),
      memory.retrieve("working", "w") === st, memory.search("t"), to_json(memory.stats())]`;
    expect(expectSame(expression, ...units)).toMatchObject([5, true, true, null, true, {}, {}]);
    expect(
      expectSame(
        'try_call(() => { send(c, 1); send(c, 2); send(c, 3) }, e => e.message)',
        ...units,
      ),
    ).toBe('Channel is full');
  });

  it('has regular expressions, and goes on where they stand', () => {
    const code =
      'r = /(a)(b)?/g; s = r; r.lastIndex = 3; far = regex("x", "g"); far.lastIndex = Infinity';
    const expression =
      '[r === s, r.lastIndex, far.lastIndex > 9, "a-ab".match(r), /A/i.flags, "" + r]';
    expectSame(expression, code);
    expect(expectSame('[r === s, r.lastIndex]', code)).toEqual([true, 3]);
  });

  it('has values at the edge of what is allowed', () => {
    const code =
      'c = channel(1e300); d = new Date(8.64e15); e = Error(""); o = {"\\u0000": 1, run: 2}';
    expect(expectSame('[send(c, 1), d.getTime(), e.message, values(o), typeof c]', code)).toEqual([
      true,
      8.64e15,
      '',
      [1, 2],
      'channel',
    ]);
  });

  it('has macros, and functions that were made with them', () => {
    const units = [
      'macro twice(x) => x + x',
      'f(n) = twice(n * 2)',
      'macro twice(x) => x * 100; g(n) = twice(n)',
    ];
    expect(expectSame('[f(3), g(3), twice(5)]', ...units)).toEqual([12, 300, 500]);
  });

  it('has the modules of files, which are not read again', () => {
    using workspace = new TemporaryWorkspace(
      new Map([['lib/box.ai', 'n = 1; bump(){ n = n + 1; return n } fail() = null.x']]),
    );
    const host = new RecordingHost({ files: workspace.files });
    const interpreter = createInterpreter(host);
    expect(interpreter.execute('import "lib/box"; box.bump()').result?.value).toBe(2);
    const loaded = sessionOf(imageOf(interpreter), new RecordingHost());
    expect(loaded.execute('box.bump()').result?.value).toBe(3);
    expect(loaded.execute('box.fail()').error?.location).toMatchObject({ file: 'lib/box.ai' });
    const again = sessionOf(imageOf(interpreter), new RecordingHost({ files: workspace.files }));
    expect(again.execute('import "lib/box"; box.n').result?.value).toBe(2);
  });

  it('has functions that were made under features which are no longer there', () => {
    const host = new RecordingHost();
    host.features = new Set(['fast']);
    const interpreter = createInterpreter(host);
    interpreter.execute('#[if(feature="fast")] f() = "fast"\n#[if(!feature="fast")] f() = "slow"');
    const loaded = sessionOf(imageOf(interpreter));
    expect(loaded.execute('f()').result?.value).toBe('fast');
    expect(imageOf(loaded)).toEqual(imageOf(interpreter));
  });

  it('has dictionaries and the active one, agent memory', () => {
    const code = `dict_set("a", "1"); dict_use("other"); dict_set("b", "2"); remember("list", [1]); l = recall("list")`;
    expect(
      expectSame(
        'x = [dict_name(), :b, recall("list") === l]; dict_use("default"); x.push(:a); x',
        code,
      ),
    ).toEqual(['other', '2', true, '1']);
  });

  it('goes on with the random numbers', () => {
    expectSame('[random(), random(), random(1, 100)]', 'Math.seed(5); random()');
    expectSame('[random(), random()]', '1');
  });

  it('runs further programs as before: what is defined later sees what was', () => {
    const loaded = sessionOf(imageOf(running('n = 1; inc(){ n = n + 1 }')));
    expect(loaded.execute('inc(); g() = n * 10; g()').result?.value).toBe(20);
    expect(loaded.variables({ includeValues: false }).map(({ name }) => name)).toEqual([
      'g',
      'inc',
      'n',
    ]);
  });

  it('has a list of a hundred thousand nodes and nesting as deep', () => {
    const code = `l = null; for (i = 0; i < 100000; i++) { l = {v: i, next: l} }
      deep = []; for (i = 0; i < 100000; i++) { deep = [deep] }
      f = null; for (i = 0; i < 20000; i++) { f = wrap(f) } wrap(g) = () => g`;
    const expression = `n = 0; for (p = l; p != null; p = p.next) { n = n + 1 }
      d = 0; while (deep.length > 0) { deep = deep[0]; d = d + 1 }
      c = 0; while (f != null) { f = f(); c = c + 1 }; [n, d, c]`;
    expect(expectSame(expression, code)).toEqual([100_000, 100_000, 20_000]);
  });
});

describe('an image', () => {
  const rich = `mk(){ c = 0; return () => { c = c + 1; return c } } a = mk(); b = [a, a, {x: "y"}]; b.push(b);
    λt{ n = 1; g(){ return n } } const K = /a/; try { null.x } catch(e) { err = e } m = [1].push; z = Math`;

  it('is the same bytes each time, also from the session it was loaded into', () => {
    const interpreter = running(rich.replace('const K = /a/;', ''));
    const image = imageOf(interpreter);
    expect(imageOf(interpreter)).toEqual(image);
    const loaded = sessionOf(image);
    expect(imageOf(loaded)).toEqual(image);
    loaded.execute('a()');
    expect(imageOf(loaded)).not.toEqual(image);
  });

  it('does not depend on the order in which variables were made', () => {
    expect(imageOf(running('a = 1; b = 2'))).toEqual(imageOf(running('b = 2; a = 1')));
  });

  it('is the same whether a unit was compiled once or once more after loading', () => {
    const here = running('mk() = () => 1');
    here.execute('a = mk()');
    const there = sessionOf(imageOf(here));
    for (const session of [here, there]) {
      session.execute('mk() = () => 1');
      session.execute('b = mk()');
    }
    expect(imageOf(there)).toEqual(imageOf(here));
  });

  it('may come in chunks of any size', () => {
    const image = imageOf(running('x = "text".repeat(100); y = [x, 1.5]'));
    for (const size of [1, 2, 3, 7, 64]) {
      const interpreter = createInterpreter(new RecordingHost());
      expect(loadInto(interpreter, image, size)).toBe(null);
      expect(interpreter.execute('y[0] === x').result?.value).toBe(true);
    }
  });

  it('takes the place of all that a session had', () => {
    const interpreter = running('old = 1; f() = 1');
    expect(loadInto(interpreter, imageOf(running('new_one = 2')))).toBe(null);
    expect(interpreter.variables({ includeValues: false }).map(({ name }) => name)).toEqual([
      'new_one',
    ]);
    expect(interpreter.execute('old').error?.type).toBe('ReferenceError');
  });

  it('changes nothing before its end', () => {
    const interpreter = running('x = 1');
    const load = interpreter.load(1_000_000);
    load.write(imageOf(running('x = 2')));
    expect(interpreter.execute('x').result?.value).toBe(1);
    expect(load.end()).toBe(null);
    expect(interpreter.execute('x').result?.value).toBe(2);
  });

  it('holds a text once, however often the session does', () => {
    const text = '"abcdefghij".repeat(1000)';
    const once = imageOf(running(`x = ${text}`)).byteLength;
    const often = imageOf(running(`t = ${text}; x = []; for (i = 0; i < 50; i++) { x.push(t) }`));
    expect(often.byteLength).toBeLessThan(once + 1000);
  });

  it('leaves in chunks as it is written', () => {
    const interpreter = running('a = []; for (i = 0; i < 100000; i++) { a.push(i) }');
    const sizes: number[] = [];
    interpreter.save((chunk) => sizes.push(chunk.byteLength), 10_000_000);
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(200_000);
  });

  it('of a session that is too large is not written', () => {
    const interpreter = running('a = "x".repeat(100000)');
    expect(interpreter.save(() => {}, 50_000)).toEqual({
      type: 'ResourceLimitError',
      message: 'The heap image is longer than the 50000 bytes it may have',
    });
    expect(interpreter.execute('a.length').result?.value).toBe(100_000);
  });

  it('is not written or loaded further when the host says stop', () => {
    const host = new RecordingHost();
    const interpreter = createInterpreter(host);
    interpreter.execute('a = []; for (i = 0; i < 50000; i++) { a.push([i]) }');
    const image = imageOf(interpreter);
    host.polls = 0;
    host.stopAtPoll = 3;
    const stopped = { type: 'CancelledError', message: 'Execution was cancelled' };
    expect(interpreter.save(() => {}, 1e9)).toEqual(stopped);
    host.polls = 0;
    expect(loadInto(interpreter, image)).toEqual(stopped);
    host.stopAtPoll = Number.POSITIVE_INFINITY;
    expect(interpreter.execute('len(a)').result?.value).toBe(50_000);
  });

  it('cannot be taken of a program that is running', () => {
    const host = new RecordingHost();
    const interpreter = createInterpreter(host);
    const seen: unknown[] = [];
    host.onPoll = () => {
      if (seen.length === 0) seen.push(interpreter.save(() => {}, 1e9));
    };
    interpreter.execute('for (i = 0; i < 20000; i++) { }');
    expect(seen).toEqual([{ type: 'ImageError', message: 'A program is running' }]);
  });
});

function running(code: string) {
  const session = newSession();
  session.value(code);
  return session.interpreter;
}
