// The grammar, its operators and its rules of disambiguation: section 4 of the specification.
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../helpers/outcome-text.ts';

describe('definitions, parameters and declarations (4)', () => {
  it.each<[string[], string]>([
    [['async f(){ return await 3 } f()'], '3'],
    [['ƒ async f(){ return 3 } f()'], '3'],
    [['ι f(a,b) ⟼ a+b\nf(1,2)'], '3'],
    [['ƒ f(a) ⟼ { return a } f(2)'], '2'],
    [['f(x) = x + 1; f(1)'], '2'],
    [['f(x) = { return x + 1 } f(1)'], '2'],
    [['f(x)={a: x}; f(1)'], '{"a": 1}'],
    [['f(x, y = x * 2) = [x, y]; [f(1), f(1, 5)]'], '[[1, 2], [1, 5]]'],
    [['f(ιn, σs, ξ, λ) = [n, s]; f(1, "a")'], '[1, "a"]'],
    [['ƒ g(ι, x){⟼ x} g(5)'], '5'],
    [['⌽ 1, 2'], '1 2 -> "1 2"'],
    [['⌽ (1), 2'], '1 2 -> "1 2"'],
    [['⌽(1) + 1'], '1 -> 2'],
    [['let a = b = 2; [a, b]'], '[2, 2]'],
    [['let a, c; [a, c]'], '[null, null]'],
    [['ι a ← 3; a'], '3'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('control statements (4)', () => {
  it.each<[string[], string]>([
    [['if 1 > 2 { 1 } else { 2 }'], '2'],
    [['if (1 > 2) 1 else 2'], '2'],
    [['if (1) print("x")'], 'x -> "x"'],
    [['x = 3; while x > 0 { x-- } x'], '0'],
    [['while (false) x = 1\n5'], '5'],
    [['s = 0; for (i = 0, j = 5; i < j; i++, j--) s += 1\ns'], '3'],
    [['for (;;) { break }'], 'null'],
    [['s = 0; for x of [1,2] { s += x } s'], '3'],
    [['s = ""; for k in {a: 1, b: 2} { s += k } s'], "SyntaxError: Unexpected token '{' @1:18"],
    [['s = 0; for (let x of [1,2]) { s += x } s'], '3'],
    [['s = 0; for (ιx in [1,2]) { s += x } s'], '3'],
    [['try { 1/0 } catch (e) { e.message }'], '"Division by zero"'],
    [['try { 1/0 } catch e { e.message }'], '"Division by zero"'],
    [['try { 1 } finally { print("f") }'], 'f -> "f"'],
    [['x = 0; try { x = 1; throw "a" } catch { x = 2 } finally { x += 10 } x'], '12'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('assignment and equality (4.1, 4.2)', () => {
  it.each<[string[], string]>([
    [['a = [1]; a[0] = b = 5; [a, b]'], '[[5], 5]'],
    [['x = 1; y = (x ← 5) + 1; [x, y]'], '[5, 6]'],
    [['x = 2; y = x += 3; [x, y]'], '[5, 5]'],
    [['1 = 2'], 'SyntaxError: Invalid assignment target @1:1'],
    [['a = 1; a + 1 = 3'], 'SyntaxError: Invalid assignment target @1:8'],
    [['1++'], 'SyntaxError: Invalid assignment target @1:1'],
    [['++f()'], 'SyntaxError: Invalid assignment target @1:3'],
    [['f() += 1'], 'SyntaxError: Invalid assignment target @1:1'],
    [['(a) = 1'], 'SyntaxError: Invalid assignment target @1:2'],
    [['a = 1; if (a = 1) { "eq" }'], '"eq"'],
    [['f(a) = a = 1; f(1)'], 'true'],
    [['[1 = 1, 2 = 3]'], '[true, false]'],
    [
      ['x = 1; x ? x = 1 : 0'],
      "true warns: '=' compares here and the result is not used; write '←' to assign",
    ],
    [
      ['t = 0; each([1], x => t = t + x)'],
      "null warns: '=' compares here and the result is not used; write '←' to assign",
    ],
    [['x => x'], 'function (x)'],
    [['1 + 2 * 3 - 4 / 2 % 3'], '5'],
    [['!true == false'], 'true'],
    [['typeof 1 + "a"'], '"numbera"'],
    [['1 < 2 == true'], 'true'],
    [['true || false && false'], 'true'],
    [['true ? 1 : false ? 2 : 3'], '1'],
    [['a = true ? 1 : 2; a'], '1'],
    [['x = 5; x++ + ++x'], '12'],
    [['x = 5; -x ** 2'], '-25'],
    [['2 ** -1'], '0.5'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('disambiguation (4.3)', () => {
  it.each<[string[], string]>([
    [['f(a) { return a }\nf(3)'], '3'],
    [['{a: 1}'], '{"a": 1}'],
    [['{"a": 1}.a'], '1'],
    [['{ x = 3; x }'], '3'],
    [['f = () => {a: 2}; f()'], '{"a": 2}'],
    [['f = () => { return 3 }; f()'], '3'],
    [['ι n = 4\nn'], '4'],
    [['ι n = 4; ι n = 4 { "if" }'], '"if"'],
    [['n = 4; ι n % 2 = 0 { "even" }'], '"even"'],
    [['n = 4; ι(n = 4){ "four" }'], '"four"'],
    [['ι n, p; [n, p]'], '[null, null]'],
    [['n = 5; ι n > 3 && n < 9 { "in" }'], '"in"'],
    [['if (1) { 2 } \nelse { 3 }'], '2'],
    [['if (0) { 2 } \nε { 3 }'], '3'],
    [['try { null.x }\ncatch (e) { 4 }\nfinally { }'], '4'],
    [['ε = 3; ε'], '3'],
    [['x = ?(1 > 0){ 1 } else { 2 }; x'], '1'],
    [['x = ?(1 > 3){ 1 } ε ?(1 > 2){ 5 } ε { let q = 7; q }; x'], '7'],
    [['true ? 1 : 2'], '1'],
    [['c = [1]; ⊢(c, 2); c'], '[1, 2]'],
    [['⟑.🔤(1)'], '"1"'],
    [['return ()'], 'null'],
    [['f() { return () => 3 } f()()'], '3'],
    [['⟼ () → 4'], 'function ()'],
    [['!0'], 'true'],
    [['m = 1; m + 1'], '2'],
    [['m {\n f(){ return 1 } }\nf()'], '1'],
    [['ι'], 'SyntaxError: Unexpected end of input @1:2 incomplete'],
    [['x = σ'], "SyntaxError: Unexpected token 'σ' @1:5"],
    [['f(ι)'], "SyntaxError: Unexpected token 'ι' @1:3"],
    [['xs = [1,2,3]; n = 2; xs[:n]'], '[1, 2]'],
    [['dict_set("n", "1"); xs = {"1": 5}; xs[(:n)]'], '5'],
    [['o = {n: 1, f: function(){ return this.n }}; o["f"]()'], '1'],
    [['ƒ f(a, b);\nƒ f(a){⟼ a}\nf(2)'], '2'],
    [['ƒ f(a, b);'], 'null'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('operands (4)', () => {
  it.each<[string[], string]>([
    [['new Array(2)'], '[null, null]'],
    [['x = new Error("e"); x.message'], '"e"'],
    [['(x, y) → x + y'], 'function (x, y)'],
    [['a = 1; b = 2; a\nb'], '2'],
    [['o = {a, }; 1'], 'ReferenceError: a is not defined @1:6'],
    [['[1,2,]'], '[1, 2]'],
    [['{a: 1,}'], '{"a": 1}'],
    [['f(1,)'], "SyntaxError: Unexpected token ')' @1:5"],
    [['o = {f: 1, "g h": 2, 3: 4}; o'], '{"f": 1, "g h": 2, "3": 4}'],
    [['a = 5; o = {a}; o'], '{"a": 5}'],
    [['x = function(a){ return a * 2 }; x(4)'], '8'],
    [['λ{⟼ 3}()'], '3'],
    [['(λ{⟼ 3})()'], '3'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});
