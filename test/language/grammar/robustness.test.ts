// Whatever the text: the parser ends, never throws, and its trees are safe to walk.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestingMax } from '../../../src/language/grammar/cursor.ts';
import { ItemParser } from '../../../src/language/grammar/item-parser.ts';
import { treeDepthMax } from '../../../src/language/grammar/tree-depth.ts';
import { lex } from '../../../src/language/lexer.ts';
import { parse } from '../../../src/language/parser.ts';
import { functionSymbols, syntaxSymbols } from '../../../src/language/symbols.ts';
import { keywords, reservedWords } from '../../../src/language/token.ts';
import { printTree } from '../print-tree.ts';

const fragments = [
  ...keywords,
  ...reservedWords,
  ...functionSymbols.keys(),
  ...syntaxSymbols.keys(),
  ...'( ) [ ] { } ; , . : :: ? @ + - * / % ** < > = == => += ++ -- ! && || & # #( #f( ~ `'.split(
    ' ',
  ),
  ...[
    'a',
    'b',
    'm',
    'v"1"',
    'in',
    'of',
    'as',
    'from',
    'import',
    'export',
    'module',
    'async',
    'await',
  ],
  ...[
    '1',
    '.5',
    '1.',
    '"s"',
    "'",
    '"',
    '/a/',
    '/*',
    '*/',
    '//',
    '#[feature="x"]',
    '#[if(',
    'f(a){',
    ':a',
  ],
  ...['\n', ' ', '\ufe0f', '\ufeff', '\ud800', '😀', 'loop{', 'λ a {', '?(a){', '(a) =>'],
];
const soup = fc
  .array(fc.constantFrom(...fragments), { maxLength: 40 })
  .chain((parts) => fc.constantFrom(' ', '').map((blank) => parts.join(blank)));

const programs = [
  'm{ main(){ x = [1, 2]; for(i=0;i<x.len;i++){ if (x[i] > 1) { print("a" + i) } else return {a: 1} } } }',
  'λt{⊢ƒf(σ,a){÷{⟼(a/0)}{⌽ ⚠.message, :key}} ιg(x) ⟼ x→{x} ⟑ a::{b as c}}',
  'f(x)={ ?(x<=1){return 1} return ?(x){1}else{2} }\n@(x in xs){ι x = 0 {break}} each(xs, λ y {y}); a ? b : c[1:2]',
  'ℳ w(c, b) ⟼ while(c) b\nw(a, {x = 1})\n#[if(!feature="x")] λ⟨a v"1"⟩',
];
const mutant = fc
  .tuple(fc.constantFrom(...programs), fc.nat(), fc.nat(12), fc.constantFrom('', ...fragments))
  .map(([source, at, length, inserted]) => {
    const start = at % source.length;
    return source.slice(0, start) + inserted + source.slice(start + length);
  });

