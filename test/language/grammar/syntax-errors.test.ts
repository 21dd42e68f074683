import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/language/parser.ts';
import { printTree } from '../print-tree.ts';

/** The first error: message, start, end, and whether more input could repair it. */
function firstError(source: string): [string, number, number, boolean] | undefined {
  const error = parse(source).diagnostics.find(({ severity }) => severity === 'error');
  return error && [error.message, error.span.start, error.span.end, error.incomplete === true];
}

describe('the first error', () => {
  it.each([
    [')', "Unexpected token ')'", 0, 1],
    ['f(1,)', "Unexpected token ')'", 4, 5],
    ['x = )', "Unexpected token ')'", 4, 5],
    ['x)', "Unexpected token ')'", 1, 2],
    ['}', "Unexpected token '}'", 0, 1],
    ['f(a;', "Expected ')' but found ';'", 3, 4],
    ['(a]', "Expected ')' but found ']'", 2, 3],
    ['[1 2]', "Expected ']' but found '2'", 3, 4],
    ['x = {a: 1 b: 2}', "Expected '}' but found 'b'", 10, 11],
    ['x = {a = 1}', "Expected ':' but found '='", 7, 8],
    ['x = {+}', "Expected a key but found '+'", 5, 6],
    ['a.1', "Expected ';' or a new line", 1, 3],
    ['a.(', "Expected a property name but found '('", 2, 3],
    ['let 1', "Expected a name but found '1'", 4, 5],
    ['let if = 1', "Expected a name but found 'if'", 4, 6],
    ['f(a){ else }', "Unexpected token 'else'", 6, 10],
    ['x = ≠', "Unexpected token '≠'", 4, 5],
    ['f("a" "b")', "Expected ')' but found '\"b\"'", 6, 9],
    [`f(a "${'b'.repeat(50)}")`, `Expected ')' but found '"${'b'.repeat(29)}…'`, 4, 56],
    ['a ? b', 'Unexpected end of input', 5, 5],
    ['a ? b;', "Expected ':' but found ';'", 5, 6],
    ['try {}', 'Unexpected end of input', 6, 6],
    ['try {} x', "Expected 'catch' or 'finally' but found 'x'", 7, 8],
    ['÷{} x', "Expected '{' but found 'x'", 4, 5],
    ['for (x) {}', "Expected ';' but found ')'", 6, 7],
    ['for x {}', "Expected 'in' or 'of' but found '{'", 6, 7],
    ['if a b', "Expected '{' but found 'b'", 5, 6],
    ['x = ?(c){1}', 'Unexpected end of input', 11, 11],
    ['x = ?(c){1};', "Expected 'else' but found ';'", 11, 12],
    ['x = new 1()', "Expected a name but found '1'", 8, 9],
    ['x = new A', 'Unexpected end of input', 9, 9],
    ['a[]', "Unexpected token ']'", 2, 3],
    ['x = a : b', "Expected ';' or a new line", 6, 7],
    ['x = : a', "Unexpected token ':'", 4, 5],
    ['import {a}', 'Unexpected end of input', 10, 10],
    ['import {a} b', "Expected 'from' but found 'b'", 11, 12],
    ['#[feature=x]', "Expected a string but found 'x'", 10, 11],
    ['#[if(other="x")]', "Expected 'feature' but found 'other'", 5, 10],
    ['ℳƒ f(a) ⟼ a', 'Procedural macros are not supported', 0, 1],
    ['ℳ f(a) {}', "Expected '⟼' but found '{'", 7, 8],
    ['λ⟨a', 'Unexpected end of input', 3, 3],
    ['a & b', "Unexpected token '&' (use && / ||)", 2, 3],
    ['a | b', "Unexpected token '|' (use && / ||)", 2, 3],
    ['a ^ b', "Unexpected token '^' (use && / ||)", 2, 3],
    ['x = ~a', "Unexpected token '~' (use && / ||)", 4, 5],
    ['x = `a`', "Unexpected token '`' (strings are written with \" or ')", 4, 5],
    ['x = "abc', 'Unterminated string', 4, 5],
    ['x = "abc\ny = 1', 'Unterminated string', 4, 5],
    ['f("a", /x', 'Unterminated regular expression', 7, 8],
    ['x = 12px', 'Malformed number', 4, 8],
    ['break', "'break' outside a loop", 0, 5],
    ['loop { f(){ continue } }', "'continue' outside a loop", 12, 20],
    ['each(xs, x => { break })', "'break' outside a loop", 16, 21],
    ['class A {}', "'class' is a reserved word", 0, 5],
    ['switch (x) { case 1: y }', "'switch' is a reserved word", 0, 6],
    ['let enum = 1', "'enum' is a reserved word", 4, 8],
    ['f(default){}', "'default' is a reserved word", 2, 9],
    ['x = {yield}', "'yield' is a reserved word", 5, 10],
    ['export export x', "Unexpected token 'export'", 7, 13],
    ['export f(1)', 'Only definitions, imports and variables can be exported', 7, 8],
  ])('%s', (source, message, start, end) => {
    expect(firstError(source)?.slice(0, 3)).toEqual([message, start, end]);
  });

  it('reports places in UTF-16 units of the source, behind a byte order mark and emoji too', () => {
    expect(firstError('\ufeff"😀" )')?.slice(1, 3)).toEqual([6, 7]);
  });
});

