import { describe, expect, it } from 'vitest';
import { errorOf, newSession, resultOf } from '../helpers/run-program.ts';

const library = 'λlib v"1.4.2" { ⊢ ƒf(){ ⟼ hidden() + n } ƒhidden(){ ⟼ 1 } ⊢ n = 2 }';

describe('m{...}', () => {
  it('is transparent: its members are the session’s, in order, functions first', () => {
    expect(resultOf('m{ a = f(); f(){ return 4 } let b = a + 1 }', '[a, b, f()]')).toEqual([
      4, 5, 4,
    ]);
  });
});

describe('a named module', () => {
  it('shows its members through . and ::, and its functions see one another and its variables', () => {
    expect(
      resultOf('λt{ count = 0; step(){ count = count + 1; return count } } t.step(); t::step()'),
    ).toBe(2);
    expect(resultOf('module t { a(){ return b() } b(){ return 6 } } t.a()')).toBe(6);
  });

  it('keeps its variables apart from the session’s', () => {
    expect(resultOf('x = 1; λt{ x = 2; get(){ return x } } [x, t.get(), t.x]')).toEqual([1, 2, 2]);
  });

  it('shows only what it exports, once it exports something', () => {
    const session = newSession();
    session.run(library);
    expect(session.value('lib.f()')).toBe(3);
    expect(session.error('lib.hidden()')).toMatchObject({
      type: 'ReferenceError',
      message: "'hidden' is private in module 'lib'",
    });
    expect(session.error('lib::nothing').type).toBe('ReferenceError');
  });

  it('can export under another name, and what it imported', () => {
    expect(resultOf('λt{ inner(){ return 5 } ⊢ inner as outer } t.outer()')).toBe(5);
    expect(resultOf(`${library} λt{ ⊢ ⟑ lib::f } t.f()`)).toBe(3);
  });

  it('nests, each level with its own visibility', () => {
    expect(resultOf('λa{ ⊢ λb{ ⊢ f(){ return secret } secret = 8 } } a::b::f()')).toBe(8);
    expect(errorOf('λa{ ⊢ λb{ ⊢ f(){} secret = 8 } } a.b.secret').type).toBe('ReferenceError');
  });

  it('is replaced when it is executed again', () => {
    expect(resultOf('λt{ a = 1; b = 2 }', 'λt{ a = 5 }', 't.a')).toBe(5);
  });

  it('is visible to its own members', () => {
    expect(resultOf('λt{ a = 3; f(){ return t.a } } t.f()')).toBe(3);
  });

  it('cannot be written to from outside', () => {
    expect(errorOf('λt{ a = 1 } t.a = 2').type).toBe('TypeError');
  });

  it('inside a function is a local of it, with its own variables for each call', () => {
    const code =
      'f(n){ λt{ v = n; get(){ return v } } return t } a = f(1); b = f(2); [a.get(), b.get()]';
    expect(resultOf(code)).toEqual([1, 2]);
  });
});

describe('imports', () => {
  it.each([
    ['⟑ lib::f; f()', 3],
    ['import lib::f; f()', 3],
    ['⟑ lib::f as g; g()', 3],
    ['⟑ lib::{f, n as k}; f() + k', 5],
    ['import {f, n as k} from lib; f() + k', 5],
    ['⟑ lib as q; q.n', 2],
    ['⟑ lib as q::{f}; f() + q.n', 5],
    ['⟑ lib::*; f() + n', 5],
    ['g(){ ⟑ lib::*; return f() + n } g()', 5],
    ['λt{ ⟑ lib::*; g(){ return f() } } t.g()', 3],
    ['λt{ ⟑ lib::{f as h}; g(){ return h() } } t.g()', 3],
  ])('%s', (code, result) => {
    expect(resultOf(`${library} ${code}`)).toBe(result);
  });

  it('of what is not there is an ImportError', () => {
    expect(errorOf('⟑ nowhere::x').type).toBe('ImportError');
    expect(errorOf(`${library} ⟑ lib::nothing`).type).toBe('ImportError');
    expect(errorOf(`${library} ⟑ lib::{f, nothing}`).type).toBe('ImportError');
  });

  it('of what is private is a ReferenceError', () => {
    expect(errorOf(`${library} ⟑ lib::hidden`).type).toBe('ReferenceError');
  });

  it('of files needs file access', () => {
    expect(errorOf('import "helpers"').type).toBe('PermissionError');
    expect(errorOf('λ⟨helpers⟩').type).toBe('PermissionError');
  });

  it.each([
    ['1.4.2', true],
    ['1.4.1', false],
    ['>=1.4.0', true],
    ['>1.4.2', false],
    ['>=1.0.0, <2.0.0', true],
    ['<=1.4.1', false],
    ['^1.2.0', true],
    ['^2.0.0', false],
    ['~1.4.0', true],
    ['~1.3.0', false],
    ['nonsense', false],
  ])('of a version %s: %s', (constraint, satisfied) => {
    const { error } = newSession().run(`${library} ⟑ lib v"${constraint}" as q`);
    expect(error?.type).toBe(satisfied ? undefined : 'ImportError');
  });

  it('of a version from a module without one is an ImportError', () => {
    expect(errorOf('λt{ a = 1 } ⟑ t v"1.0.0" as q').type).toBe('ImportError');
  });
});
