import { describe, expect, it } from 'vitest';
import { truthy } from '../../src/language/runtime/convert.ts';
import {
  add,
  divide,
  greaterOrEqual,
  lessThan,
  multiply,
  negate,
  plus,
  power,
  remainder,
  subtract,
} from '../../src/language/runtime/operators.ts';
import { ObjectValue, UndecidedValue } from '../../src/language/runtime/value.ts';
import { raised } from '../helpers/builtin-context.ts';

describe('adding', () => {
  it('adds numbers, and a number on the left to a numeric string', () => {
    expect(add(1, 2)).toBe(3);
    expect(add(42, '100')).toBe(142);
    expect(add(1, ' 2.5e1 ')).toBe(26);
  });

  it('concatenates when a string is on either side otherwise', () => {
    expect(add('n=', 5)).toBe('n=5');
    expect(add(1, ': ')).toBe('1: ');
    expect(add('100', 42)).toBe('10042');
    expect(add(42, 'hello')).toBe('42hello');
    expect(add(1, '')).toBe('1');
    expect(add(true, '1')).toBe('true1');
    expect(add([1], 'x')).toBe('[1]x');
    expect(add('', null)).toBe('null');
  });

  it('counts a boolean beside a number as 1 or 0', () => {
    expect(add(1, true)).toBe(2);
    expect(add(false, 4)).toBe(4);
  });

  it('refuses everything else and names both types', () => {
    expect(raised(() => add([1], [2]))).toBe(
      "TypeError: Unsupported operand types for +: 'array' and 'array'",
    );
    expect(raised(() => add(null, 1))).toBe(
      "TypeError: Unsupported operand types for +: 'null' and 'number'",
    );
    expect(raised(() => add(new UndecidedValue(), 1))).toContain("'array' and 'number'");
  });
});

describe('arithmetic', () => {
  it('converts booleans and numeric strings', () => {
    expect(subtract('5', 2)).toBe(3);
    expect(multiply(true, '4')).toBe(4);
    expect(divide('10', 4)).toBe(2.5);
    expect(power(2, '3')).toBe(8);
    expect(negate('1.5')).toBe(-1.5);
    expect(plus('+7')).toBe(7);
  });

  it('raises ZeroDivisionError for every division by zero', () => {
    for (const zero of [0, -0, '0', false]) {
      expect(raised(() => divide(1, zero))).toBe('ZeroDivisionError: Division by zero');
      expect(raised(() => remainder(0, zero))).toBe('ZeroDivisionError: Division by zero');
    }
  });

  it('gives the remainder the sign of the left operand', () => {
    expect(remainder(-7, 3)).toBe(-1);
    expect(remainder(7, -3)).toBe(1);
  });

  it('refuses other operands', () => {
    expect(raised(() => subtract(null, 1))).toBe(
      "TypeError: Unsupported operand types for -: 'null' and 'number'",
    );
    expect(raised(() => multiply('x', 1))).toContain("for *: 'string' and 'number'");
    expect(raised(() => multiply('5.', 1))).toContain("for *: 'string' and 'number'");
    expect(raised(() => negate(null))).toBe("TypeError: Unsupported operand type for -: 'null'");
  });
});

describe('order', () => {
  it('holds between numbers, between strings, and between a number and what converts to one', () => {
    expect(lessThan(1, 2)).toBe(true);
    expect(lessThan('a', 'b')).toBe(true);
    expect(lessThan('10', '9')).toBe(true);
    expect(lessThan('10', 9)).toBe(false);
    expect(greaterOrEqual(1, true)).toBe(true);
    expect(lessThan(Number.NaN, 1)).toBe(false);
  });

  it('exists between nothing else', () => {
    expect(raised(() => lessThan([1], 2))).toBe(
      "TypeError: Unsupported operand types for <: 'array' and 'number'",
    );
    expect(raised(() => lessThan(null, null))).toContain('TypeError');
    expect(raised(() => lessThan('x', 1))).toContain('TypeError');
    expect(raised(() => lessThan(true, false))).toContain('TypeError');
  });
});

describe('truth', () => {
  it('is denied to false, 0, NaN, "" and null only', () => {
    for (const value of [false, 0, -0, Number.NaN, '', null]) expect(truthy(value)).toBe(false);
    for (const value of [true, 1, '0', [], new ObjectValue(), new UndecidedValue()]) {
      expect(truthy(value)).toBe(true);
    }
  });
});
