// The three spellings are one grammar: what means the same has the same tree.
import { expect, it } from 'vitest';
import { functionSymbols } from '../../../src/language/symbols.ts';
import { tree } from '../print-tree.ts';

it.each([
  ['x = 1', 'x ← 1'],
  ['a != b && a <= c || a >= d', 'a ≠ b && a ≤ c || a ≥ d'],
  ['x = true; y = false', 'x = ⊤; y = ⊥'],
  ['return 1', '⟼(1)', '⟼ 1', '↵ 1'],
  ['return', '⟼', '⟼()', '↵'],
  ['print(1, x)', '⌽(1, x)', '⌽ 1, x'],
  ['if (c) { a } else { b }', 'ι(c){a}ε{b}', '?(c){a}else{b}', 'ι c {a} ε {b}'],
  ['if (c) {a} else if (d) {b}', 'ι(c){a}ε ι(d){b}', '?(c){a} else ?(d){b}'],
  ['while (true) { a }', 'loop { a }', '∞{a}'],
  ['while (c) { a }', '@(c){a}', 'while c {a}'],
  ['for (i = 0; i < 3; i++) {a}', '@(i=0;i<3;i++){a}', '@(i←0;i<3;i++){a}'],
  ['for (x in xs) {a}', '@(x in xs){a}', 'for x in xs {a}'],
  ['try {a} catch {b}', '÷{a}{b}'],
  ['f(a){ return a }', 'ƒ f(a){ ⟼(a) }', 'function f(a){ ↵ a }'],
  ['f(x) = x + 1', 'ƒf(x) ⟼ x + 1', 'ιf(x) ⟼ x + 1', 'f(x){ return x + 1 }'],
  ['x = (a) => a', 'x = a => a', 'x = a → a', 'x = a ⟼ a', 'x = (a) ⟼ a'],
  ['x = (a) => { b }', 'x = φ(a){b}', 'x = λ a {b}', 'x = λ(a){b}'],
  ['module t { f(){} }', 'λt{ƒf{}}'],
  ['import "a"', 'λ⟨a⟩'],
  ['import a::{x}', '⟑ a::{x}', '⇪ a::{x}', 'import {x} from a'],
  ['export f(){}', '⊢ƒf(){}'],
  ['macro f(a) => a', 'ℳ f(a) ⟼ a'],
  ['x = [add(c, 1), sum(c), pop(c), push(c, 1)]', 'x = [＋(c, 1), ∑(c), ⊣(c), ⊢(c, 1)]'],
  ['x = exists(p)', 'x = ?(p)'],
  ['x = hash(s) + hash_file(p)', 'x = #(s) + #f(p)'],
  ['x = env("A")', 'x = ε("A")', 'x = 🌐("A")'],
  ['try_call(f, g)', '÷(f, g)', '⚠.÷(f, g)'],
  ['x = 1 // one', 'x = 1 # one', 'x = 1 /* one */'],
  [
    'fact(n){ if (n <= 1) { return 1 } return n * fact(n - 1) }',
    'ƒfact(n){ι(n≤1){⟼(1)}⟼(n*fact(n-1))}',
    'fact(n)={ ?(n<=1){↵ 1} ↵ n*fact(n-1) }',
  ],
])('%s', (first, ...others) => {
  const expected = tree(first ?? '');
  for (const other of others) expect(tree(other)).toBe(expected);
});

it('reads every function symbol as its ASCII name', () => {
  for (const [symbol, name] of functionSymbols) {
    expect(tree(`${symbol}(a); x = ${symbol}`)).toBe(tree(`${name}(a); x = ${name}`));
  }
});
