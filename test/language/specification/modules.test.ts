// Modules in a session: section 6 of the specification.
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../helpers/outcome-text.ts';

describe('modules, imports and versions (6.1 to 6.6)', () => {
  it.each<[string[], string]>([
    [['m{ x = 1; let y = 2; ιz = 3; ; f(){ return x+y+z } } f()'], '6'],
    [['λt v"1.2"{ƒf(){⟼ 1}} ⟑ t v"^1.0" as q; q.f()'], '1'],
    [
      [
        'module t { export f(){ return 1 } export g() = 2; export x = 3; export let y = 4; export module u { h() = 5 } k = 6; export k as kk } [t.f(), t.g(), t.x, t.y, t.u.h(), t.kk]',
      ],
      '[1, 2, 3, 4, 5, 6]',
    ],
    [
      ['module t { k = 6; export k as kk } t.k'],
      "ReferenceError: 'k' is private in module 't' @1:38",
    ],
    [['λt{ ⊢ ιx=1; ⊢ x2 = 2; ƒp(){⟼ 3} } [t.x, t::x2]'], '[1, 2]'],
    [['λa{λb{x=1}} ⟑ a::b::{x as y}; y'], '1'],
    [['λa{x=1;y=2} import {x, y as z} from a; [x, z]'], '[1, 2]'],
    [['λa{x=1} ⟑ a as q; q.x'], '1'],
    [['λa{x=1;y=2} ⟑ a::*; x + y'], '3'],
    [['λa{x=1;y=2} ⟑ a as q::{x}; [x, q.y]'], '[1, 2]'],
    [['λa{x=1} ⟑ a::zz'], "ImportError: 'zz' not found in module 'a' @1:9"],
    [['⟑ nomod::zz'], "ImportError: Module 'nomod' not found @1:1"],
    [['λa{x=1} λb{ ⊢ ⟑ a::x } b.x'], '1'],
    [['λa{x=1} a.q'], "ReferenceError: 'q' is not defined in module 'a' @1:11"],
    [['λa{x=1} a::q'], "ReferenceError: 'q' is not defined in module 'a' @1:12"],
    [['λa{x=1} λa{y=2} a.x'], "ReferenceError: 'x' is not defined in module 'a' @1:19"],
    [['λa v"1.2.3"{} ⟑ a v"1.2.3" as b; typeof b'], '"module"'],
    [['λa v"1.2.3"{} ⟑ a v">=1.0, <2" as b; typeof b'], '"module"'],
    [['λa v"1.2.3"{} ⟑ a v"~1.2.0" as b; typeof b'], '"module"'],
    [
      ['λa v"1.2.3"{} ⟑ a v"~1.3.0" as b'],
      "ImportError: Module 'a' is version 1.2.3, '~1.3.0' is wanted @1:15",
    ],
    [
      ['λa v"0.2.3"{} ⟑ a v"^0.1" as b'],
      "ImportError: Module 'a' is version 0.2.3, '^0.1' is wanted @1:15",
    ],
    [['λa{} ⟑ a v"1" as b'], "ImportError: Module 'a' has no version, '1' is wanted @1:6"],
    [['λt{ ƒf(){⟼ g()} ƒg(){⟼ h} h = 3 } t.f()'], '3'],
    [['λt{ f(){ return outer } } outer = 4; t.f()'], '4'],
    [['λt{ count = 0; ƒinc(){ ::count = count + 1; ⟼ count } } t.inc(); t.inc(); t.count'], '2'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});
