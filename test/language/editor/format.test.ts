// The formatter: what canonical text looks like, and that it never changes a program or loses a comment.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { format } from '#language';
import { formatProblem } from '../fuzz/format-problem.ts';

/** The formatted text; throws if the source has errors. */
function formatted(source: string, spelling: 'ascii' | 'symbolic' = 'ascii'): string {
  const { text, diagnostics } = format(source, { spelling });
  if (text === null) throw new Error(diagnostics[0]?.message);
  return text;
}

describe('canonical text', () => {
  it('has a statement per line, two blanks of indentation, and semicolons', () => {
    expect(formatted('m{main(){x=1;if(x>0){print("a")}else if(x<0)return;else{y()}}}')).toBe(
      `m {
  main() {
    x = 1;
    if (x > 0) {
      print("a");
    } else if (x < 0) return;
    else {
      y();
    }
  }
}
`,
    );
  });

  it.each([
    ['λm{⊢ƒf(a){⟼(a)}}', 'module m {\n  export f(a) {\n    return a;\n  }\n}\n'],
    ['f(x)=x+1', 'f(x) = x + 1;\n'],
    ['ιn=1; σs, b="x"', 'ι n = 1;\nσ s, b = "x";\n'],
    ['÷{a()}{⌽ ⚠.message, 1}', 'try {\n  a();\n} catch {\n  print(⚠.message, 1);\n}\n'],
    ['∞{break}', 'while (true) {\n  break;\n}\n'],
    ['@(x in xs){⌽(x)}', 'for (x in xs) {\n  print(x);\n}\n'],
    ['⟑ a::b as c::{x, y as z}; λ⟨t⟩', 'import a::b as c::{x, y as z};\nimport "t";\n'],
    ['ℳ w(c,b) ⟼ while(c) b', 'macro w(c, b) => while (c) b;\n'],
    ['#[if(feature="x")] a()', '#[feature="x"]\na();\n'],
    ["x='a'; y='\"'; z=0xFF+.5", 'x = "a";\ny = \'"\';\nz = 0xFF + .5;\n'],
    ['ƒ g(a, ιb);', 'function g(a, ιb);\n'],
    [';;a;;', 'a;\n'],
    ['', ''],
  ])('writes %s in words', (source, text) => {
    expect(formatted(source)).toBe(text);
  });

  it('writes symbols instead, if asked', () => {
    const source =
      'module m { export f(a) { if (a != 1) { return true } else { print(a <= 2) } } } import m::f; while (x) { try { y() } catch { z = p => sum(p) } }';
    expect(formatted(source, 'symbolic')).toBe(
      `λm {
  ⊢ ƒf(a) {
    ι(a ≠ 1) {
      ⟼ ⊤;
    } ε {
      ⌽(a ≤ 2);
    }
  }
}
⟑ m::f;
@(x) {
  ÷ {
    y();
  } {
    z = p → ∑(p);
  }
}
`,
    );
  });

  it('breaks what is longer than 100 columns behind operators, commas and brackets', () => {
    const name = 'a'.repeat(29);
    expect(
      formatted(`x = ${name} + ${name} * ${name} - ${name}; f(${name}, ${name}, ${name}, 1)`),
    ).toBe(`x = ${name} +
  ${name} * ${name} -
  ${name};
f(${name}, ${name}, ${name}, 1);
`);
    expect(formatted(`f(${name}, ${name}, ${name}, 1, 2, 3)`)).toBe(
      `f(\n  ${name},\n  ${name},\n  ${name},\n  1,\n  2,\n  3\n);\n`,
    );
    expect(formatted(`each(xs, x => { y(x) })`)).toBe('each(xs, x => {\n  y(x);\n});\n');
  });

  it('keeps an object spread out whose first key is on a line of its own', () => {
    expect(formatted('x = {a: 1,\nb: 2}')).toBe('x = {a: 1, b: 2};\n');
    expect(formatted('x = {\na: 1, b: 2}')).toBe('x = {\n  a: 1,\n  b: 2\n};\n');
  });

  it('keeps one blank line where there were some', () => {
    expect(formatted('\n\na\n\n\n\nb\nc\n\n')).toBe('a;\n\nb;\nc;\n');
  });
});

