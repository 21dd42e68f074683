// Symbols and their words: section 2 of the specification, row by row.
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../helpers/outcome-text.ts';

describe('syntax symbols and their words (2.1)', () => {
  it.each<[string[], string]>([
    [['λm{ƒx1(){⟼ 2}} m.x1()'], '2'],
    [['m{ f1(){ return 3 } } f1()'], '3'],
    [
      ['f = λ p {⟼ p*2}; g = λ(p,q){⟼ p+q}; h = λ{⟼ 7}; k = λ_{⟼ _}; [f(2), g(1,2), h(), k(9)]'],
      '[4, 3, 7, 9]',
    ],
    [['f = φ(p){⟼ p}; f(3)'], '3'],
    [['φ = 5; φ + 1'], '6'],
    [['ƒ noargs{⟼ 4} noargs()'], '4'],
    [['o = {n: 2, f: ƒ(){⟼ this.n}}; o.f()'], '2'],
    [['ƒf(){⟼(5)} f()'], '5'],
    [['ƒf(){⟼ 5} f()'], '5'],
    [['ƒf(){⟼()} f()'], 'null'],
    [['ƒf(){⟼} f()'], 'null'],
    [['ƒf(){↵ 6} f()'], '6'],
    [['f = p ⟼ p + 1; g = (p,q) ⟼ p*q; h = p → p - 1; [f(1), g(2,3), h(5)]'], '[2, 6, 4]'],
    [['σname = "a"; ξany = 1; βflag = ⊤; [name, any, flag]'], '["a", 1, true]'],
    [['x = 3; ι(x > 2){ 1 } ε { 2 }'], '1'],
    [['x = 1; ι x > 2 { 1 } ε ι(x > 0){ "mid" } ε { 2 }'], '"mid"'],
    [['x = 1; ?(x > 2){ 1 } ε ?(x > 0){ "mid" } else { 2 }'], '"mid"'],
    [['n = 0; ∞{ n++; ι(n == 4){ break } } n'], '4'],
    [['n = 0; loop { n++; if (n == 4) { break } } n'], '4'],
    [['s = 0; @(i=0;i<4;i++){ s += i } s'], '6'],
    [['s = 0; @(x in [1,2,3]){ s += x } s'], '6'],
    [['n = 3; @(n > 0){ n-- } n'], '0'],
    [['÷{ null.x }{ ⚠.type }'], '"TypeError"'],
    [['try { null.x } catch { error.type }'], '"TypeError"'],
    [['error = 5; try { null.x } catch { error }'], '5'],
    [['error'], 'ReferenceError: error is not defined @1:1'],
    [['x ← 4; x'], '4'],
    [['[1 ≠ 2, 1 ≤ 1, 2 ≥ 3]'], '[true, true, false]'],
    [['λt{⊢ƒf(){⟼ 1} ƒg(){⟼ 2}} t.g()'], "ReferenceError: 'g' is private in module 't' @1:28"],
    [['λa{λb{ƒf(){⟼ 1}}} ⟑ a::b::f; f()'], '1'],
    [['λa{ƒf(){⟼ 1}} ⇪ a::f; f()'], '1'],
    [['dict_set("k","v"); :k'], '"v"'],
    [['ℳ sq(x) ⟼ x*x; sq(3)'], '9'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('function symbols (2.2)', () => {
  it.each<[string[], string]>([
    [['⌽ = 3; ⌽'], '3'],
    [['ƒ⌽(x){⟼ "mine"+x} ⌽(1)'], '"mine1"'],
    [['∑([1,2]) + ∏([2,3]) + √(9)'], '12'],
    [['∀([1,2], x → print(x))'], '1|2 -> null'],
    [['c = ∅; ＋(c, 1); c'], '[1]'],
    [['c = [1]; ⊢(c, 2); ⊣(c)'], '2'],
    [['🔢("3") + 1'], '4'],
    [['🔤(3) + "a"'], '"3a"'],
    [['⎋("[1]")'], '[1]'],
    [['⎋.stringify([1])'], '"[1]"'],
    [['🖥()'], '"sandbox"'],
    [['ε("X")'], 'null'],
    [['🌐("X")'], 'null'],
    [['⏰(5)'], 'null'],
    [['📝("a", "b")'], 'true'],
    [['🔄("other")'], 'true'],
    [['🗑("x")'], 'true'],
    [['📖("zz")'], 'PermissionError: File access is not permitted in this session @1:1'],
    [['typeof ⌽'], '"function"'],
    [['o = {}; o.⌽ = 3; o.print'], '3'],
    [['[3,1].∑()'], '4'],
    [['∇.⌽("x")'], 'x -> "x"'],
    [['∇.each([1], x => 1)'], 'null'],
    [['⚯.⟿(1)'], 'channel(1)'],
    [['⚿.#("a") == #("a")'], 'true'],
    [['⟑.🔢("4")'], '4'],
    [['⚠.÷(() => 1/0, e => "caught")'], '"caught"'],
    [['÷(() => 1/0, e => "caught")'], '"caught"'],
    [['⬢()'], 'UnsupportedError: UI is not available in this session @1:1'],
    [['⬢.□(1)'], 'UnsupportedError: UI is not available in this session @1:3'],
    [['□(1)'], 'UnsupportedError: UI is not available in this session @1:1'],
    [['🖱(1)'], 'UnsupportedError: Browser automation is not available in this session @1:1'],
    [
      ['~("x")'],
      'UnsupportedError: Servers and long-lived sockets are not available in this session @1:1',
    ],
    [
      ['⚡.⊲(1)'],
      'UnsupportedError: Servers and long-lived sockets are not available in this session @1:3',
    ],
    [
      ['🔓_fs()'],
      'PermissionError: Capabilities are granted by the configuration of the session, not by programs @1:1',
    ],
    [
      ['📁_allow("/")'],
      'PermissionError: Capabilities are granted by the configuration of the session, not by programs @1:1',
    ],
    [['shell("ls")'], 'PermissionError: Shell commands are not permitted @1:1'],
    [['sh("ls")'], 'PermissionError: Shell commands are not permitted @1:1'],
    [['!("ls")'], "false warns: '!' is logical not; shell commands are not available"],
    [['!"ls"'], "false warns: '!' is logical not; shell commands are not available"],
    [["!'ls' + 1"], "1 warns: '!' is logical not; shell commands are not available"],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('one-letter calls (2.3)', () => {
  it.each<[string[], string]>([
    [['j("[1]")'], '[1]'],
    [['x'], 'ReferenceError: x is not defined @1:1'],
    [['n = 3; n("k")'], 'TypeError: n is not a function @1:8'],
    [['m("k", 5); n("k")'], '5'],
    [['j = x => 9; j("[1]")'], '9'],
    [['f("k")'], 'true'],
    [['s()'], '"sandbox"'],
    [['v("X")'], 'null'],
    [['typeof j'], '"null"'],
    [['f(j){ return j("1") } f(x => x + "!")'], '"1!"'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});
