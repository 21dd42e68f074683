import { describe, expect, it } from 'vitest';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

/** Line and column of an error's place. */
function placeOf(code: string): [number, number] | undefined {
  const { location } = errorOf(code);
  return location && [location.line, location.column];
}

describe('the place of an error', () => {
  it.each([
    ['an operator', 'x = 1\ny = x + null', [2, 7]],
    ['a division', 'f(a){\n  return 10 / a\n}\nf(0)', [2, 13]],
    ['a compound assignment', 'x = []\nx -= 1', [2, 3]],
    ['a comparison', 'x = {} < 1', [1, 8]],
    ['a sign', 'x = 1 + -"a"', [1, 9]],
    ['a name', 'a = 1; b = a + nowhere', [1, 16]],
    ['a call of what is no function', 'x = 5; print(1, x())', [1, 17]],
    ['a method that is not there', 'o = {}\no.\n  missing()', [3, 3]],
    ['a member of null', 'o = {}; o.a.b.c', [1, 13]],
    ['an element of null', 'o = null; o["x" + 1]', [1, 13]],
    ['a write to null', 'o = {}; o.a.b = 1', [1, 13]],
    ['an index out of bounds in a write', 'a = []; a[-1] = 1', [1, 11]],
    ['a throw', 'x = 1\n  throw "t"', [2, 3]],
    ['an assignment to a constant', 'const c = 1\n c = 2', [2, 2]],
    ['a loop over what has no items', 'for (x of\n 5) { }', [2, 2]],
    ['an import', 'x = 1; ⟑ nowhere::x', [1, 8]],
    ['a built-in that fails', 'x = 1 + JSON.parse("{")', [1, 14]],
  ])('of %s', (_what, code, place) => {
    expect(placeOf(code)).toEqual(place);
  });

  it('names the callee as written', () => {
    expect(errorOf('o = {a: [1]}; o.a[0](2)').message).toBe('o.a[0] is not a function');
    expect(errorOf('o = {}; o.f(1)').message).toBe('o.f is not a function');
    expect(errorOf('x = 1; x()').message).toBe('x is not a function');
    expect(errorOf('[1].map(5)').type).toBe('TypeError');
  });
});

describe('the stack of an error', () => {
  it('has a frame for each function under way, innermost first', () => {
    const code = 'inner(x){\n  return x.a.b\n}\nouter(){\n  return 1 + inner({})\n}\nouter()';
    expect(errorOf(code).stack).toEqual([
      { function: 'inner', line: 2, column: 14 },
      { function: 'outer', line: 5, column: 14 },
      { function: '<main>', line: 7, column: 1 },
    ]);
  });

  it('goes through built-ins that call back, and names anonymous functions so', () => {
    const { stack } = errorOf('[1].map(x =>\n  x / 0)');
    expect(stack).toEqual([
      { function: '<anonymous>', line: 2, column: 5 },
      { function: '<main>', line: 1, column: 5 },
    ]);
  });

  it('spans units', () => {
    const session = newSession();
    session.run('\n\nf(){ return nowhere }');
    expect(session.error('f()').stack).toEqual([
      { function: 'f', line: 3, column: 13 },
      { function: '<main>', line: 1, column: 1 },
    ]);
  });

  it('shows a block expression as part of its function', () => {
    const { stack } = errorOf('f(){ x = ?(true){ let a = 1; a.b.c } else { 0 } } f()');
    expect(stack?.map((frame) => [frame.function, frame.column])).toEqual([
      ['f', 34],
      ['<main>', 51],
    ]);
  });

  it('has at most a hundred frames', () => {
    expect(errorOf('f(n){ return n == 0 ? null.x : f(n - 1) } f(500)').stack).toHaveLength(100);
  });

  it('is what a program sees, with line and column', () => {
    const code =
      'f(){ null.x }\ntry { f() } catch (e) { [e.line, e.column, e.stack[1].function, e.stack.length] }';
    expect(resultOf(code)).toEqual([1, 11, '<main>', 2]);
  });

  it('stays that of the first throw when an error is thrown again', () => {
    const session = newSession();
    const code = 'f(){ null.x }\ntry { f() } catch (e) {\n throw e }';
    expect(session.error(code).location).toEqual({ line: 1, column: 11 });
  });

  it('of an error made without throwing begins where it is thrown', () => {
    expect(errorOf('e = Error("late")\n\nthrow e').location).toEqual({ line: 3, column: 1 });
  });
});

describe('an uncaught value', () => {
  it('that is no error is reported as one with its display form', () => {
    expect(errorOf('throw {a: [1]}')).toMatchObject({
      type: 'Error',
      message: '{"a": [1]}',
      location: { line: 1, column: 1 },
    });
    expect(errorOf('throw null').message).toBe('null');
  });

  it('that is an error keeps type and message', () => {
    expect(errorOf('throw TypeError("mine")')).toMatchObject({
      type: 'TypeError',
      message: 'mine',
    });
  });
});