describe('incomplete input (7.4)', () => {
  it.each([
    'f(){',
    'if (a) {',
    'm{ main(){ x = [1,',
    'f(',
    'f(a,\n',
    '[1, 2',
    'x = {a: 1',
    'x =',
    'a +',
    'a &&\n',
    'x ← ',
    'a ? b :',
    'x => ',
    'a.',
    '⟼ (',
    'if (a)',
    'else_ = ?(c){1} else',
    'try {}',
    '÷{}',
    '/* a',
    'f(){ /* a',
    'λt{ƒf(){⌽(1)',
    'let',
  ])('%s could be repaired by more', (source) => {
    expect(firstError(source)?.[3]).toBe(true);
  });

  it.each([
    'f(]',
    ')',
    'a b',
    '"abc',
    'f("abc',
    'x = /a',
    'a) {',
    '1 = 2; f(',
    'break; {',
    'x = 1px +',
  ])('%s could not', (source) => {
    expect(firstError(source)?.[3]).toBe(false);
  });
});

describe('after an error', () => {
  it('parses the statements around it', () => {
    const { program, diagnostics } = parse('a = 1\nb = = 2\nc = 3; d d; e = 5');
    expect(printTree(program)).toBe('(= a 1) (= c 3) (= e 5)');
    expect(diagnostics.map(({ span }) => span.start)).toEqual([10, 23]);
  });

  it('parses what surrounds a broken body', () => {
    const { program } = parse('f(a){\n  x = 1\n  y = )\n  z = 2\n}\ng(){}');
    expect(printTree(program)).toBe('(define f (a) {(= x 1) (= z 2)}) (define g () {})');
  });

  it('leaves the brackets that the error stands in', () => {
    const { program, diagnostics } = parse('x = {\n a: 1\n b: 2\n}\ny = 3');
    expect(printTree(program)).toBe('(= y 3)');
    expect(diagnostics).toHaveLength(1);
  });

  it('keeps what stands in a body that never ends', () => {
    const { program, diagnostics } = parse('f(){ a = 1\n g(');
    expect(printTree(program)).toBe('(define f () {(= a 1)})');
    expect(diagnostics).toHaveLength(1);
  });

  it('reports a limited number', () => {
    expect(parse('a b\n'.repeat(100)).diagnostics).toHaveLength(10);
    expect(parse('"\n'.repeat(100)).diagnostics).toHaveLength(10);
    expect(parse('f({a b},'.repeat(100)).diagnostics.length).toBeLessThanOrEqual(10);
  });

  it('says nothing about what a malformed literal may have swallowed', () => {
    expect(parse('f("a)\ng(').diagnostics.map(({ message }) => message)).toEqual([
      'Unterminated string',
    ]);
  });
});

describe('warnings about = (4.2)', () => {
  const message = "'=' compares here and the result is not used; write '←' to assign";

  it.each([
    ['each(xs, x => total = total + x)', 20],
    ['∀(xs, x → t = t + x)', 12],
    ['xs.forEach(x => t = x)', 18],
    ['c && x = 5', 7],
    ['c ? a = 1 : 2', 6],
    ['(x = 5)', 3],
  ])('%s', (source, start) => {
    expect(parse(source).diagnostics).toEqual([
      { severity: 'warning', type: 'Warning', message, span: { start, end: start + 1 } },
    ]);
  });

  it.each([
    'xs.filter(n => n = 2)',
    'each(xs, x => a.b = x)',
    'each(xs, x => { return t = x })',
    'each(xs, x => t ← t + x)',
    'if (a = b) {}',
    'f(a = b)',
    'x = a = 1',
    'c && x == 5',
  ])('none where the result is used, or the left side is no name: %s', (source) => {
    expect(parse(source).diagnostics).toEqual([]);
  });
});
