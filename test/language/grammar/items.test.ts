// Every production of modules, imports, exports, attributes and macros, as `source → tree`.
import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/language/parser.ts';
import { tree } from '../print-tree.ts';

describe('modules, imports and exports', () => {
  it.each([
    [
      'm{ main(){} x = 1; let y = 2; ιz; }',
      '(main (define main () {}) (= x 1) (let y=2) (mark z))',
    ],
    ['λt{ƒmain(){}}', '(module t (define main () {}))'],
    ['module t { f(){} }', '(module t (define f () {}))'],
    ['λm{}', '(module m)'],
    ['λt v"1.2.0"{}', '(module t v"1.2.0")'],
    ['module t v"1.2.0" {}', '(module t v"1.2.0")'],
    ['λ⬢{ƒ□(σ,t){}}', '(module ⬢ (define □ (t) {}))'],
    [
      'λa{λb{⊢ƒf(){}} export x = 1\n⟑ c::d; ;}',
      '(module a (module b (export (define f () {}))) (export (= x 1)) (import c::d))',
    ],
    ['λt{ƒ f(a); #[feature="x"] ⊢ g(){}}', '(module t (attribute "x" (export (define g () {}))))'],
    ['{ module t {} }', '{(module t)}'],
    ['⟑ a::b', '(import a::b)'],
    ['⇪ a', '(import a)'],
    ['import a as b', '(import a as b)'],
    ['import a v">=1, <2" as b', '(import a v">=1, <2" as b)'],
    ['⟑ a::b::{x, y as z}', '(import a::b (items x y as z))'],
    ['⟑ a::*', '(import a *)'],
    ['⟑ a as q::{x}', '(import a as q (items x))'],
    ['import {x, y as z} from a::b', '(import a::b (items x y as z))'],
    ['import {x} from "a"', '(import "a" (items x))'],
    ['import "a"', '(import "a")'],
    ['import "a" as b', '(import "a" as b)'],
    ['λ⟨a⟩', '(import "a")'],
    ['λ⟨a v"^1"⟩', '(import "a" v"^1")'],
    ['import(1); import.x; import = 2', '(call import 1) (. import x) (= import 2)'],
    ['⊢ f(x){}', '(export (define f (x) {}))'],
    ['export function f(){}', '(export (define f () {}))'],
    ['⊢ƒf(){}', '(export (define f () {}))'],
    ['⊢ιx=1', '(export (mark x=1))'],
    ['export const x = 1', '(export (const x=1))'],
    ['⊢ x = 1', '(export (= x 1))'],
    ['⊢ x', '(export x)'],
    ['export x as y', '(export x as y)'],
    ['⊢ λt{}', '(export (module t))'],
    ['⊢ ⟑ a::x', '(export (import a::x))'],
    ['⊢ ℳ f(a) ⟼ a', '(export (macro f (a) a))'],
    ['export(1); export.x; export = 2', '(call export 1) (. export x) (= export 2)'],
    ['module(1); module = 2', '(call module 1) (= module 2)'],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));

  it.each(['m{ print(1) }', 'λt{ if (a) {} }', 'λt{ a.b = 1 }', 'λt{ x += 1 }', 'λt{ m{} }'])(
    'refuses what is no definition inside a module: %s',
    (source) => {
      const start = source.indexOf('{') + 2;
      expect(parse(source).diagnostics).toMatchObject([
        {
          message: 'Only definitions, imports and variables may stand in a module',
          span: { start },
        },
      ]);
    },
  );
});

describe('attributes and macros', () => {
  it.each([
    ['#[feature="x"] f(){}', '(attribute "x" (define f () {}))'],
    ['#[if(feature="x")]{a}', '(attribute "x" {a})'],
    ['#[if(!feature="x")]\nλt{}', '(attribute not "x" (module t))'],
    ['#[feature="x"]#[feature="y"]{}', '(attribute "x" (attribute "y" {}))'],
    ['ℳ sq(x) ⟼ x * x', '(macro sq (x) (* x x))'],
    ['macro unless(c, b) => if (!c) b', '(macro unless (c b) (if (! c) b))'],
    ['ℳ twice(b) → { b; b }', '(macro twice (b) {b b})'],
    ['ℳ set(x) ⟼ x = 1', '(macro set (x) (= x 1))'],
    ['ℳ stop() ⟼ break', '(macro stop () (break))'],
    ['macro(1); macro = 2', '(call macro 1) (= macro 2)'],
    ['unless(a, { f(); g() })', '(call unless a (block {(call f) (call g)}))'],
    ['repeat(3, {x = 1})', '(call repeat 3 (block {(= x 1)}))'],
    ['in_loop({break})', '(call in_loop (block {(break)}))'],
    [
      'f({}); f({a}); f({a, b}); f({a: 1}); f({"a": 1}); f({1: 2})',
      '(call f (object)) (call f (object "a": a)) (call f (object "a": a "b": b)) (call f (object "a": 1)) (call f (object "a": 1)) (call f (object "1": 2))',
    ],
  ])('%s', (source, expected) => expect(tree(source)).toBe(expected));
});
