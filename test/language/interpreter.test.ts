import { describe, expect, it } from 'vitest';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

describe('result of an execution', () => {
  it('is the value of the last statement', () => {
    expect(resultOf('1; 2; 3')).toBe(3);
    expect(resultOf('let x = 10; print(x);')).toBe(10);
  });

  it('is the value assigned by a declaration or an assignment', () => {
    expect(resultOf('x = 5')).toBe(5);
    expect(resultOf('let a = 1, b = 2;')).toBe(2);
    expect(resultOf('a = b = 7')).toBe(7);
    expect(resultOf('let nothing')).toBe(null);
  });

  it('is null for definitions and imports', () => {
    expect(resultOf('1; f(){ return 2 }')).toBe(null);
    expect(resultOf('λt{ a = 1 }; 5; ⟑ t::a')).toBe(null);
  });

  it('is that of the last statement inside if, loops, blocks and try, null if none ran', () => {
    expect(resultOf('if (1) { 2 } else { 3 }')).toBe(2);
    expect(resultOf('7; if (0) { 2 }')).toBe(null);
    expect(resultOf('for (i = 0; i < 3; i++) { i * 10 }')).toBe(20);
    expect(resultOf('7; while (false) { 1 }')).toBe(null);
    expect(resultOf('try { throw "a" } catch { 9 }')).toBe(9);
    expect(resultOf('try { 4 } finally { }')).toBe(4);
    expect(resultOf('{ 1; 2 }')).toBe(2);
  });

  it('is what return gives at the top level, and the unit ends there', () => {
    const session = newSession();
    expect(session.value('a = 1; return a + 1; a = 9')).toBe(2);
    expect(session.value('a')).toBe(1);
    expect(session.value('for (;;) { return 3 }')).toBe(3);
  });

  it('tells the host of each top-level statement as it ends', () => {
    const { interpreter } = newSession();
    const told: unknown[] = [];
    interpreter.execute('a = 1; a + 1; f(){}', { onStatement: ({ value }) => told.push(value) });
    expect(told).toEqual([1, 2, null]);
  });
});

describe('a session', () => {
  it('keeps variables, functions and modules from one execution to the next', () => {
    expect(resultOf('x = 1; f(){ return x } λt{ g(){ return 5 } }', 'x = 2', 'f() + t.g()')).toBe(
      7,
    );
  });

  it('keeps what was done before an error', () => {
    const session = newSession();
    session.error('x = 1; y = 2; null.z; x = 9');
    expect(session.value('x + y')).toBe(3);
  });

  it('is not changed by a unit with a syntax error', () => {
    const session = newSession();
    expect(session.error('x = 1; f(){ return 1 } )').type).toBe('SyntaxError');
    expect(session.interpreter.variables({ includeValues: false })).toEqual([]);
  });

  it('runs the same source again as a new execution', () => {
    const session = newSession();
    session.value('n = 0');
    expect([1, 2, 3].map(() => session.value('n = n + 1'))).toEqual([1, 2, 3]);
  });

  it('says which variables an execution made, set and did not touch', () => {
    const session = newSession();
    session.run('a = 1; b = 2; f(){}');
    expect(session.run('a = 5; c = [1]; b').variables).toEqual({
      added: ['c'],
      changed: ['a'],
      removed: [],
    });
  });

  it('lists its variables sorted, with kind and whether they can be set', () => {
    const session = newSession();
    session.run('const k = 1; f(a){} λmod{ x = 1 } b = "text"');
    const listed = session.interpreter.variables({ includeValues: true });
    expect(listed.map(({ name, kind, mutable }) => [name, kind, mutable])).toEqual([
      ['b', 'variable', true],
      ['f', 'function', true],
      ['k', 'variable', false],
      ['mod', 'module', true],
    ]);
    expect(listed[0]).toMatchObject({ type: 'string', value: 'text' });
    const filtered = session.interpreter.variables({ filter: 'mo', includeValues: false });
    expect(filtered.map(({ name }) => name)).toEqual(['mod']);
  });

  it('lets a variable be inspected, also while a program runs', () => {
    const session = newSession();
    const seen: unknown[] = [];
    session.host.onPoll = () => {
      seen.push(session.interpreter.inspect('o', ['list', 1], 1));
      seen.push(session.interpreter.variables({ includeValues: true }).map(({ name }) => name));
    };
    session.run('o = {list: [1, 2]}; for (i = 0; i < 20000; i++) { }');
    expect(seen[0]).toMatchObject({ type: 'number', preview: '2' });
    expect(seen[1]).toEqual(['i', 'o']);
    expect(session.interpreter.inspect('nothing', [], 1)).toBe('unknown_variable');
    expect(session.interpreter.inspect('o', ['x'], 1)).toBe('unknown_path');
  });

  it('hands a program its arguments', () => {
    const { interpreter } = newSession();
    const outcome = interpreter.execute('args[1]', { args: ['a', 'b'] });
    expect(outcome.result?.value).toBe('b');
    expect(interpreter.execute('args.length').result?.value).toBe(0);
    expect(interpreter.variables({ includeValues: false })).toEqual([]);
  });
});

