import { describe, expect, it } from 'vitest';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

describe('declared variables', () => {
  it('let and const are local to their block', () => {
    expect(resultOf('x = 1; { let x = 2; const y = 3 } x')).toBe(1);
    expect(errorOf('{ let inner = 2 } inner').message).toBe('inner is not defined');
  });

  it('var and type marks are local to their function, at the top level the session’s', () => {
    expect(resultOf('f(){ { var a = 1; ιb = 2 } return a + b } f()')).toBe(3);
    expect(errorOf('f(){ var hidden = 1 } f(); hidden').type).toBe('ReferenceError');
    expect(resultOf('{ var a = 1; ιb = 2 }', 'a + b')).toBe(3);
  });

  it('may be declared again, the later value counting', () => {
    expect(resultOf('let x = 1; let x = 2; x')).toBe(2);
    expect(resultOf('f(p){ let p = 5; return p } f(1)')).toBe(5);
  });

  it('are null when declared without a value', () => {
    expect(resultOf('f(){ let x; return x } f()')).toBe(null);
    expect(
      resultOf('f(){ r = []; for (i of [1,2]) { let x; r.push(x); x = i } return r } f()'),
    ).toEqual([null, null]);
  });

  it('constants refuse assignment of every kind', () => {
    const message = "Assignment to constant 'c'";
    expect(errorOf('const c = 1; c = 2')).toMatchObject({ type: 'TypeError', message });
    expect(errorOf('f(){ const c = 1; c += 2 } f()').message).toBe(message);
    expect(errorOf('f(){ const c = 1; c++ } f()').message).toBe(message);
    expect(errorOf('f(){ const c = 1; return () => { c = 2 } } f()()').message).toBe(message);
    expect(errorOf('const c = 1; f(){ ::c = 2 } f()').message).toBe(message);
  });

  it('a session constant is replaced by a new declaration only', () => {
    expect(resultOf('const c = 1', 'let c = 2', 'c = 3')).toBe(3);
  });
});

describe('a name without a value yet', () => {
  it('is looked for further out', () => {
    expect(resultOf('x = 1; f(){ r = x; let x = 2; return [r, x] } f()')).toEqual([1, 2]);
    expect(resultOf('x = 1; f(c){ if (c) { y = 5 } return y } y = 7; [f(true), f(false)]')).toEqual(
      [5, 7],
    );
  });

  it('is looked for again in every round of a loop', () => {
    const code = 'x = 0; f(){ r = []; for (i of [1, 2]) { r.push(x); let x = i } return r } f()';
    expect(resultOf(code)).toEqual([0, 0]);
  });

  it('is an error where nothing has it', () => {
    expect(errorOf('f(){ return nowhere } f()')).toMatchObject({
      type: 'ReferenceError',
      message: 'nowhere is not defined',
    });
  });

  it('has the type of null', () => {
    expect(resultOf('typeof nowhere')).toBe('null');
  });
});

describe('assignment to an undeclared name in a function', () => {
  it('sets a parameter or local of this function or of one around it', () => {
    expect(resultOf('f(p){ p = p + 1; return p } f(1)')).toBe(2);
    expect(resultOf('f(){ x = 1; g = () => { x = 5 }; g(); return x } x = 0; f()')).toBe(5);
    expect(resultOf('mk(){ c = 0; return () => { c++; return c } } a = mk(); a(); a()')).toBe(2);
  });

  it('makes a local when that is the first occurrence, so that session variables are safe', () => {
    const session = newSession();
    session.run('total = 100; f(){ total = 0; for (x of [1,2]) { total += x } return total }');
    expect(session.value('f()')).toBe(3);
    expect(session.value('total')).toBe(100);
  });

  it('counts the right side before the target', () => {
    expect(resultOf('n = 1; f(){ n = n + 1; n = n + 1 } f(); n')).toBe(3);
  });

  it('updates the session’s variable when the function reads it first', () => {
    expect(resultOf('n = 1; f(){ if (n > 0) { n = 5 } } f(); n')).toBe(5);
    expect(resultOf('n = 1; f(){ n += 4 } f(); n')).toBe(5);
    expect(resultOf('n = 1; f(){ n++ } f(); n')).toBe(2);
  });

  it('makes a local after all when the session has none, and a compound one is an error', () => {
    const code =
      'f(){ r = typeof fresh; fresh = 3; return [r, fresh] } r = f(); r.push(typeof fresh); r';
    expect(resultOf(code)).toEqual(['null', 3, 'null']);
    expect(errorOf('f(){ fresh += 1 } f()').message).toBe('fresh is not defined');
    expect(errorOf('f(){ fresh++ } f()').message).toBe('fresh is not defined');
  });

  it('does not look into nested functions for the first occurrence', () => {
    expect(resultOf('n = 1; f(){ g = () => n; n = 5; return g() } [f(), n]')).toEqual([5, 1]);
  });

  it('keeps loop variables without a prefix local', () => {
    const code =
      'i = 7; k = 8; f(){ for (i = 0; i < 3; i++) {} for (k in [1]) {} return i } [f(), i, k]';
    expect(resultOf(code)).toEqual([3, 7, 8]);
  });

  it('does not shadow by a built-in: the first assignment makes a local', () => {
    expect(resultOf('f(){ sum = 5; return sum } [f(), sum([1, 2])]')).toEqual([5, 3]);
  });
});