describe('parentheses', () => {
  it.each([
    '(a + b) * c;',
    'a - (b - c);',
    '(-a) ** b;',
    'a ** b ** c;',
    '(a ** b) ** c;',
    '-a ** b;',
    '- -a;',
    '-(a + b);',
    '(a ? b : c) ? d : e;',
    'a ? b : c ? d : e;',
    'x = y = 1;',
    'f(x ← 1);',
    '(x ← 1) + 1;',
    '(x => x)(1);',
    '({}).a;',
    '({a});',
    '{a: 1}.a;',
    'f = () => ({});',
    'f = () => {a: 1};',
    'f() = ({a});',
    '(1).x;',
    '1.5.x;',
    'a[(:b)];',
    'a[:b];',
    'a[:];',
    'a[x: :y];',
    'a[: ::y];',
    '(/x/).test(y);',
    'x = /x/.test(y);',
    '(function g() {}).x;',
    '(?(a) {\n  1;\n} else {\n  2;\n}).x;',
    'if (a) ({b: 1});',
    'if (a) (/x/).test(b);',
    '(φ)(1);',
    '(ε)(1);',
    '(await)(1);',
    '(🎤)(1);',
    'typeof (a + b);',
    '!(a && b);',
    '(a == b) < c;',
    'a == (b == c);',
  ])('stand in %s and nowhere else', (source) => {
    expect(formatted(source)).toBe(`${source}\n`);
    expect(formatProblem(source)).toBeNull();
  });

  it.each([
    ['((a) + (b))', 'a + b;'],
    ['return ((a))', 'return a;'],
    ['if ((a) = (b)) {}', 'if (a == b) {}'],
    ['(a).b', 'a.b;'],
    ['f((a), (b => c))', 'f(a, b => c);'],
    ['((a * b) + c)', 'a * b + c;'],
  ])('go from %s', (source, text) => {
    expect(formatted(source)).toBe(`${text}\n`);
  });
});

describe('comments', () => {
  it('stay where they are', () => {
    const text = `// head

/// what f does
/// and how
f(a /* the a */, b) { // opens
  // inside
  return a + b; // sum

  // end
}
/* one */ x = [
  1, // first
  // own line
  2 /* two */
]; // behind
y = a && // first
  b;
// tail
`;
    expect(formatted(text)).toBe(text);
  });

  it.each([
    ['x /* a */ = /* b */ 1', 'x = /* a */ /* b */ 1;\n'],
    ['if (a // c\n) { b }', 'if (a) { // c\n  b;\n}\n'],
    ['{ // c\n}', '{ // c\n}\n'],
    ['{ /* c */ }', '{\n  /* c */\n}\n'],
    ['f(/* none */)', 'f(/* none */);\n'],
    ['a /* c */; b', 'a; /* c */\nb;\n'],
    ['x = // c\n 1 // d', 'x = 1; // c\n// d\n'],
    ['a # c', 'a; # c\n'],
    ['/* a\n   b */ x', '/* a\n   b */\nx;\n'],
    ['a; // b  \n;', 'a; // b\n'],
    ['if (// a\nb) { // c\n}', 'if (b) { // a\n  // c\n}\n'],
    ['σ// a\n// b\nx', 'σ x; // a\n// b\n'],
  ])('have a place wherever they stand: %s', (source, text) => {
    expect(formatted(source)).toBe(text);
    expect(formatProblem(source)).toBeNull();
  });
});

describe('what looks alike', () => {
  it('is told apart', () => {
    for (const source of [
      'if (a) {};\nε = 1',
      'if (a) {}\n;ε => 1',
      'f({;})',
      'f({("x").y})',
      'ƒ⌽(x){⌽(x)}',
      'ƒφ(x){x}',
      'ƒε{1}',
      'ι f = function g(a){1}',
      'ι x = a ? {b: 1} : c',
      'x => { return 1 }',
      '#[feature="x"] (/a/).b',
      'import "a b" as c; λ⟨a v"1"⟩; import {x} from "f"',
      'export a as b; ⊢ ƒ f();',
      'for (σ x of [1]) ;',
      'while (a);',
      'try {} finally {}',
      'x.if.⊤.⌽.ι',
      '{"a": 1, 2: 3, if: 4, ⌽: 5, ⚠: 6}',
      '~(x); #(x); #f(x); ?(x)',
      '⟑.🔢("1"); ⚠.÷(f, g)',
      'return () => 1',
      '{⟼ :k}',
      'x => {⟼ :k}',
      'f({throw (:k)})',
      '{(typeof (:k)).a}',
      'for (x of (/a/)) {}',
      'for ε in x {}',
      'for (φ of of) {}',
    ]) {
      expect([source, formatProblem(source)]).toEqual([source, null]);
    }
  });
});

describe('the golden programs', () => {
  const folder = join(import.meta.dirname, '../../programs');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.ai'))
    .map((entry) => join(entry.parentPath, entry.name));

  it('keep their trees and comments in both spellings, and are formatted once and for all', () => {
    let formattedCount = 0;
    for (const file of files) {
      for (const unit of readFileSync(file, 'utf8').split('// --- next unit\n')) {
        if (format(unit).text !== null) formattedCount++;
        expect([file, formatProblem(unit)]).toEqual([file, null]);
      }
    }
    expect(formattedCount).toBeGreaterThan(200);
  });
});

describe('a source with errors', () => {
  it('is not formatted but explained', () => {
    const { text, diagnostics } = format('a = ; b');
    expect(text).toBeNull();
    expect(diagnostics?.[0]).toMatchObject({
      message: "Unexpected token ';'",
      span: { start: 4, end: 5 },
    });
  });
});
