// Every production of functions and statements, as `source → tree`.
import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/language/parser.ts';
import { tree } from '../print-tree.ts';

describe('functions', () => {
  it.each([
    ['f(a, b){ return a }', '(define f (a b) {(return a)})'],
    ['f(){}', '(define f () {})'],
    ['f()\n{}', '(define f () {})'],
    ['async f(a){}', '(define f (a) {})'],
    ['async function f(a){}', '(define f (a) {})'],
    ['function async f(a){}; function f(a){}', '(define f (a) {}) () (define f (a) {})'],
    ['function f{}', '(define f () {})'],
    ['ƒf(a){}', '(define f (a) {})'],
    ['ƒ f {}', '(define f () {})'],
    ['ƒ async f(){}', '(define f () {})'],
    ['ƒ⌽(σ,m){}', '(define print (m) {})'],
    ['ƒ⊢(x){}', '(define push (x) {})'],
    ['ƒf(a) ⟼ a + 1', '(define f (a) {(return (+ a 1))})'],
    ['ƒf(a) ⟼ { a }', '(define f (a) {a})'],
    ['ιf(a) ⟼ a', '(define f (a) {(return a)})'],
    ['f(x)=x+1', '(define f (x) {(return (+ x 1))})'],
    ['f(x)={ x }', '(define f (x) {x})'],
    ['f(x)={}', '(define f (x) {})'],
    ['f(x)={a: x}', '(define f (x) {(return (object "a": x))})'],
    ['f(x)\n= x', '(define f (x) {(return x)})'],
    ['f(ιa, σ b = "x", ξ, λg, φ, ε){}', '(define f (a b="x" g φ ε) {})'],
    ['f(a = g(1, 2), b = [1, 2]){}', '(define f (a=(call g 1 2) b=(array 1 2)) {})'],
    ['f(a){} g(b){}ƒh(){}', '(define f (a) {}) (define g (b) {}) (define h () {})'],
    ['m(a){}', '(define m (a) {})'],
    ['ƒ name(a, b);', '()'],
    ['x = function(a){}', '(= x (function (a) {}))'],
    ['x = function{}', '(= x (function () {}))'],
    ['x = function g(a){}', '(= x (function g (a) {}))'],
    ['x = async function(a){}', '(= x (function (a) {}))'],
    ['x = ƒ(a){}', '(= x (function (a) {}))'],
    ['x = φ(a){}', '(= x (function lexical (a) {}))'],
    ['x = λ a {}', '(= x (function lexical (a) {}))'],
    ['x = λ_{}', '(= x (function lexical (_) {}))'],
    ['x = λ(a, b){}', '(= x (function lexical (a b) {}))'],
    ['x = λ{}', '(= x (function lexical () {}))'],
    ['λ(a){a}', '(function lexical (a) {a})'],
    ['ƒ(a){a}(1)', '(call (function (a) {a}) 1)'],
    ['x => x', '(function lexical (x) {(return x)})'],
    ['x\n=> x', '(function lexical (x) {(return x)})'],
    [
      'f(x → x, (a, b) ⟼ a, () => {})',
      '(call f (function lexical (x) {(return x)}) (function lexical (a b) {(return a)}) (function lexical () {}))',
    ],
    ['x = () => ({})', '(= x (function lexical () {(return (object))}))'],
    ['x = () => {a: 1}', '(= x (function lexical () {(return (object "a": 1))}))'],
    [
      'x = a => b => c',
      '(= x (function lexical (a) {(return (function lexical (b) {(return c)}))}))',
    ],
    [
      'x = async a => a; y = async (a) => a',
      '(= x (function lexical (a) {(return a)})) (= y (function lexical (a) {(return a)}))',
    ],
    ['async(1); async = 2', '(call async 1) (= async 2)'],
    ['async', 'async'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('statements', () => {
  it.each([
    ['', ''],
    [';;', '() ()'],
    ['{ a; { b } }', '{a {b}}'],
    ['let a, b = 1; const c = 2; var d', '(let a b=1) (const c=2) (var d)'],
    ['let a ← 1', '(let a=1)'],
    ['ιa = 1, b; σ s; ξx = []; β t = ⊤', '(mark a=1 b) (mark s) (mark x=(array)) (mark t=true)'],
    ['if (a) {b}', '(if a {b})'],
    ['if (a) b; else c', '(if a b c)'],
    ['if (a) b else c', '(if a b c)'],
    ['if (a) return', '(if a (return))'],
    ['if (a) {} else if (b) {} else {}', '(if a {} (if b {} {}))'],
    ['if (a) {}\nelse {}', '(if a {} {})'],
    ['if a {b} else {c}', '(if a {b} {c})'],
    ['if (a) && (b) {c}', '(if (&& a b) {c})'],
    ['if (a).b = 1 {c}', '(if (== (. a b) 1) {c})'],
    ['if (a) ⟼ b', '(if a (return b))'],
    ['if (a) ::b = 1', '(if a (= ::b 1))'],
    ['if (a) ?(b) c', '(if a (if b c))'],
    ['if f(x) {b}', '(if (call f x) {b})'],
    ['if f({a: 1}) {b}', '(if (call f (object "a": 1)) {b})'],
    ['if !?(p) {b}', '(if (! (call exists p)) {b})'],
    ['while (a) {b}', '(while a {b})'],
    ['while (a) b', '(while a b)'],
    ['while a < b {c}', '(while (< a b) {c})'],
    ['loop {a}', '(while true {a})'],
    ['∞{a}', '(while true {a})'],
    ['@(a){b}', '(while a {b})'],
    ['for (;;) a', '(for (; ;) a)'],
    ['for (let i = 0, n = 3; i < n; i++) {}', '(for ((let i=0 n=3); (< i n); (_++ i)) {})'],
    ['for (ι i = 0; i < 3; i += 1, j--) {}', '(for ((mark i=0); (< i 3); (+= i 1) (_-- j)) {})'],
    ['@(i=0;i<3;i++){a}', '(for ((= i 0); (< i 3); (_++ i)) {a})'],
    ['for (x in xs) {}', '(for-in x xs {})'],
    ['for (let x of xs) a', '(for-of let x xs a)'],
    ['for (ιx in xs) {}', '(for-in mark x xs {})'],
    ['for const x of f() {}', '(for-of const x (call f) {})'],
    ['for x in xs {}', '(for-in x xs {})'],
    ['@(x in xs){a}', '(for-in x xs {a})'],
    ['@(σx of xs){a}', '(for-of mark x xs {a})'],
    ['for (of of of) {}', '(for-of of of {})'],
    ['try {a} catch (e) {b} finally {c}', '(try {a} (catch e {b}) (finally {c}))'],
    ['try {a}\ncatch e {b}', '(try {a} (catch e {b}))'],
    ['try {a} catch {b}', '(try {a} (catch {b}))'],
    ['try {a}\nfinally {b}', '(try {a} (finally {b}))'],
    ['÷{a}{b}', '(try {a} (catch {b}))'],
    ['throw "x"', '(throw "x")'],
    [
      'return; return 1; ⟼ 1; ⟼(1); ⟼; ↵ 1',
      '(return) (return 1) (return 1) (return 1) (return) (return 1)',
    ],
    ['return {a: 1}', '(return (object "a": 1))'],
    ['return\nx', '(return) x'],
    ['while (a) { break; continue }', '(while a {(break) (continue)})'],
    ['loop { if (a) break }', '(while true {(if a (break))})'],
    ['⌽ 1', '(call print 1)'],
    ['⌽ (a), -b', '(call print a (- b))'],
    ['⌽', 'print'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));

  it('gives long chains of else if their spans', () => {
    const [outer] = parse('if (a) {} else if (b) {}').program.body;
    expect(outer).toMatchObject({
      span: { start: 0, end: 24 },
      otherwise: { span: { start: 15, end: 24 } },
    });
  });
});

describe('places', () => {
  it('spans every node from its first to its last character', () => {
    const source = 'f(a) = a.b + 1\nif (x) { y } else z';
    const [definition, condition] = parse(source).program.body;
    const written = (node: { span: { start: number; end: number } } | undefined | null) =>
      node && source.slice(node.span.start, node.span.end);
    expect(written(definition)).toBe('f(a) = a.b + 1');
    expect(written(condition)).toBe('if (x) { y } else z');
    if (definition?.type !== 'FunctionDeclaration' || condition?.type !== 'If') throw new Error();
    expect(written(definition.name)).toBe('f');
    expect(written(definition.function.parameters[0])).toBe('a');
    expect(written(definition.function.body)).toBe('a.b + 1');
    expect(written(condition.condition)).toBe('x');
    expect(written(condition.then)).toBe('{ y }');
    expect(written(condition.otherwise)).toBe('z');
  });
});