describe('any text', () => {
  it.each([
    ['random characters', fc.string({ unit: 'binary', maxLength: 60 })],
    ['token soup', soup],
    ['mutated programs', mutant],
  ])('is parsed without a throw, with every place inside the source: %s', (_, sources) => {
    fc.assert(
      fc.property(sources, (source) => {
        const { program, diagnostics } = parse(source);
        printTree(program);
        for (const { start, end } of spansIn(program)) expectInside(source, start, end);
        for (const { span } of diagnostics) expectInside(source, span.start, span.end);
        const starts = diagnostics.map(({ span }) => span.start);
        expect(starts).toEqual(starts.toSorted((a, b) => a - b));
      }),
      { numRuns: 3000 },
    );
  });

  it('is cut into tokens that follow one another and leave out only blanks and comments', () => {
    fc.assert(
      fc.property(soup, (source) => {
        const { tokens, comments } = lex(source);
        const pieces = [...tokens, ...comments].sort((a, b) => a.start - b.start || a.end - b.end);
        let at = 0;
        for (const { start, end } of pieces) {
          expect(source.slice(at, start)).toMatch(/^[\s\ufeff]*$/);
          at = end;
        }
        expect(at).toBe(source.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('deep nesting', () => {
  it.each([
    ['(', 'a', ')'],
    ['[', '', ']'],
    ['{', '', ' }'],
    ['x = {a: ', '1', '}'],
    ['f(', 'a', ')'],
    ['f(() => {', '', '})'],
    ['a[', '0', ']'],
    ['- ', 'a', ''],
    ['!(', 'a', ')'],
    ['await ', 'a', ''],
    ['a = ', 'a', ''],
    ['a ** ', 'a', ''],
    ['a ? b : ', 'c', ''],
    ['a ? ', 'b', ' : c'],
    ['x => ', 'x', ''],
    ['(a = ', '1', ') => a'],
    ['if (a) ', 'b', ''],
    ['if (a) {', '', '}'],
    ['if (a) {} else {', '', '}'],
    ['for (;;) ', 'a', ''],
    ['try {', '', '} catch {}'],
    ['÷{', '', '}{}'],
    ['λm{ƒf(){', '', '}}'],
    ['x = ?(a){', '1', '}else{1}'],
    ['#[feature="x"]', ';', ''],
    ['a || b && c == d < e + f * (', 'a', ')'],
    ['f({f();', '', '})'],
  ])('of %s%s%s is an error, not a crash', (open, inner, close) => {
    const nested = (depth: number) => open.repeat(depth) + inner + close.repeat(depth);
    expect(parse(nested(nestingMax / 5)).diagnostics).toEqual([]);
    for (const depth of [nestingMax + 1, 20_000]) {
      const { program, diagnostics } = parse(nested(depth));
      expect(diagnostics.map(({ message }) => message)).toEqual(['Nesting is too deep']);
      printTree(program);
    }
  });

  it.each([
    ['a + ', 'a'],
    ['a && ', 'a'],
    ['a.', 'a'],
    ['a::', 'a'],
    ['(0)', ''],
    ['[0]', ''],
  ])('of a chain of %s is bounded too, though no bracket shows it', (link, last) => {
    const chain = (length: number) => `a; a${last && ' + '}${link.repeat(length)}${last}`;
    expect(parse(chain(treeDepthMax - 10)).diagnostics).toEqual([]);
    const { program, diagnostics } = parse(chain(100_000));
    expect(diagnostics.map(({ message }) => message)).toEqual(['Nesting is too deep']);
    expect(program.body).toEqual([]);
  });

  it('is no matter of length', () => {
    expect(parse('a = 1\n'.repeat(20_000)).diagnostics).toEqual([]);
    expect(parse(`[${'1, '.repeat(50_000)}]`).diagnostics).toEqual([]);
    expect(parse(`${'if (a) {} else '.repeat(400)}{}`).diagnostics).toEqual([]);
    expect(parse(`${'a || b && '.repeat(100)}c`).diagnostics).toEqual([]);
  });
});

describe('reading time', () => {
  it.each([
    'f(a, b){ ιx = (1 + 2) * 3; ?(x){ ⟼ x } }\n',
    'a b\n',
    'f(a = (b, c), d) = e\n',
    'g(a, (b), [c]) ',
    'x = (a) => (b)\n',
    'ιa = 1 + b\n',
    'ιa = {} ',
    'ιa = (1) {} ',
    '@(a; b; c) {} ',
    'x = {a: (1), b: [2]} ',
    'each(a, x → c && y = 1); ',
    '!("a" + b + c); ',
    '/* */ ',
    'a + ',
    '(a)',
    '÷{',
    'try{f(',
    'f({a b},',
  ])('grows with the length of the source only: %s', (unit) => {
    const source = unit.repeat(40_000 / unit.length);
    expect(countSteps(source)).toBeLessThan(8 * lex(source).tokens.length);
  });
});

/** How often the parser looks at a token. */
function countSteps(source: string): number {
  let steps = 0;
  const tokens = new Proxy(lex(source).tokens, {
    get(target, key, receiver) {
      steps++;
      return Reflect.get(target, key, receiver);
    },
  });
  new ItemParser(source, tokens).program();
  return steps;
}

function expectInside(source: string, start: number, end: number): void {
  expect(start).toBeGreaterThanOrEqual(0);
  expect(end).toBeGreaterThanOrEqual(start);
  expect(end).toBeLessThanOrEqual(source.length);
}

function* spansIn(part: unknown): Generator<{ start: number; end: number }> {
  if (typeof part !== 'object' || part === null) return;
  for (const [key, value] of Object.entries(part)) {
    if (key === 'span' || key === 'operatorSpan') yield value;
    else yield* spansIn(value);
  }
}
