import { describe, expect, it } from 'vitest';
import { lex } from '../../src/language/lexer.ts';
import {
  contextualSymbols,
  functionSymbols,
  librarySymbols,
  oneLetterCalls,
  spellings,
  syntaxSymbols,
  unavailableSymbols,
} from '../../src/language/symbols.ts';

/** Tokens without the end, each as `kind:text` or, for a literal, its value. */
function tokens(source: string): unknown[] {
  return lex(source)
    .tokens.slice(0, -1)
    .map(({ kind, text, literal }) => literal ?? `${kind}:${text}`);
}

function texts(source: string): string[] {
  return lex(source)
    .tokens.slice(0, -1)
    .map(({ start, end }) => source.slice(start, end));
}

function problems(source: string): [string, number, number][] {
  return lex(source).diagnostics.map(({ message, span }) => [message, span.start, span.end]);
}

describe('blanks and comments', () => {
  it('ignores a leading byte order mark and every Unicode blank', () => {
    expect(texts('\ufeffa\t\f\u00a0\u2003b')).toEqual(['a', 'b']);
  });

  it('ends lines with any of the three line ends', () => {
    const breaks = lex('a\nb\r\nc\rd e').tokens.map((token) => token.lineBreakBefore);
    expect(breaks).toEqual([false, true, true, true, false, false]);
  });

  it('skips the three kinds of comments and remembers where they are', () => {
    const source = 'a // one\n/* two\nlines */ b # three\nc';
    expect(texts(source)).toEqual(['a', 'b', 'c']);
    expect(lex(source).comments.map(({ start, end }) => source.slice(start, end))).toEqual([
      '// one',
      '/* two\nlines */',
      '# three',
    ]);
  });

  it('takes a comment over several lines for a line end', () => {
    expect(lex('a /*\n*/ b /* */ c').tokens.map((token) => token.lineBreakBefore)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it('tells comments from hash functions and attributes by the next character', () => {
    expect(tokens('#(a)')).toEqual(['symbol:hash', 'punctuation:(', 'name:a', 'punctuation:)']);
    expect(tokens('#f(a)').slice(0, 2)).toEqual(['symbol:hash_file', 'punctuation:(']);
    expect(tokens('#[if(').slice(0, 2)).toEqual(['punctuation:#[', 'keyword:if']);
    expect(tokens('#[feature="x"]').slice(0, 2)).toEqual(['punctuation:#[', 'name:feature']);
    expect(tokens('# (a)')).toEqual([]);
    expect(tokens('#foo')).toEqual([]);
    expect(tokens('#[1]')).toEqual([]);
  });

  it('reports an unclosed block comment at its start, as something more input can repair', () => {
    expect(lex('a /* b').diagnostics).toEqual([
      {
        severity: 'error',
        type: 'SyntaxError',
        message: 'Unterminated block comment',
        span: { start: 2, end: 4 },
        incomplete: true,
      },
    ]);
  });
});

describe('names', () => {
  it('keeps marker letters apart at the start of a word, and inside it as letters', () => {
    expect(tokens('ιcount')).toEqual(['mark:ι', 'name:count']);
    expect(tokens('λapi{ƒmain')).toEqual([
      'mark:λ',
      'name:api',
      'punctuation:{',
      'mark:ƒ',
      'name:main',
    ]);
    expect(tokens('σξβφε')).toEqual(['mark:σ', 'mark:ξ', 'mark:β', 'mark:φ', 'mark:ε']);
    expect(tokens('aι αβ')).toEqual(['name:aι', 'name:αβ']);
  });

  it('takes letters of every script, digits and combining marks', () => {
    expect(tokens('π δx _a $b größe 变量 e\u0301 x1 𝒳')).toEqual(
      ['π', 'δx', '_a', '$b', 'größe', '变量', 'e\u0301', 'x1', '𝒳'].map((text) => `name:${text}`),
    );
  });

  it('never takes a symbol into a name', () => {
    expect(texts('aℳb∑c∀d')).toEqual(['a', 'ℳ', 'b', '∑', 'c', '∀', 'd']);
  });

  it('knows keywords, and leaves contextual and reserved words to the parser', () => {
    expect(tokens('if undefined in loop class')).toEqual([
      'keyword:if',
      'keyword:undefined',
      'name:in',
      'name:loop',
      'name:class',
    ]);
  });
});

describe('numbers', () => {
  it.each([
    ['42', 42],
    ['3.14', 3.14],
    ['.5', 0.5],
    ['1e3', 1000],
    ['2.5E-4', 0.00025],
    ['0xFF', 255],
    ['007', 7],
  ])('reads %s', (source, value) => {
    expect(tokens(source)).toEqual([value]);
    expect(problems(source)).toEqual([]);
  });

  it('leaves a member of a number with decimals alone', () => {
    expect(texts('1.0.toFixed(2)')).toEqual(['1.0', '.', 'toFixed', '(', '2', ')']);
    expect(problems('1.0.toFixed(2)')).toEqual([]);
  });

  it.each([
    ['12px', 0, 4],
    ['1.foo', 0, 2],
    ['1_000', 0, 5],
    ['0x', 0, 2],
    ['1e', 0, 2],
    ['5n', 0, 2],
    ['1..2', 0, 2],
  ])('refuses %s', (source, start, end) => {
    expect(problems(source)).toEqual([['Malformed number', start, end]]);
  });
});

describe('strings', () => {
  it.each([
    [`"a'b"`, "a'b"],
    [`'a"b'`, 'a"b'],
    [String.raw`"\n\t\r\b\f\v\0\\\"\'\/"`, '\n\t\r\b\f\v\0\\"\'/'],
    [String.raw`"\x41\u00e9\u{1F600}"`, 'Aé😀'],
    [String.raw`"\d+\q"`, String.raw`\d+\q`],
    ['"/* no */ # no"', '/* no */ # no'],
  ])('reads %s', (source, value) => {
    expect(tokens(source)).toEqual([value]);
    expect(problems(source)).toEqual([]);
  });

  it('reports an unterminated string at its opening quote and goes on with the next line', () => {
    expect(problems('x = "abc\ny')).toEqual([['Unterminated string', 4, 5]]);
    expect(problems("'abc")).toEqual([['Unterminated string', 0, 1]]);
    expect(problems('"abc\\')).toEqual([['Unterminated string', 0, 1]]);
    expect(texts('"abc\ny')).toEqual(['"abc', 'y']);
  });

  it.each([String.raw`"\x4"`, String.raw`"\u12"`, String.raw`"\u{}"`, String.raw`"\u{110000}"`])(
    'refuses the escape in %s',
    (source) => {
      expect(problems(source)).toEqual([['Malformed escape sequence', 1, 3]]);
    },
  );
});

describe('regular expressions', () => {
  it.each([
    ['/a+/gi', 'a+', 'gi'],
    [String.raw`/\//`, String.raw`\/`, ''],
    ['/[/]/', '[/]', ''],
    [String.raw`/[\]/]/`, String.raw`[\]/]`, ''],
  ])('reads %s', (source, pattern, flags) => {
    expect(tokens(source)).toEqual([{ pattern, flags }]);
    expect(problems(source)).toEqual([]);
  });

  it.each([
    'x = /a/',
    '(/a/',
    'f(1, /a/',
    '[/a/',
    'return /a/',
    '⟼ /a/',
    '⌽ /a/',
    'a && /a/',
    'x ? /a/',
    '{ /a/',
    'if(x){}\n/a/',
    'x => /a/',
    '!/a/',
    'x ← /a/',
  ])('finds one where an operand is expected: %s', (source) => {
    expect(tokens(source).at(-1)).toEqual({ pattern: 'a', flags: '' });
  });

  it.each([
    'x /a/ b',
    '1 /a/ b',
    '"" /a/ b',
    'f() /a/ b',
    'x[0] /a/ b',
    '({}) /a/ b',
    'x = {} /a/ b',
    'x++ /a/ b',
    '∅ /a/ b',
    '⚠ /a/ b',
    'this /a/ b',
    'x\n/a/ b',
    'π /a/ b',
    'φ /a/ b',
    '?(c){1}else{2} /a/ b',
  ])('finds a division after an operand: %s', (source) => {
    expect(texts(source).slice(-4)).toEqual(['/', 'a', '/', 'b']);
  });

  it('reports what is wrong with one', () => {
    expect(problems('/abc\n')).toEqual([['Unterminated regular expression', 0, 1]]);
    expect(problems('/a/gx')).toEqual([["Invalid regular expression flags 'gx'", 0, 5]]);
    expect(problems('/a/gg')).toEqual([["Invalid regular expression flags 'gg'", 0, 5]]);
    expect(problems('x = /(/')).toEqual([['Invalid regular expression: Unterminated group', 4, 7]]);
  });
});

describe('symbols', () => {
  it('gives a function symbol the text of its ASCII name', () => {
    for (const [symbol, name] of functionSymbols)
      expect(tokens(symbol)).toEqual([`symbol:${name}`]);
  });

  it('gives library and unavailable symbols their own text', () => {
    for (const symbol of [...librarySymbols.keys(), ...unavailableSymbols]) {
      const source = `${symbol}(`;
      const kind = symbol === '⟑' ? 'punctuation' : 'symbol';
      expect(tokens(source)).toEqual([`${kind}:${symbol}`, 'punctuation:(']);
    }
  });

  it('gives other spellings the text of the ASCII one', () => {
    for (const [symbol, text] of spellings) {
      expect(tokens(symbol)).toEqual(tokens(text));
    }
  });

  it('knows every syntax symbol and skips the variation selector behind any symbol', () => {
    for (const symbol of [...syntaxSymbols.keys(), ...functionSymbols.keys()]) {
      const {
        tokens: [token],
      } = lex(`${symbol}\ufe0f`);
      expect([symbol, token?.kind]).not.toEqual([symbol, 'unknown']);
    }
    expect(texts('⚠\ufe0f.message')).toEqual(['⚠\ufe0f', '.', 'message']);
    expect(tokens('🖥\ufe0f()')).toEqual(tokens('🖥()'));
  });

  it('lists the symbols with several meanings', () => {
    expect([...contextualSymbols.values()]).toEqual([
      'push',
      'try_call',
      'exists',
      'input',
      'env',
      'hash',
      'hash_file',
    ]);
  });

  it('lists the one-letter calls', () => {
    expect(oneLetterCalls.size).toBe(15);
    expect(oneLetterCalls.get('m')).toBe('remember');
  });

  it('cuts the longest punctuation first', () => {
    expect(texts('===!====!=**=>&&||++--+=-=*=a/=%=::')).toEqual([
      ...['===', '!==', '==', '!=', '**', '=>', '&&', '||', '++', '--'],
      ...['+=', '-=', '*=', 'a', '/=', '%=', '::'],
    ]);
  });

  it('keeps what is no token as unknown', () => {
    expect(tokens('& ` ^ ~ \\ ⌬ \ud800')).toEqual(
      ['&', '`', '^', '~', '\\', '⌬', '\ud800'].map((text) => `unknown:${text}`),
    );
  });
});

describe('brackets', () => {
  it('pairs them, and leaves without a partner what does not fit', () => {
    const partners = (source: string) => lex(source).tokens.map(({ partner }) => partner);
    expect(partners('([{}])')).toEqual([5, 4, 3, 2, 1, 0, -1]);
    expect(partners('(]')).toEqual([-1, -1, -1]);
    expect(partners('{(}')).toEqual([2, -1, 0, -1]);
  });
});
