// Sessions, dictionaries and memory: sections 7 and 8 of the specification.
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../helpers/outcome-text.ts';

describe('results and main (7.1 to 7.3)', () => {
  it.each<[string[], string]>([
    [['x = 5'], '5'],
    [['let x = 7'], '7'],
    [['f(){ }'], 'null'],
    [['λt{}'], 'null'],
    [['if (true) { 3 }'], '3'],
    [['if (false) { 3 }'], 'null'],
    [['for (i = 0; i < 3; i++) { i * 2 }'], '4'],
    [['while (false) { 1 }'], 'null'],
    [['try { 4 } catch { 5 }'], '4'],
    [['let x = 10; print(x);'], '10 -> 10'],
    [['print()'], ' -> null'],
    [['print(1, 2)'], '1 2 -> "1 2"'],
    [['main(){ return 3 }'], '3'],
    [['main(x){ return 3 }'], 'null'],
    [['m{ main(){ return 4 } }'], '4'],
    [['λa{ ƒmain(){⟼ 1} } λb{ ƒmain(){⟼ 2} }'], '2'],
    [['λa{ ƒmain(){⟼ 1} } main(){ return 9 }'], '9'],
    [['main(){ print("once"); return 1 } main()'], 'once -> 1'],
    [['main(){ return 3 }', '5'], '5'],
    [['main(){ return 3 }', 'main()'], '3'],
    [['return 1; main(){ return 2 }'], '1'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('incomplete input (7.4)', () => {
  it.each<[string[], string]>([
    [['f('], 'SyntaxError: Unexpected end of input @1:3 incomplete'],
    [['a = [1,'], 'SyntaxError: Unexpected end of input @1:8 incomplete'],
    [['f(){'], 'SyntaxError: Unexpected end of input @1:5 incomplete'],
    [['1 +'], 'SyntaxError: Unexpected end of input @1:4 incomplete'],
    [['a ='], 'SyntaxError: Unexpected end of input @1:4 incomplete'],
    [['/* x'], 'SyntaxError: Unterminated block comment @1:1 incomplete'],
    [['"abc'], 'SyntaxError: Unterminated string @1:1'],
    [[')'], "SyntaxError: Unexpected token ')' @1:1"],
    [['f(a;'], "SyntaxError: Expected ')' but found ';' @1:4"],
    [['a = 1; )', 'a'], 'ReferenceError: a is not defined @1:1'],
    [['a = 1; null.x; b = 2', 'a'], '1'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('dictionary, formatting and memory (8)', () => {
  it.each<[string[], string]>([
    [[':nokey'], "ReferenceError: String key 'nokey' not found in dictionary @1:1"],
    [['dict_set("k", [1, "a"]); :k'], '"[1, \\"a\\"]"'],
    [['print("{} {} {}", 1, 2)'], '1 2 {} -> "1 2 {}"'],
    [['print("{}", 1, 2)'], '1 2 -> "1 2"'],
    [['print("{}")'], '{} -> "{}"'],
    [['format("{} {}", 1)'], 'RangeError: Not enough arguments for string formatting @1:1'],
    [['dict_set("t", "a {} b"); print(:t, 5)'], 'a 5 b -> "a 5 b"'],
    [['dict_set("t", "a {} b"); :t(5)'], 'TypeError: :t is not a function @1:26'],
    [['remember("k", {a: 1}); recall("k").a'], '1'],
    [['remember("k", 1); forget("k"); recall("k")'], 'null'],
    [['Error("a")'], 'a'],
    [['assert(1 > 2)'], 'Error: Assertion failed @1:1'],
    [['typeof undefinedname'], '"null"'],
    [['f = x => x; f.name'], 'null'],
    [['parse_json("{")'], 'ParseError: Invalid JSON at line 1 column 2: unexpected end @1:1'],
    [['args'], '[]'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});
