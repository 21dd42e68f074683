// Scopes, functions, statements and errors: section 5 of the specification.
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../helpers/outcome-text.ts';

describe('scopes and implicit declaration (5.1)', () => {
  it.each<[string[], string]>([
    [['{ let a = 1; b = 2; var c = 3; ι d = 4 } [b, c, d]'], '[2, 3, 4]'],
    [['{ let a = 1 } a'], 'ReferenceError: a is not defined @1:15'],
    [['fs = []; for (let i = 0; i < 3; i++) { fs.push(() => i) } fs.map(f => f())'], '[0, 1, 2]'],
    [['fs = []; for (i = 0; i < 3; i++) { fs.push(() => i) } fs.map(f => f())'], '[3, 3, 3]'],
    [['f(){ if (true) { var x = 1 } return x } f()'], '1'],
    [['f(){ if (true) { let x = 1 } return x } f()'], 'ReferenceError: x is not defined @1:37'],
    [['const k = 1; k = 2'], "TypeError: Assignment to constant 'k' @1:14"],
    [['const k = 1; k += 2'], "TypeError: Assignment to constant 'k' @1:14"],
    [['const k = 1; k++'], "TypeError: Assignment to constant 'k' @1:14"],
    [['const k = 1; let k = 2; k'], '2'],
    [['const k = 1', 'k = 2'], "TypeError: Assignment to constant 'k' @1:1"],
    [['const k = 1', 'const k = 3; k'], '3'],
    [['f(){ const k = 1; k = 2 } f()'], "TypeError: Assignment to constant 'k' @1:19"],
    [['let a; a'], 'null'],
    [['f(p){ p = 2; return p } f(1)'], '2'],
    [['f(){ x = 1; g(){ x = 2 } g(); return x } f()'], '2'],
    [['i = 9; f(){ for (i = 0; i < 3; i++) {} return i } [f(), i]'], '[3, 9]'],
    [['x = 9; f(){ for (x of [1,2]) {} return x } [f(), x]'], '[2, 9]'],
    [['total = 5; f(){ total = 0; total = total + 1; return total } [f(), total]'], '[1, 5]'],
    [['n = 1; f(){ n = n + 1 } f(); n'], '2'],
    [['n = 1; f(){ n++ } f(); n'], '2'],
    [['n = 1; f(){ n += 5 } f(); n'], '6'],
    [['n = 1; f(){ print(n); n = 7 } f(); n'], '1 -> 7'],
    [['f(){ zz += 1 } f()'], 'ReferenceError: zz is not defined @1:6'],
    [['f(){ print(typeof zz); zz = 4; return zz } [f(), typeof zz]'], 'null -> [4, "null"]'],
    [['n = 1; f(){ ::n = 5; return ::n } [f(), n]'], '[5, 5]'],
    [['λt{ c = 1; set(v){ ::c = v } } c = 9; t.set(3); [t.c, c]'], '[3, 9]'],
    [['λt{ c = 1; inc(){ c = c + 1 } } t.inc(); t.c'], '2'],
    [['if (true) { top = 3 } top'], '3'],
    [['for (j = 0; j < 2; j++) {} j'], '2'],
    [['sum = x => "mine"; sum([1])'], '"mine"'],
    [['x = 1; f(){ return x; x = 2 } f()'], '1'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('functions (5.2)', () => {
  it.each<[string[], string]>([
    [['f(a,b){ return [a,b] } f(1)'], '[1, null]'],
    [['f(a){ return a } f(1,2,3)'], '1'],
    [['f(){ } f()'], 'null'],
    [['a(){ return b() } b(){ return 2 } a()'], '2'],
    [['f() = 1; f() = 2; f()'], '2'],
    [['{ g(){ return 5 } } g()'], '5'],
    [['o = {n: 4, f: () => this, g(){ } }'], "SyntaxError: Expected ':' but found '(' @1:28"],
    [['f(){ return this } f()'], 'null'],
    [['o = {n: 4, f: function(){ return [1].map(x => this.n) }}; o.f()'], '[4]'],
    [['o = {n: 4, f: φ(){ ⟼ this }}; o.f()'], 'null'],
    [['o = {n: 4, f: λ{ ⟼ this }}; o.f()'], 'null'],
    [
      ['o = {f: function(){ return this.v }, v: 3}; g = o.f; g()'],
      "TypeError: Cannot read property 'v' of null @1:33",
    ],
    [['ƒ⌽(x){ ⌽("[" + x + "]") } ⌽("a")'], '[a] -> null'],
    [['f(n){ return n = 0 ? 0 : f(n-1) } f(1000)'], '0'],
    [['f(n){ return n == 0 ? 0 : f(n-1) } f(3000)'], '0'],
    [
      ['f(){ f() } try { f() } catch (e) { [e.type, e.message] }'],
      '["RangeError", "Maximum call depth exceeded"]',
    ],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('statements (5.3)', () => {
  it.each<[string[], string]>([
    [['s = []; for (c in "ab") { s.push(c) } s'], '["a", "b"]'],
    [['s = []; for (c of "😀x") { s.push(c) } s'], '["😀", "x"]'],
    [['s = []; for (k in {a: 1}) { s.push(k) } for (v of {a: 1}) { s.push(v) } s'], '["a", 1]'],
    [['for (x of ∅) { print(x) }'], 'null'],
    [['for (x of 5) { }'], 'TypeError: Cannot iterate over number @1:11'],
    [['a = [1]; for (x of a) { if (a.length < 3) { a.push(x+1) } } a'], '[1, 2, 3]'],
    [['each({a: 1}, (v, k) => print(v, k))'], '1 a -> null'],
    [['each("ab", (c, i) => print(c, i))'], 'a 0|b 1 -> null'],
    [['each(2, 4, i => print(i))'], '2|3 -> null'],
    [['each([1,2], x => { return 5 })'], 'null'],
    [['break'], "SyntaxError: 'break' outside a loop @1:1"],
    [['while (true) { f(){ break } }'], "SyntaxError: 'break' outside a loop @1:21"],
    [['return 4; 5'], '4'],
    [
      ['a(){ print("a"); return {} } b(){ print("b"); return 1 } a()[b()] = print("c")'],
      'a|b|c -> "c"',
    ],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('errors (5.4)', () => {
  it.each<[string[], string]>([
    [['throw "t"'], 'Error: t @1:1'],
    [['throw {a: 1}'], 'Error: {"a": 1} @1:1'],
    [
      ['try { throw {a: 1} } catch (e) { [e.a, error.message, error.value, ⚠.type] }'],
      '[1, "{\\"a\\": 1}", {"a": 1}, "Error"]',
    ],
    [
      ['try { throw TypeError("x") } catch (e) { [e.type, e.name, e.message] }'],
      '["TypeError", "TypeError", "x"]',
    ],
    [['try { throw new RangeError("x") } catch (e) { e.type }'], '"RangeError"'],
    [
      ['try { try { throw "a" } catch { throw error.message + "b" } } catch { error.message }'],
      '"ab"',
    ],
    [['try { throw "a" } catch (e) { try { throw "b" } catch (g) { } error.message }'], '"a"'],
    [['try_call(() => 5, e => 6)'], '5'],
    [['try_call(() => null.x, e => e.type)'], '"TypeError"'],
    [['try { f2() } catch (e) { [e.line, e.column, e.stack.length] }'], '[1, 7, 1]'],
    [['String(Error("m"))'], '"m"'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});