describe('::x', () => {
  it('is the session’s variable past every local', () => {
    expect(resultOf('x = 1; f(x){ ::x = x + ::x; return x } [f(5), x]')).toEqual([5, 6]);
  });

  it('is the module’s in a named module', () => {
    expect(
      resultOf('x = 1; λt{ x = 10; f(){ let x = 5; ::x = ::x + x; return ::x } } [t.f(), x]'),
    ).toEqual([15, 1]);
  });
});

describe('the top level', () => {
  it('makes session variables also in blocks and loops', () => {
    expect(
      resultOf(
        'if (1) { a = 1 } for (i = 0; i < 2; i++) { b = i } for (x of [9]) {}',
        'a + b + i + x',
      ),
    ).toBe(13);
  });

  it('gives each round of a let loop its own copy', () => {
    expect(
      resultOf('fs = []; for (let i = 0; i < 3; i++) { fs.push(() => i) } fs.map(f => f())'),
    ).toEqual([0, 1, 2]);
    expect(resultOf('fs = []; for (let x of "ab") { fs.push(() => x) } fs.map(f => f())')).toEqual([
      'a',
      'b',
    ]);
  });

  it('lets closures of one round share and change its variable', () => {
    const code =
      'f(){ fs = []; for (let i = 0; i < 3; i++) { fs.push(() => { i += 10; return i }); fs.push(() => i) } return fs.map(g => g()) } f()';
    expect(resultOf(code)).toEqual([10, 10, 11, 11, 12, 12]);
  });

  it('lets the user shadow a built-in', () => {
    expect(resultOf('sum = 3; sum')).toBe(3);
    expect(resultOf('filter(x){ return x } filter(4)')).toBe(4);
  });
});

describe('one-letter calls', () => {
  it('mean a built-in in call position only', () => {
    const session = newSession();
    expect(session.value('m("key", 5); n("key")')).toBe(5);
    expect(session.error('n').message).toBe('n is not defined');
  });

  it('give way to every variable of that name', () => {
    expect(resultOf('n = x => x + 1; n(1)')).toBe(2);
    expect(resultOf('call(n){ return n(1) } call(x => x * 10)')).toBe(10);
  });
});

describe('functions', () => {
  it('are hoisted in their unit, module and block, the last definition winning', () => {
    expect(resultOf('a = f(); f(){ return 1 } f(){ return 2 } a')).toBe(2);
    expect(resultOf('λt{ x = g(); g(){ return 3 } } t.x')).toBe(3);
    expect(resultOf('f(){ r = 0; if (1) { r = g(); g(){ return 4 } } return r } f()')).toBe(4);
    expect(
      resultOf(
        'even(n){ return n == 0 || odd(n - 1) } odd(n){ return n != 0 && even(n - 1) } even(10)',
      ),
    ).toBe(true);
  });

  it('that redefine a symbol find the built-in under it inside', () => {
    const session = newSession();
    session.run('ƒ⌽(x){ ⌽("<" + x + ">") } ⌽("a")');
    expect(session.host.output).toBe('<a>\n');
  });

  it('see parameters in the defaults of later ones', () => {
    expect(resultOf('f(a, b = a + 1, c = () => b){ return [a, b, c()] } f(1)')).toEqual([1, 2, 2]);
    expect(resultOf('f(a = 5){ return a } [f(), f(1), f(null)]')).toEqual([5, 1, null]);
  });
});

describe('the error at hand', () => {
  it('is ⚠ and error in every catch block, nested ones nesting', () => {
    const code =
      'r = []; try { throw "outer" } catch { try { throw "inner" } catch { r.push(error.message) } r.push(⚠.message) } r';
    expect(resultOf(code)).toEqual(['inner', 'outer']);
  });

  it('is a variable of the user where there is one of the name error', () => {
    expect(resultOf('error = 5; try { throw "a" } catch { error }')).toBe(5);
    expect(resultOf('f(error){ try { throw "a" } catch { return error } } f(6)')).toBe(6);
    expect(errorOf('error').message).toBe('error is not defined');
  });

  it('can be closed over', () => {
    expect(resultOf('f(){ try { throw "kept" } catch { return () => ⚠.message } } f()()')).toBe(
      'kept',
    );
  });
});