describe('automatic main', () => {
  it('runs a parameterless main of the unit, and its value is the result', () => {
    const session = newSession();
    expect(session.value('m{ main(){ return add(2,3); } add(a,b){ return a+b; } }')).toBe(5);
    expect(session.value('add(1,1)')).toBe(2);
  });

  it('runs it after the statements, and not again in a later unit', () => {
    const session = newSession();
    session.run('ƒmain(){ print("main") } print("first")');
    session.run('1');
    expect(session.host.output).toBe('first\nmain\n');
  });

  it('does not run a main that the unit called itself', () => {
    const session = newSession();
    session.run('main(){ print("once"); return 1 } main()');
    expect(session.host.output).toBe('once\n');
  });

  it('prefers the main at the top level, else takes the last module that has one', () => {
    expect(resultOf('λa{ main(){ return "a" } } main(){ return "top" }')).toBe('top');
    expect(resultOf('λa{ main(){ return "a" } } λb{ main(){ return "b" } }')).toBe('b');
  });

  it('leaves a main with parameters alone, and one of an earlier unit', () => {
    expect(resultOf('main(x){ return 1 } 2')).toBe(2);
    expect(resultOf('main(){ return 1 }', '2')).toBe(2);
  });

  it('can be switched off', () => {
    const { interpreter } = newSession();
    expect(interpreter.execute('main(){ return 1 } 2', { autoMain: false }).result?.value).toBe(2);
  });

  it('does not run after a return at the top level', () => {
    expect(resultOf('main(){ return 1 } return 2')).toBe(2);
  });
});

describe('a unit that cannot run', () => {
  it('is refused with the place of the first error', () => {
    expect(errorOf('x = 1\ny = )')).toMatchObject({
      type: 'SyntaxError',
      location: { line: 2, column: 5 },
    });
  });

  it('is called incomplete when only more input is missing', () => {
    expect(errorOf('f(){ x = 1').incomplete).toBe(true);
    expect(errorOf('x = )').incomplete).toBeUndefined();
  });

  it('may not use break or continue outside a loop of the same function', () => {
    expect(errorOf('break')).toMatchObject({ type: 'SyntaxError' });
    expect(errorOf('while (1) { f(){ continue } }')).toMatchObject({ type: 'SyntaxError' });
  });

  it('may not give a block to what is no macro', () => {
    expect(errorOf('f({ print(1) })').message).toBe('Only a macro takes a block as an argument');
  });
});

describe('worked examples', () => {
  it.each([
    ['λt{ ƒmain(){ ιx=2; ÷{ ⟼(x/0) }{ ⌽(⚠.message); ⟼(⊥) } } }', false],
    ['c=∅; ＋(c,1); ＋(c,2); ⌽(∑(c))', 3],
    ['f(n)={ ?(n<=1){return 1} return n*f(n-1) }; f(5)', 120],
    ['n = 1; inc(){ n = n + 1 } inc(); n', 2],
    ['n = 1; set(){ n = 9 } set(); n', 1],
    ['n = 1; set(){ ::n = 9 } set(); n', 9],
    ['mk(){ c = 0; return () => { c = c + 1; return c; }; } a = mk(); a(); a()', 2],
  ])('%s', (code, result) => {
    expect(resultOf(code)).toBe(result);
  });

  it('print shows display forms', () => {
    const session = newSession();
    session.run('print("a" + 1, [1,"b"], {k: null}); print(1 = 1, 2 ≠ 2)');
    expect(session.host.output).toBe('a1 [1, "b"] {"k": null}\ntrue false\n');
  });
});
