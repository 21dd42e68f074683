// Every production of operands and operators, as `source → tree`.
import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/language/parser.ts';
import { tree } from '../print-tree.ts';

describe('literals and operands', () => {
  it.each([
    ['42; 1.5', '42 1.5'],
    ['"a"; \'b\'', '"a" "b"'],
    ['true; false; ⊤; ⊥', 'true false true false'],
    ['null; undefined', 'null null'],
    ['∅', '∅'],
    ['this', 'this'],
    ['/a/g', '/a/g'],
    ['[]', '(array)'],
    ['[1, 2,]', '(array 1 2)'],
    ['x = {}', '(= x (object))'],
    [
      'x = {a: 1, "b": 2, 3: c, if: d, e, print: f,}',
      '(= x (object "a": 1 "b": 2 "3": c "if": d "e": e "print": f))',
    ],
    ['x = {true: 1, ⊤: 2, ⌽: 3}', '(= x (object "true": 1 "true": 2 "print": 3))'],
    ['x = {\n a: 1,\n b: {c: :d}\n}', '(= x (object "a": 1 "b": (object "c": :d)))'],
    [':greeting', ':greeting'],
    ['f(:if)', '(call f :if)'],
    ['::x', '::x'],
    ['🎤', '🎤'],
    ['🎤("name? ")', '(call input "name? ")'],
    ['⚠.message', '(. ⚠ message)'],
    ['(1)', '1'],
    ['new Date()', '(new Date)'],
    ['new Array(3).length', '(. (new Array 3) length)'],
    [
      'in; of; as; from; import; export; module; async; await; loop; m; v',
      'in of as from import export module async await loop m v',
    ],
    ['error', 'error'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});

describe('what is attached to an operand', () => {
  it.each([
    ['a.b.c', '(. (. a b) c)'],
    ['a::b', '(:: a b)'],
    ['a.if.class.true', '(. (. (. a if) class) true)'],
    ['a["b"][0]', '(index (index a "b") 0)'],
    ['a[1:2]', '(slice a 1 2)'],
    ['a[:2]', '(slice a _ 2)'],
    ['a[1:]', '(slice a 1 _)'],
    ['a[:]', '(slice a _ _)'],
    ['a[c ? d : e]', '(index a (? c d e))'],
    ['a[c ? d : e : f]', '(slice a (? c d e) f)'],
    ['f()', '(call f)'],
    ['f(1, a = 2)(3)', '(call (call f 1 (== a 2)) 3)'],
    ['a.f(1).g[2]', '(index (. (call (. a f) 1) g) 2)'],
    ['c.⌽(x)', '(call (. c print) x)'],
    ['⎋.stringify(x)', '(call (. JSON stringify) x)'],
    [
      '∇.⌽; ⌸.↯; ⚡.⇓; ⚯.⟿; ⚿.#(x); ⟑.🔢',
      '(. ∇ print) (. ⌸ read) (. ⚡ get) (. ⚯ channel) (call (. ⚿ hash) x) (. ⟑ Number)',
    ],
    ['c.⊢(1); c.÷(1); c.?(p)', '(call (. c push) 1) (call (. c try_call) 1) (call (. c exists) p)'],
    ['⬢.□("t"); ~(url); 🔓_fs("x")', '(call (. ⬢ □) "t") (call ~ url) (call 🔓_fs "x")'],
    ['a\n.b\n::c', '(:: (. a b) c)'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));

  it('marks identifiers that were written as a symbol', () => {
    const [item] = parse('⌽(x)').program.body;
    expect(item).toMatchObject({
      expression: { callee: { name: 'print', symbol: true, span: { start: 0, end: 1 } } },
    });
    expect(JSON.stringify(parse('print(x)').program)).not.toContain('symbol');
  });
});

describe('operators', () => {
  it.each([
    ['a + b * c - d', '(- (+ a (* b c)) d)'],
    ['a * b / c % d', '(% (/ (* a b) c) d)'],
    ['a ** b ** c', '(** a (** b c))'],
    ['-a ** b', '(- (** a b))'],
    ['a ** -b', '(** a (- b))'],
    ['!a && -b < +c', '(&& (! a) (< (- b) (+ c)))'],
    ['!!a', '(! (! a))'],
    ['a || b && c == d < e + f * g', '(|| a (&& b (== c (< d (+ e (* f g))))))'],
    ['a * b + c < d == e && f || g', '(|| (&& (== (< (+ (* a b) c) d) e) f) g)'],
    ['a < b > c <= d >= e', '(>= (<= (> (< a b) c) d) e)'],
    ['a == b != c === d !== e', '(!== (=== (!= (== a b) c) d) e)'],
    ['a ≠ b; a ≤ b; a ≥ b', '(!= a b) (<= a b) (>= a b)'],
    ['a ? b : c ? d : e', '(? a b (? c d e))'],
    ['a || b ? c + 1 : d', '(? (|| a b) (+ c 1) d)'],
    ['typeof a == "b"', '(== (typeof a) "b")'],
    ['typeof(a)', '(typeof a)'],
    ['await f(x) + 1', '(+ (call f x) 1)'],
    ['await (x)', 'x'],
    ['await + 1', '(+ await 1)'],
    ['(a + b) * c', '(* (+ a b) c)'],
    ['++a; --a.b; a++; a[0]--; ::a++', '(++_ a) (--_ (. a b)) (_++ a) (_-- (index a 0)) (_++ ::a)'],
    ['a++ + ++b', '(+ (_++ a) (++_ b))'],
    ['a / b / c', '(/ (/ a b) c)'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));

  it('knows the place of an operator', () => {
    const [item] = parse('a + (b) * c').program.body;
    expect(item).toMatchObject({
      expression: {
        operatorSpan: { start: 2, end: 3 },
        span: { start: 0, end: 11 },
        right: { operatorSpan: { start: 8, end: 9 }, span: { start: 4, end: 11 } },
      },
    });
  });
});

describe('= assigns or compares (4.2)', () => {
  it.each([
    ['a = 1', '(= a 1)'],
    ['a = b = 5', '(= a (= b 5))'],
    ['a ← b ← 5', '(= a (= b 5))'],
    [
      'a.b = 1; a::b = 1; a[0] = 1; ::a = 1',
      '(= (. a b) 1) (= (:: a b) 1) (= (index a 0) 1) (= ::a 1)',
    ],
    ['(a).b = 1', '(= (. a b) 1)'],
    ['⌽ = f', '(= print f)'],
    ['a = b == c', '(= a (== b c))'],
    ['even = n % 2 = 0', '(= even (== (% n 2) 0))'],
    ['let a = b = 5', '(let a=(= b 5))'],
    ['⟼(a=b)', '(return (== a b))'],
    ['return a = b', '(return (== a b))'],
    ['f(a = b)', '(call f (== a b))'],
    ['x = [a = b, {c: d = e}]', '(= x (array (== a b) (object "c": (== d e))))'],
    ['x = c ? a = b : d', '(= x (? c (== a b) d))'],
    ['if (a = b) {}', '(if (== a b) {})'],
    [
      'xs.filter(n → n % 2 = 0)',
      '(call (. xs filter) (function lexical (n) {(return (== (% n 2) 0))}))',
    ],
    ['f(a ← 1)', '(call f (= a 1))'],
    ['x => y ← 1', '(function lexical (x) {(return (= y 1))})'],
    ['c ? a ← 1 : b ← 2', '(? c (= a 1) (= b 2))'],
    ['a += 1; a -= b *= 2; a /= 3; a %= 4', '(+= a 1) (-= a (*= b 2)) (/= a 3) (%= a 4)'],
    ['a += b = c', '(+= a (== b c))'],
    [
      'for (i = 0, j = 1; i = j; i = i + 1) {}',
      '(for ((= i 0) (= j 1); (== i j); (= i (+ i 1))) {})',
    ],
    ['f(a, b = 1){}', '(define f (a b=1) {})'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));

  it.each([
    ['1 = 2', 0, 1],
    ['a + 1 = 3', 0, 5],
    ['(a) = 1', 1, 2],
    ['a == b = c', 0, 6],
    ['a + b ← 1', 0, 5],
    ['f(1) += 2', 0, 4],
    ['f(1) = 2', 0, 4],
    ['a[1:2] = x', 0, 6],
    ['x = 1++', 4, 5],
    ['++f()', 2, 5],
    ['(a)++', 1, 2],
    ['await x = 1', 6, 7],
  ])('refuses %s', (source, start, end) => {
    expect(parse(source).diagnostics).toMatchObject([
      { message: 'Invalid assignment target', span: { start, end } },
    ]);
  });
});
