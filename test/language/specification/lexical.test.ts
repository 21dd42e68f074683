// Characters and tokens: section 1 of the specification, sentence by sentence.
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../helpers/outcome-text.ts';

describe('characters, lines and comments (1.1, 1.2)', () => {
  it.each<[string[], string]>([
    [['\ufeffx = 1; x'], '1'],
    [['a = 1\nb = 2\na + b'], '3'],
    [['x = 1; x'], '1'],
    [['⚠️'], 'ReferenceError: ⚠ is not defined @1:1'],
    [['/* a \n b */ 3'], '3'],
    [['1 /* never'], 'SyntaxError: Unterminated block comment @1:3 incomplete'],
    [['# comment\n5'], '5'],
    [['5 # comment'], '5'],
    [['#this is comment\n6'], '6'],
    [['typeof #("a")'], '"string"'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('identifiers and keywords (1.3)', () => {
  it.each<[string[], string]>([
    [['αβ = 3; αβ'], '3'],
    [['δ = 4; δ + ω'], 'ReferenceError: ω is not defined @1:12'],
    [['x_1$ = 5; x_1$'], '5'],
    [['ιcount = 3; count'], '3'],
    [['naïve = 2; naïve'], '2'],
    [['π > 3.14'], 'true'],
    [['let if = 3'], "SyntaxError: Expected a name but found 'if' @1:5"],
    [['switch = 3'], "SyntaxError: 'switch' is a reserved word @1:1"],
    [
      [
        'in = 3; of = 4; as = 5; from = 6; async = 7; await = 8; loop = 9; m = 1; v = 2; import = 3; export = 4; module = 5; in + of + as + from + async + await + loop + m + v + import + export + module',
      ],
      '57',
    ],
    [
      ['o = {if: 1, switch: 2, class: 3, new: 4}; [o.if, o.switch, o::class, o.new, o.null]'],
      '[1, 2, 3, 4, null]',
    ],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('literals (1.4)', () => {
  it.each<[string[], string]>([
    [['.5 + 2.5E-1'], '0.75'],
    [['0xFF'], '255'],
    [['1.foo'], 'SyntaxError: Malformed number @1:1'],
    [['1.0.toFixed(2)'], '"1.00"'],
    [['(1).x'], 'null'],
    [['1e3'], '1000'],
    [['1_000'], 'SyntaxError: Malformed number @1:1'],
    [['3px'], 'SyntaxError: Malformed number @1:1'],
    [['"a\\n\\t\\r\\b\\f\\v\\0\\\\\\"\\\'\\/\\x41\\u0042\\u{1F600}".length'], '16'],
    [['"\\d+"'], '"\\\\d+"'],
    [['"\\xZZ"'], 'SyntaxError: Malformed escape sequence @1:2'],
    [['"\\u12"'], 'SyntaxError: Malformed escape sequence @1:2'],
    [['"abc\nd"'], 'SyntaxError: Unterminated string @1:1'],
    [['`a`'], "SyntaxError: Unexpected token '`' (strings are written with \" or ') @1:1"],
    [['undefined = 3'], 'SyntaxError: Invalid assignment target @1:1'],
    [['undefined == null'], 'true'],
    [['[⊤, ⊥]'], '[true, false]'],
    [['/a\\/[/]b/gi'], '/a\\/[/]b/gi'],
    [['x = 8; x / 2 / 2'], '2'],
    [['/a/gg'], "SyntaxError: Invalid regular expression flags 'gg' @1:1"],
    [['/(/'], 'SyntaxError: Invalid regular expression: Unterminated group @1:1'],
    [['dict_set("greeting","hi"); :greeting'], '"hi"'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('statement ends (1.5)', () => {
  it.each<[string[], string]>([
    [['x = 1\n+ 2'], '3'],
    [['x = 1 +\n2; x'], '3'],
    [['x = [1,\n2]\n.length; x'], '2'],
    [['a = 1\n(2)'], '2'],
    [['a = [5]\n[0]'], '[0]'],
    [['x = 3\n++x\nx'], '4'],
    [['x = true\n? 1 : 2\nx'], '1'],
    [['f(x)\n{ return x } f(4)'], '4'],
    [['a = 1 b = 2'], "SyntaxError: Expected ';' or a new line @1:7"],
    [['f(){ return 1 }g(){ return 2 } f() + g()'], '3'],
    [[';;; 3;;'], '3'],
    [['x = 1\n← 2'], 'SyntaxError: Invalid assignment target @1:5'],
    [['x = {a: 1}\n::a'], '1'],
    [['if (1)\n{ 2 }'], '2'],
    [['let a = 1\n, b = 2\na + b'], '3'],
    [['x = 5\n!x'], 'false'],
    [['y = 2 \n=> 3'], "SyntaxError: Unexpected token '=>' @2:1"],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});
