// Rules 1.5 and 4.3.1–4.3.15: one text, one reading.
import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/language/parser.ts';
import { tree } from '../print-tree.ts';

describe('1.5: where a statement ends', () => {
  it.each([
    ['a\nb', 'a b'],
    ['a\r\nb\rc', 'a b c'],
    ['a /*\n*/ b', 'a b'],
    ['{a}b', '{a} b'],
    ['x = {a: 1} y = 2', '(= x (object "a": 1)) (= y 2)'],
    ['f(){}g(){}', '(define f () {}) (define g () {})'],
    ...['+', '-', '*', '/', '%', '**', '<', '>', '<=', '>=', '==', '!=', '===', '!=='].map(
      (operator) => [`a\n${operator} b`, `(${operator} a b)`],
    ),
    ['a\n≤ b\n&& c\n|| d', '(|| (&& (<= a b) c) d)'],
    ['a\n= b', '(= a b)'],
    ['a\n← b', '(= a b)'],
    ['a\n+= b', '(+= a b)'],
    ['a\n.b', '(. a b)'],
    ['a\n::b', '(:: a b)'],
    ['let a\n, b', '(let a b)'],
    ['c\n? a\n: b', '(? c a b)'],
    ['c\n? (a)\n: b', '(? c a b)'],
    ['f(\na\n,\nb\n)', '(call f a b)'],
    ['a\n++b', 'a (++_ b)'],
    ['a\n--b', 'a (--_ b)'],
    ['a\n!b', 'a (! b)'],
    ['a\n{b}', 'a {b}'],
    ['a\n?(c){d}', 'a (if c {d})'],
    ['a\n? (c) {d}', 'a (if c {d})'],
    ['a\n⟼ b', 'a (return b)'],
    ['a\n∅', 'a ∅'],
    ['a\n⌽ b', 'a (call print b)'],
    ['a =\nb', '(= a b)'],
    ['a +\nb', '(+ a b)'],
    ['if (a)\n{b}', '(if a {b})'],
    ['if a\n{b}', '(if a {b})'],
    ['try\n{a}\ncatch\n{b}', '(try {a} (catch {b}))'],
    ['λt\n{\n}', '(module t)'],
    ['m\n{\n}', '(main)'],
  ])('%s', (source, expected) => expect(tree(source ?? '')).toBe(expected));

  it.each([
    ['a b', 2],
    ['a = 1 b = 2', 6],
    ['f() g()', 4],
    ['ιx=5 ιy=3', 5],
    ['1 "a"', 2],
    ['return 1 2', 9],
  ])('two statements on one line need something between them: %s', (source, start) => {
    expect(parse(source).diagnostics).toMatchObject([
      { message: "Expected ';' or a new line", span: { start } },
    ]);
  });
});

