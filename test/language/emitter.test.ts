import { describe, expect, it } from 'vitest';
import { compile } from '../../src/language/compile.ts';
import * as values from '../../src/language/runtime/value.ts';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

describe('order of evaluation', () => {
  const trace = 'r = []; t(x){ r.push(x); return x }';

  it('is left to right in operators, arguments and literals', () => {
    expect(resultOf(`${trace} t(1) + t(2) * t(3); r`)).toEqual([1, 2, 3]);
    expect(
      resultOf(`${trace} f(a, b){} f(t(1), t(2)); [t(3), t(4)]; x = {a: t(5), b: t(6)}; r`),
    ).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('takes object and index of a target before the right side', () => {
    expect(
      resultOf(`${trace} o = {}; a(){ t("object"); return o } a()[t("key")] = t("value"); r`),
    ).toEqual(['object', 'key', 'value']);
    expect(resultOf('a = [0, 0]; i = 0; a[i] = (i ← 1); a')).toEqual([1, 0]);
    expect(resultOf('f(){ a = [0, 0]; i = 0; a[i] = (i ← 1); return a } f()')).toEqual([1, 0]);
  });

  it('evaluates the parts of a compound target once', () => {
    expect(resultOf('n = 0; a = [5]; at(){ n++; return 0 } a[at()] += 2; [a, n]')).toEqual([
      [7],
      1,
    ]);
    expect(
      resultOf('n = 0; o = {v: 5}; of(){ n++; return o } of().v *= 3; of().v++; [o.v, n]'),
    ).toEqual([16, 2]);
  });

  it('keeps an operand’s value although a later operand changes the variable', () => {
    expect(resultOf('f(){ x = 1; return x + (x ← 5) + x } f()')).toBe(11);
    expect(resultOf('f(){ x = 1; return x + x++ + x } f()')).toBe(4);
    expect(resultOf('f(){ x = 1; g = () => { x = 10; return x }; return x + g() + x } f()')).toBe(
      21,
    );
    expect(resultOf('x = 1; g(){ x += 9; return x } x + g() + x')).toBe(21);
    expect(resultOf('f(){ a = [1]; return a[0] + (a ← [5])[0] + a[0] } f()')).toBe(11);
  });
});

describe('update and compound assignment', () => {
  it('work on locals, captured and session variables, members and elements', () => {
    expect(resultOf('f(){ x = 5; return [x++, x, ++x, x--, --x] } f()')).toEqual([5, 6, 7, 7, 5]);
    expect(resultOf('f(){ x = 5; g = () => x++; g(); return x } f()')).toBe(6);
    expect(resultOf('x = 5; [x++, ++x]')).toEqual([5, 7]);
    expect(resultOf('o = {a: [1, 2]}; o.a[1]--; o["a"][0] += 5; o.a')).toEqual([6, 1]);
    expect(resultOf('x = "a"; x += "b"; x')).toBe('ab');
  });

  it('++ is arithmetic: a numeric string becomes a number', () => {
    expect(resultOf('x = "5"; x++; x')).toBe(6);
    expect(errorOf('x = [1]; x++').type).toBe('TypeError');
  });
});

describe('a local whose kind changes', () => {
  it('is what was assigned last', () => {
    expect(resultOf('f(){ x = 1; for (i = 0; i < 2; i++) { x = x + "a" } return x } f()')).toBe(
      '1aa',
    );
    expect(
      resultOf('f(){ x = 0; y = 0; for (i = 0; i < 3; i++) { y = x; x = "s" + i } return y } f()'),
    ).toBe('s1');
    expect(
      resultOf('f(c){ let x = 1; if (c) { x = "1" } return x == 1 } [f(true), f(false)]'),
    ).toEqual([false, true]);
    expect(resultOf('f(){ let x = true; x = 5; return x + x } f()')).toBe(10);
  });

  it('adds a numeric string to a number only with the number on the left', () => {
    expect(resultOf('f(){ n = 1; s = "2"; return [n + s, s + n] } f()')).toEqual([3, '21']);
  });
});

describe('conditions and operators', () => {
  it('&& and || yield the deciding operand and evaluate no more', () => {
    expect(resultOf('[0 || "x", 1 && null, [] && 2, "" || false]')).toEqual(['x', null, 2, false]);
    expect(resultOf('n = 0; f(){ n++ } 1 || f(); 0 && f(); n')).toBe(0);
  });

  it('equality never converts and looks into collections', () => {
    expect(
      resultOf('f(a, b){ return [a == b, a != b, a === b] } [f(1, "1"), f([1], [1]), f("a", "a")]'),
    ).toEqual([
      [false, true, false],
      [true, false, false],
      [true, false, true],
    ]);
    expect(resultOf('f(x){ return [x == null, x == 0, x == "", x == false] } f(null)')).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(resultOf('f(x){ return x == x } f(NaN)')).toBe(false);
  });

  it('negation and signs nest', () => {
    expect(resultOf('x = 3; [- -x, !-x, !!x, -x ** 2, 2 ** -1]')).toEqual([
      3,
      false,
      true,
      -9,
      0.5,
    ]);
  });

  it('division and remainder by zero are errors, whatever the zero', () => {
    for (const code of ['1 / 0', 'z = 0; 1 % z', 'x = 1; x /= 0', 'f(a){ return 5 / a } f(-0)']) {
      expect(errorOf(code)).toMatchObject({
        type: 'ZeroDivisionError',
        message: 'Division by zero',
      });
    }
  });
});

describe('functions of numbers', () => {
  it('are computed alike with and without Math', () => {
    expect(
      resultOf('f(x){ return [sqrt(x), Math.floor(x), abs(-x), Math.ceil(x), √(x)] } f(6.25)'),
    ).toEqual([2.5, 6, 6.25, 7, 2.5]);
    expect(errorOf('sqrt("4")').type).toBe('TypeError');
  });

  it('are the user’s where the user has one of that name', () => {
    expect(resultOf('sqrt = x => "mine"; sqrt(4)')).toBe('mine');
    expect(resultOf('f(floor){ return floor(1.5) } f(x => x * 2)')).toBe(3);
    expect(resultOf('Math = copyof(Math); Math.sqrt = x => "changed"; Math.sqrt(4)')).toBe(
      'changed',
    );
    expect(resultOf('Math = {sqrt: function(x){ return this.k + x }, k: 1}; Math.sqrt(4)')).toBe(5);
    expect(resultOf('o = {abs: x => "own"}; o.abs(-1)')).toBe('own');
  });
});

describe('loops', () => {
  it('for ... in and of take elements, characters, keys and values', () => {
    const code =
      'f(v){ r = []; for (x in v) { r.push(x) } return r } g(v){ r = []; for (x of v) { r.push(x) } return r }';
    expect(
      resultOf(`${code} [f([5, 6]), g([5, 6]), f("a😀"), f({k: 1}), g({k: 1}), f(∅)]`),
    ).toEqual([[5, 6], [5, 6], ['a', '😀'], ['k'], [1], []]);
    expect(errorOf('for (x in 5) {}').type).toBe('TypeError');
  });

  it('visit elements appended meanwhile', () => {
    expect(resultOf('a = [1]; for (x of a) { if (x < 4) { a.push(x + 1) } } a')).toEqual([
      1, 2, 3, 4,
    ]);
  });

  it('break and continue act on the innermost loop', () => {
    const code =
      'f(){ r = []; for (i = 0; i < 3; i++) { for (j = 0; j < 3; j++) { if (j == 1) { continue } if (i == 1) { break } r.push(i * 10 + j) } } return r } f()';
    expect(resultOf(code)).toEqual([0, 2, 20, 22]);
    expect(resultOf('n = 0; loop { n++; if (n > 5) { break } } n')).toBe(6);
    expect(resultOf('n = 0; i = 0; while (i < 5) { i++; if (i == 2) { continue } n += i } n')).toBe(
      13,
    );
  });
});

describe('try', () => {
  it('finally runs on the way out, whatever the way', () => {
    const session = newSession();
    session.run(
      'r = []; f(how){ try { if (how == 1) { return "r" } if (how == 2) { throw "t" } r.push("end") } finally { r.push(how) } return "after" }',
    );
    expect(session.value('[f(0), f(1)]')).toEqual(['after', 'r']);
    expect(session.value('try { f(2) } catch (e) { r.push(e.message) } r')).toEqual([
      'end',
      0,
      1,
      2,
      't',
    ]);
    expect(
      session.value(
        'n = 0; for (i of [1,2,3]) { try { if (i == 2) { break } } finally { n++ } } n',
      ),
    ).toBe(2);
  });

  it('a finally that returns has the last word', () => {
    expect(resultOf('f(){ try { throw "x" } finally { return 5 } } f()')).toBe(5);
    expect(resultOf('f(){ try { throw "x" } catch { return 1 } finally { return 5 } } f()')).toBe(
      5,
    );
  });

  it('catches what was thrown, as it was thrown', () => {
    expect(resultOf('try { throw {code: 7} } catch (e) { e.code }')).toBe(7);
    expect(resultOf('try { throw "text" } catch (e) { [e.type, e.message] }')).toEqual([
      'Error',
      'text',
    ]);
    expect(resultOf('try { throw 5 } catch (e) { [e, ⚠.type, ⚠.message, ⚠.value] }')).toEqual([
      5,
      'Error',
      '5',
      5,
    ]);
    expect(resultOf('÷{ null.x }{ ⚠.type }')).toBe('TypeError');
    expect(resultOf('⚠.÷(() => 1 / 0, e => e.type)')).toBe('ZeroDivisionError');
  });
});

describe('functions', () => {
  it('take missing arguments as null and ignore further ones', () => {
    expect(resultOf('f(a, b){ return [a, b] } [f(1), f(1, 2, 3)]')).toEqual([
      [1, null],
      [1, 2],
    ]);
  });

  it('give null without a return, and expression bodies give their value', () => {
    expect(resultOf('f(){ 5 } f()')).toBe(null);
    expect(resultOf('g = x => x * 2; h(x) = x + 1; [g(4), h(4)]')).toEqual([8, 5]);
  });

  it('have the receiver as this, and arrows that of where they are written', () => {
    expect(resultOf('o = {v: 3, f: function(){ return this.v }}; o.f() + o["f"]()')).toBe(6);
    expect(resultOf('k = "f"; o = {v: 3, f: function(){ return this.v }}; o[k]()')).toBe(3);
    expect(resultOf('o = {v: 3, f: function(){ return [1].map(x => this.v + x) }}; o.f()')).toEqual(
      [4],
    );
    expect(resultOf('o = {f: function(){ return () => () => this }}; o.f()()() === o')).toBe(true);
    expect(resultOf('f(){ return this } f()')).toBe(null);
    expect(resultOf('o = {f: () => this}; o.f()')).toBe(null);
    expect(resultOf('this')).toBe(null);
  });

  it('are themselves only once: each evaluation makes another', () => {
    expect(resultOf('mk(){ return () => 1 } [mk() === mk(), mk == mk]')).toEqual([false, true]);
  });

  it('of two parameters with one name mean the last', () => {
    expect(resultOf('f(a, a){ return a } f(1, 2)')).toBe(2);
  });

  it('keep captured parameters for themselves', () => {
    expect(resultOf('add(a){ return b => a + b } x = add(1); y = add(10); [x(5), y(5)]')).toEqual([
      6, 15,
    ]);
  });

  it('may be called through every kind of callee', () => {
    expect(resultOf('[x => x + 1][0](1)')).toBe(2);
    expect(resultOf('(x => x + 1)(1)')).toBe(2);
    expect(resultOf('f = [3, 1, 2].sort; f()')).toEqual([1, 2, 3]);
    expect(resultOf('[1, 2].map(String)')).toEqual(['1', '2']);
    expect(resultOf('Math.max(1, 3) + Math["min"](5, 6)')).toBe(8);
    expect(resultOf('o = {push: x => x * 2}; o.push(4)')).toBe(8);
  });
});

describe('conditional block expressions', () => {
  it('have the value of the last statement of the chosen block', () => {
    expect(resultOf('x = ?(1 < 2){ "yes" } else { "no" }; x')).toBe('yes');
    expect(
      resultOf(
        'f(n){ x = ?(n > 0){ let t = n * 2; t + 1 } else ?(n == 0){ "zero" } else { } ; return x } [f(2), f(0), f(-1)]',
      ),
    ).toEqual([5, 'zero', null]);
  });

  it('may return from the function, leave the loop and set its locals', () => {
    expect(
      resultOf(
        'f(n){ x = ?(n){ if (n > 1) { return "out" } n } else { 0 }; return x + 1 } [f(5), f(1), f(0)]',
      ),
    ).toEqual(['out', 2, 1]);
    const loop =
      'f(){ r = []; for (i = 0; i < 5; i++) { x = ?(i == 1){ let y = 1; continue } else ?(i == 3){ let y = 1; break } else { i }; r.push(x) } return r } f()';
    expect(resultOf(loop)).toEqual([0, 2]);
    expect(
      resultOf(
        'f(){ n = 0; x = ?(true){ for (i of [1, 2]) { n += i } n } else { 0 }; return [x, n] } f()',
      ),
    ).toEqual([3, 3]);
  });

  it('run finally when they leave through it', () => {
    const code =
      'r = []; f(){ try { x = ?(true){ let a = 1; return a } else { 0 } } catch { r.push("caught") } finally { r.push("finally") } } [f(), r]';
    expect(resultOf(code)).toEqual([1, ['finally']]);
  });
});

describe('values written in a program', () => {
  it('object literals keep order, and a repeated key has its last value', () => {
    expect(resultOf('Object.keys({b: 1, a: 2, 1: 3})')).toEqual(['b', 'a', '1']);
    expect(resultOf('{a: 1, b: 2, a: 3}')).toEqual({ a: 3, b: 2 });
    const many = Array.from({ length: 50 }, (_, i) => `k${i}: ${i}`).join(', ');
    expect(resultOf(`Object.keys({${many}}).length`)).toBe(50);
  });

  it('literals are new with each evaluation', () => {
    expect(resultOf('f(){ return [] } a = f(); a.push(1); f()')).toEqual([]);
    expect(resultOf('f(){ return {} } a = f(); a.x = 1; f()')).toEqual({});
    expect(resultOf('f(){ return ∅ } a = f(); a.x = 1; [typeof a, typeof f()]')).toEqual([
      'object',
      'array',
    ]);
  });

  it('slices copy', () => {
    expect(resultOf('a = [1,2,3,4]; [a[1:3], a[:2], a[-1:], a[:], "hello"[1:3]]')).toEqual([
      [2, 3],
      [1, 2],
      [4],
      [1, 2, 3, 4],
      'el',
    ]);
  });

  it('a dictionary reference is looked up as it is evaluated', () => {
    expect(resultOf('dict_set("hi", "hello"); :hi + "!"')).toBe('hello!');
    expect(errorOf(':hi').message).toBe("String key 'hi' not found in dictionary");
  });

  it('🎤 reads a line', () => {
    const session = newSession();
    session.host.lines.push('typed');
    expect(session.value('🎤 + "!"')).toBe('typed!');
  });

  it('numbers arrive unchanged', () => {
    expect(resultOf('[0xFF, 1e3, .5, 9007199254740993, 1e400 > 1e308, 5e-324]')).toEqual([
      255,
      1000,
      0.5,
      9007199254740992,
      true,
      5e-324,
    ]);
  });
});

describe('calls', () => {
  it('take what runs from functions only, whatever keys an object has', () => {
    expect(resultOf('o = {run: 1, "": 2}; [o.run, o[""], o]')).toEqual([1, 2, { run: 1, '': 2 }]);
    expect(errorOf('o = {run: () => 1}; o()').message).toBe('o is not a function');
    expect(errorOf('f(o){ return o() } f({run: print})').message).toBe('o is not a function');
    expect(errorOf('o = {g: {run: print}}; o.g()').message).toBe('o.g is not a function');
    expect(errorOf('f(o){ return o["r" + "un"](1) } f([1])').message).toMatch('is not a function');
    expect(resultOf('o = JSON.parse("{\\"run\\": {\\"\\": 1}}"); [o.run[""], keys(o)]')).toEqual([
      1,
      ['run'],
    ]);
    expect(resultOf('o = {run: x => x + 1}; [o.run(1), o["run"](2)]')).toEqual([2, 3]);
  });

  it('find the callee before they evaluate arguments', () => {
    expect(
      resultOf(
        'n = 0; f(){ return 1 } a = [() => { n++; return 2 }]; f((f ← x => 5)) + a[0]() + n',
      ),
    ).toBe(4);
    expect(errorOf('missing(1 / 0)').type).toBe('ReferenceError');
    expect(errorOf('o = {}; o.f(1 / 0)').message).toBe('o.f is not a function');
  });
});

describe('elements', () => {
  it('of an object are its entries, whatever number names them', () => {
    expect(
      resultOf(
        'o = {}; for (k of [-1, 1.5, 0, NaN, 1e21]) { o[k] = "k" + k } r = []; for (k of [-1, 1.5, 0, NaN, 1e21, 2]) { r.push(o[k]) } r',
      ),
    ).toEqual(['k-1', 'k1.5', 'k0', 'kNaN', 'k1e+21', null]);
  });

  it('of arrays and texts are found by whole numbers only, of nothing else at all', () => {
    const read = (value: string) =>
      resultOf(
        `f(v){ r = []; for (i of [0, 1, 5, -1, 0.5, NaN]) { r.push(v[i]) } return r } f(${value})`,
      );
    expect(read('[7, 8]')).toEqual([7, 8, null, null, null, null]);
    expect(read('"ab"')).toEqual(['a', 'b', null, null, null, null]);
    for (const value of ['5', 'true', 'print', 'x => x', 'Math', 'Error("e")', '∅', '[1].push']) {
      expect([value, read(value)]).toEqual([value, [null, null, null, null, null, null]]);
    }
    expect(errorOf('x = null; x[0]').message).toBe("Cannot read property '0' of null");
  });
});

describe('numbers in place', () => {
  it('are those of the built-ins, as long as the names mean them', () => {
    expect(
      resultOf('[min(3, 1, 2), max(3, NaN), min([4, 5]), max(2), Math.min(1, -0), floor(-1.5)]'),
    ).toEqual([1, null, 4, 2, -0, -2]);
    expect(errorOf('min(1, "2")').message).toBe('min: expected number for argument 2, got string');
    expect(errorOf('max()').message).toBe('max: expected at least one number');
    expect(resultOf('min(a, b){ return a + b } min(1, 2)')).toBe(3);
    expect(resultOf('n = 0; t(x){ n = n * 10 + x; return x } max(t(1), t(3), t(2)) + n')).toBe(135);
    expect(resultOf('f(){ x = 1; return max(x, x ← 5, x) } f()')).toBe(5);
  });
});

describe('values', () => {
  it('have a property of the name that calls look for only if they are functions', () => {
    const classes = Object.values(values).filter((value) => typeof value === 'function');
    const constructors = classes.filter((value) => /^[A-Z]/.test(value.name));
    expect(constructors.length).toBeGreaterThan(10);
    for (const { prototype, name } of constructors) {
      const isCallable = prototype instanceof values.CallableValue || name === 'CallableValue';
      const source = String(constructors.find((value) => value.name === name));
      expect([name, 'run' in prototype || /this\.run\b|^ +run\b/m.test(source)]).toEqual([
        name,
        isCallable && name === 'CallableValue',
      ]);
    }
  });
});

describe('the lines of emitted code', () => {
  it('belong to one line of the program each, and break no statement', () => {
    const source = `f(a) {
  let list = [a]
    .map((x) => x + 1)
    .filter((x) => x > 1)
  return list
    .length
}
try {
  throw f(
    2)
} catch (e) { e }`;
    const { script, lines } = compile(source).compiled!.emitted;
    expect(script.split('\n')).toHaveLength(lines.length);
    expect(Math.max(...lines)).toBeLessThanOrEqual(source.split('\n').length);
    const linesOf = (text: string) =>
      script.split('\n').flatMap((line, index) => (line.includes(text) ? [lines[index]] : []));
    expect(linesOf('$method(t0,m1')).toEqual([4]);
    expect(linesOf('$getMember(v3')).toEqual([6]);
    expect(linesOf('throw ')).toEqual([9]);
    expect(linesOf('v2>1')).toEqual([4]);
    expect(resultOf(source)).toBe(1);
  });
});
