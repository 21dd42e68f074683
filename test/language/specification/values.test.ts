// Values: section 3 of the specification, sentence by sentence.
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../helpers/outcome-text.ts';

describe('types and numbers (3.1, 3.2)', () => {
  it.each<[string[], string]>([
    [
      [
        '[typeof 1, typeof "a", typeof true, typeof null, typeof [], typeof {}, typeof print, typeof /a/, typeof Error("x"), typeof channel(1), typeof shared("s"), typeof new Date(0)]',
      ],
      '["number", "string", "boolean", "null", "array", "object", "function", "regex", "error", "channel", "shared", "date"]',
    ],
    [['λt{ƒf(){}} typeof t'], '"module"'],
    [['10/4'], '2.5'],
    [['5 % 0'], 'ZeroDivisionError: Division by zero @1:3'],
    [['0/0'], 'ZeroDivisionError: Division by zero @1:2'],
    [['x = 1; x /= 0'], 'ZeroDivisionError: Division by zero @1:10'],
    [['x = 1; x %= 0'], 'ZeroDivisionError: Division by zero @1:10'],
    [['-7 % 3'], '-1'],
    [['2 ** 3 ** 2'], '512'],
    [['-2 ** 2'], '-4'],
    [['1e308 * 10'], 'Infinity'],
    [['-0'], '0'],
    [['0.1 + 0.2'], '0.30000000000000004'],
    [['1e21'], '1e+21'],
    [['1 & 2'], "SyntaxError: Unexpected token '&' (use && / ||) @1:3"],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('strings, arrays and objects (3.3, 3.4)', () => {
  it.each<[string[], string]>([
    [['"abc"[1]'], '"b"'],
    [['"abc"[5]'], 'null'],
    [['"abc"[-1]'], 'null'],
    [['"abc".len + "abc".length + len("abc")'], '9'],
    [['s = "abc"; s[0] = "x"'], 'TypeError: Strings cannot be changed @1:14'],
    [['a = [1,2]; [a[5], a[-1], a[0.5]]'], '[null, null, null]'],
    [['a = [1]; a[1] = 2; a[3] = 4; a'], '[1, 2, null, 4]'],
    [['a = [1]; a[-1] = 2'], 'RangeError: Invalid array index -1 @1:12'],
    [['a = [1]; a[0.5] = 2'], 'RangeError: Invalid array index 0.5 @1:12'],
    [['a = [1]; a[4294967295] = 2'], 'RangeError: Invalid array index 4294967295 @1:12'],
    [['a = [1]; a.length = 0'], "TypeError: Cannot set property 'length' of array @1:12"],
    [['a = [1]; a.len = 0'], "TypeError: Cannot set property 'len' of array @1:12"],
    [['o = {b: 1, 2: 3, a: 4}; keys(o)'], '["b", "2", "a"]'],
    [['o = {}; o[1] = "x"; o[true] = "y"; o'], '{"1": "x", "true": "y"}'],
    [['o = {}; o.zzz'], 'null'],
    [['o = {}; o.__proto__ = 5; [o.__proto__, o.constructor]'], '[5, null]'],
    [
      ['a = [1,2,3,4]; [a[1:3], a[:2], a[2:], a[:], a[-2:], a[1.9:], a[9:]]'],
      '[[2, 3], [1, 2], [3, 4], [1, 2, 3, 4], [3, 4], [2, 3, 4], []]',
    ],
    [['"hello"[1:3]'], '"el"'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('members (3.5)', () => {
  it.each<[string[], string]>([
    [['null.x'], "TypeError: Cannot read property 'x' of null @1:6"],
    [['x = null; x.y = 1'], "TypeError: Cannot set property 'y' of null @1:13"],
    [['x = null; x[0]'], "TypeError: Cannot read property '0' of null @1:13"],
    [['x = 5; x.y = 1'], "TypeError: Cannot set property 'y' of number @1:10"],
    [['x = 5; x()'], 'TypeError: x is not a function @1:8'],
    [['e = Error("a"); e.message = "b"; e.message'], '"b"'],
    [['e = Error("a"); e.type = "b"'], "TypeError: Cannot set property 'type' of error @1:19"],
    [['o = {length: 7}; o.length'], '7'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('the empty collection (3.6)', () => {
  it.each<[string[], string]>([
    [['c = ∅; [typeof c, c.length, c]'], '["array", 0, []]'],
    [['c = ∅; c["k"] = 1; [c, typeof c]'], '[{"k": 1}, "object"]'],
    [['c = ∅; c.k = 1; c'], '{"k": 1}'],
    [['c = ∅; c[0] = 1; c'], '[1]'],
    [['c = ∅; c.unshift(4); c'], '[4]'],
    [['c = ∅; d = c; c.push(1); d'], '[1]'],
    [['f(){ return ∅ } a = f(); a.push(1); f()'], '[]'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('truth, equality and order (3.7, 3.8)', () => {
  it.each<[string[], string]>([
    [
      ['[!!false, !!0, !!NaN, !!"", !!null, !![], !!{}, !!"0"]'],
      "[false, false, false, false, false, true, true, true] warns: '!' is logical not; shell commands are not available warns: '!' is logical not; shell commands are not available",
    ],
    [['[0 || "a", 1 && "b", null || 0, "" && 1]'], '["a", "b", 0, ""]'],
    [['[1 == "1", NaN == NaN, null == undefined, true == 1]'], '[false, false, true, false]'],
    [
      ['[[1,[2]] == [1,[2]], {a:1,b:2} == {b:2,a:1}, [1] === [1], {} == []]'],
      '[true, true, false, false]',
    ],
    [['a = []; a.push(a); b = []; b.push(b); a == b'], 'true'],
    [['print == print'], 'true'],
    [['["a" < "b", "a" < "B", 1 < true, 1 < "2", "2" > 1]'], '[true, false, false, true, true]'],
    [['"a" < 1'], "TypeError: Unsupported operand types for <: 'string' and 'number' @1:5"],
    [['null < 1'], "TypeError: Unsupported operand types for <: 'null' and 'number' @1:6"],
    [['[1] < [2]'], "TypeError: Unsupported operand types for <: 'array' and 'array' @1:5"],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});

describe('arithmetic conversion and display (3.9, 3.10)', () => {
  it.each<[string[], string]>([
    [
      ['[42 + "100", "42" + 100, 42 + "abc", 1 + ": ", true + 1, "a" + null, "a" + [1]]'],
      '[142, "42100", "42abc", "1: ", 2, "anull", "a[1]"]',
    ],
    [['[] + []'], "TypeError: Unsupported operand types for +: 'array' and 'array' @1:4"],
    [['null - 1'], "TypeError: Unsupported operand types for -: 'null' and 'number' @1:6"],
    [['["5" - 1, "2" * "3", true * 2, -"3", +"4", +true, " 7 " - 0]'], '[4, 6, 2, -3, 4, 1, 7]'],
    [['"abc" - 1'], "TypeError: Unsupported operand types for -: 'string' and 'number' @1:7"],
    [['-"a"'], "TypeError: Unsupported operand type for -: 'string' @1:1"],
    [['"" - 1'], "TypeError: Unsupported operand types for -: 'string' and 'number' @1:4"],
    [['1 + " 2e1 "'], '21'],
    [['1 + "0x10"'], '"10x10"'],
    [
      [
        'f(a,b){} [String(f), String(x => x), String(print), String(/a/g), String(Error("m")), String(new Date(0)), String(channel(2))]',
      ],
      '["function f(a, b)", "function (x)", "function print(...)", "/a/g", "m", "1970-01-01T00:00:00.000Z", "channel(2)"]',
    ],
    [['λt{ƒf(){}} String(t)'], '"module t"'],
    [['a = [1]; a.push(a); String(a)'], '"[1, [...]]"'],
    [['o = {}; o.o = o; String(o)'], '"{\\"o\\": {...}}"'],
    [['String([[], {}, "q\\"", null])'], '"[[], {}, \\"q\\\\\\"\\", null]"'],
  ])('%j does what is said', (units, outcome) => {
    expect(outcomeText(units)).toBe(outcome);
  });
});