describe('4.3.1: definitions begin with parameters', () => {
  it.each([
    ['f(a){}', '(define f (a) {})'],
    ['f(a, b = g(c, d)){}', '(define f (a b=(call g c d)) {})'],
    ['f(a) = b', '(define f (a) {(return b)})'],
    ['f(a) == b', '(== (call f a) b)'],
    ['f(a)', '(call f a)'],
    ['f(a).b = 1', '(= (. (call f a) b) 1)'],
    ['f(1)\n{a}', '(call f 1) {a}'],
    ['a.f(b)\n{c}', '(call (. a f) b) {c}'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('4.3.2: blocks and object literals, modules and functions', () => {
  it.each([
    ['{a: 1}', '(object "a": 1)'],
    ['{"a": 1}', '(object "a": 1)'],
    ['{1: 1}', '(object "1": 1)'],
    ['{a}', '{a}'],
    ['{}', '{}'],
    ['{a; b}', '{a b}'],
    ['x => {a: 1}', '(function lexical (x) {(return (object "a": 1))})'],
    ['x => {a}', '(function lexical (x) {a})'],
    ['f(x) = {"a": 1}', '(define f (x) {(return (object "a": 1))})'],
    ['λ n {}', '(module n)'],
    ['λ n v"1"{}', '(module n v"1")'],
    ['x = λ n {n}', '(= x (function lexical (n) {n}))'],
    ['λ⟨n⟩', '(import "n")'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));

  it('always takes the braces of a body for a block', () => {
    expect(parse('if (x) {a: 1}').diagnostics).toHaveLength(1);
    expect(parse('f(x) {a: 1}').diagnostics).toHaveLength(1);
  });
});

describe('4.3.3: ι at the start of a statement', () => {
  it.each([
    ['ι(c){a}', '(if c {a})'],
    ['ι (c) a', '(if c a)'],
    ['ι c {a}', '(if c {a})'],
    ['ι n % 2 = 0 {a}', '(if (== (% n 2) 0) {a})'],
    ['ι f(x) {a}', '(if (call f x) {a})'],
    ['ι xs[0] {a}', '(if (index xs 0) {a})'],
    ['ι ⊤ {a}', '(if true {a})'],
    ['ι !a {b}', '(if (! a) {b})'],
    ['ι ∀(a) {b}', '(if (call each a) {b})'],
    ['ι a && b {c}', '(if (&& a b) {c})'],
    ['ιx', '(mark x)'],
    ['ιx;', '(mark x)'],
    ['{ιx}', '{(mark x)}'],
    ['ιx, y', '(mark x y)'],
    ['ιx = 1', '(mark x=1)'],
    ['ιx ← 1', '(mark x=1)'],
    ['ιx\n(a)', '(mark x) a'],
    ['ιx\n[a]', '(mark x) (array a)'],
    ['ιx\n= 1', '(mark x=1)'],
    ['ιx = 1\n{a}', '(mark x=1) {a}'],
    ['ι n = 0 {a}', '(if (== n 0) {a})'],
    ['ι n = 0 || m = 1 {a}', '(if (|| (== n 0) (== m 1)) {a})'],
    ['ι n =\n0 {a}', '(if (== n 0) {a})'],
    ['ι n = {a: 1}', '(mark n=(object "a": 1))'],
    ['ι n = f({a: 1}) {b}', '(if (== n (call f (object "a": 1))) {b})'],
    ['ι n = λ a {a}', '(mark n=(function lexical (a) {a}))'],
    ['ι n = φ(a){a}', '(mark n=(function lexical (a) {a}))'],
    ['ι n = function(a){a}', '(mark n=(function (a) {a}))'],
    ['ι n = ƒ g(a){a}', '(mark n=(function g (a) {a}))'],
    ['ι n = a => {a}', '(mark n=(function lexical (a) {a}))'],
    ['ι n = ?(c){1}else{2}', '(mark n=(?{} c {1} {2}))'],
    ['ι n = ?(c){1} ε {2}', '(mark n=(?{} c {1} {2}))'],
    ['ι n = ε("A") {a}', '(if (== n (call env "A")) {a})'],
    ['ι n = await f(x) {a}', '(if (== n (call f x)) {a})'],
    ['ιa = {} ιb = 1 {c}', '(mark a=(object)) (if (== b 1) {c})'],
    ['ι n = ?(p)', '(mark n=(call exists p))'],
    ['ιf(x) ⟼ x', '(define f (x) {(return x)})'],
    ['ιf(x) → {x}', '(define f (x) {x})'],
    ['@(ι x in xs){}', '(for-in mark x xs {})'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('4.3.4: ε', () => {
  it.each([
    ['ι(c){a}ε{b}', '(if c {a} {b})'],
    ['ι(c){a}ε ι(d){b}ε{e}', '(if c {a} (if d {b} {e}))'],
    ['?(c){a} ε ?(d){b}', '(if c {a} (if d {b}))'],
    ['if (c) a\nε b', '(if c a b)'],
    ['x = ε("HOME")', '(= x (call env "HOME"))'],
    ['ε = 1; x = ε + 1', '(= ε 1) (= x (+ ε 1))'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('4.3.5: ?', () => {
  it.each([
    ['a ? b : c', '(? a b c)'],
    ['a ?(b) : c', '(? a b c)'],
    ['?(c){a}', '(if c {a})'],
    ['?(c) return a', '(if c (return a))'],
    ['?(c)\na', '(if c a)'],
    ['?(p)', '(call exists p)'],
    ['?(p);', '(call exists p)'],
    ['{?(p)}', '{(call exists p)}'],
    ['?(p) && a', '(&& (call exists p) a)'],
    ['?(p) ? a : b', '(? (call exists p) a b)'],
    ['x = ?(p)', '(= x (call exists p))'],
    ['x = ?(c){1} else {2}', '(= x (?{} c {1} {2}))'],
    ['x = ?(c){1}\nelse ?(d){2} ε {3}', '(= x (?{} c {1} (?{} d {2} {3})))'],
    ['x = ?(p)\n{a}', '(= x (call exists p)) {a}'],
    ['if ?(p) {a}', '(if (call exists p) {a})'],
    ['if (?(p)) {a}', '(if (call exists p) {a})'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('4.3.6: ⊢ and ⟑', () => {
  it.each([
    ['⊢(c, 1)', '(call push c 1)'],
    ['x = ⊢', '(= x push)'],
    ['⊢ f(x){}', '(export (define f (x) {}))'],
    ['⟑.🔢("1")', '(call (. ⟑ Number) "1")'],
    ['x = ⟑.🔤', '(= x (. ⟑ String))'],
    ['⟑ a', '(import a)'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('4.3.7: ⌽ and ⟼ without parentheses', () => {
  it.each([
    ['⌽ a, b', '(call print a b)'],
    ['⌽(a), 1', ''],
    ['⌽ (a), 1', '(call print a 1)'],
    ['⌽ [1]', '(call print (array 1))'],
    ['⌽ -1', '(call print (- 1))'],
    ['⌽ :key, x', '(call print :key x)'],
    ['⌽ /a/', '(call print /a/)'],
    ['⌽(a).b', '(. (call print a) b)'],
    ['⌽; ⌽.x; ⌽ = 1', 'print (. print x) (= print 1)'],
    ['⟼()', '(return)'],
    ['return ()', '(return)'],
    ['⟼() → 1', '(return (function lexical () {(return 1)}))'],
    ['⟼ (a) + 1', '(return (+ a 1))'],
    ['⟼\n(a)', '(return) a'],
  ])('%s', (source, expected) => {
    if (expected === '') expect(parse(source).diagnostics).toHaveLength(1);
    else expect(tree(source)).toBe(expected);
  });

  it('needs parentheses for every other function symbol', () => {
    expect(parse('∑ xs').diagnostics).toMatchObject([{ message: "Expected ';' or a new line" }]);
  });
});

describe('4.3.8: ! is logical not', () => {
  it.each(['!("ls")', '!"ls"', 'x = !("ls " + dir)'])(
    'warns where a command is meant: %s',
    (source) => {
      expect(parse(source).diagnostics).toEqual([
        {
          severity: 'warning',
          type: 'Warning',
          message: "'!' is logical not; shell commands are not available",
          span: { start: source.indexOf('!'), end: source.indexOf('!') + 1 },
        },
      ]);
    },
  );

  it('does not warn elsewhere', () => {
    expect(tree('!(a + "b"); !("a" == b); !f("a")')).toBe(
      '(! (+ a "b")) (! (== "a" b)) (! (call f "a"))',
    );
  });
});

describe('4.3.9: arrows behind parentheses', () => {
  it.each([
    ['x = (a, b) => a', '(= x (function lexical (a b) {(return a)}))'],
    ['x = (a, b = (1)) ⟼ a', '(= x (function lexical (a b=1) {(return a)}))'],
    ['x = (a)\n⟼ a', '(= x a) (return a)'],
    ['x = a\n⟼ b', '(= x a) (return b)'],
    ['x = ((a) => a)(1)', '(= x (call (function lexical (a) {(return a)}) 1))'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('4.3.10: m', () => {
  it.each([
    ['m{}', '(main)'],
    ['m {}', '(main)'],
    ['m = 1; m(1); m.x', '(= m 1) (call m 1) (. m x)'],
    ['λm{}', '(module m)'],
    ['x = m', '(= x m)'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('4.3.11: bare type marks', () => {
  it('are annotations in parameter lists', () => {
    expect(tree('ƒ f(σ, m, ι, λ){}; x = (ι, a) => a')).toBe(
      '(define f (m) {}) () (= x (function lexical (a) {(return a)}))',
    );
  });

  it.each(['x = ι', 'f(σ)', 'x = ξ + 1', '[β]'])('are errors elsewhere: %s', (source) => {
    const mark = /[ισξβ]/.exec(source)?.[0];
    expect(parse(source).diagnostics).toMatchObject([{ message: `Unexpected token '${mark}'` }]);
  });
});

describe('4.3.12 – 4.3.15', () => {
  it.each([
    ['xs[:n]', '(slice xs _ n)'],
    ['xs[(:n)]', '(index xs :n)'],
    ['xs[a ? :b : :c]', '(index xs (? a :b :c))'],
    ['x = c ? :a : :b', '(= x (? c :a :b))'],
    ['f(:a, {k: :b})', '(call f :a (object "k": :b))'],
    ['if (a) {b}\nelse {c}', '(if a {b} {c})'],
    ['ι(a){b}\nε{c}', '(if a {b} {c})'],
    ['try {a}\ncatch (e) {b}\nfinally {c}', '(try {a} (catch e {b}) (finally {c}))'],
    ['a = b\n(c)', '(= a b) c'],
    ['a = b\n[c]', '(= a b) (array c)'],
    ['ƒ name(a, b); ƒ other();', '() ()'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});
