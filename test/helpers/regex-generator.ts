// Random small patterns and texts, the same for the same seed: every construct of the syntax, in every place, over an alphabet
// small enough that matches are frequent.

export class RegexGenerator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  pattern(): string {
    if (this.#below(8) === 0) {
      const tail = this.#alternatives(1);
      return `${this.#alternatives(2)}(?<x>${this.#alternatives(1)})|(?<x>${tail})${this.#alternatives(1)}`;
    }
    return this.#alternatives(3);
  }

  flags(): string {
    return [...'imsuy'].filter((flag) => this.#below(flag === 'y' ? 8 : 3) === 0).join('');
  }

  text(): string {
    return Array.from({ length: this.#below(12) }, () => this.#one(textCharacters)).join('');
  }

  #alternatives(depth: number): string {
    let pattern = this.#sequence(depth);
    while (this.#below(3) === 0) pattern += `|${this.#sequence(depth)}`;
    return pattern;
  }

  #sequence(depth: number): string {
    if (this.#below(12) === 0) return '';
    return Array.from({ length: 1 + this.#below(4) }, () => this.#term(depth)).join('');
  }

  #term(depth: number): string {
    const body = this.#below(3) === 0 && depth > 0 ? this.#group(depth - 1) : this.#one(atoms);
    return this.#below(3) === 0 ? body + this.#one(quantifiers) : body;
  }

  #group(depth: number): string {
    return `${this.#one(groupStarts)}${this.#alternatives(depth)})`;
  }

  #one(choices: readonly string[]): string {
    return choices[this.#below(choices.length)]!;
  }

  /** A linear congruential generator; its high bits are the better ones. */
  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) >>> 0;
    return (this.#state >>> 8) % limit;
  }
}

const atoms = [
  ...[
    'a',
    'b',
    'c',
    'A',
    'ab',
    'abc',
    'é',
    'ſ',
    'K',
    '😀',
    '-',
    '_',
    ' ',
    '\\n',
    '{',
    '}',
    ']',
    'b',
  ],
  ...['.', '\\w', '\\W', '\\d', '\\D', '\\s', '\\S', '^', '$', '\\b', '\\B', '\\1', '\\2', '\\3'],
  ...[
    '[ab]',
    '[^a]',
    '[a-c]',
    '[^\\w]',
    '[A-Z]',
    '[😀a]',
    '[^]',
    '[]',
    '[é-ü]',
    '[\\W_]',
    '[\\d-z]',
  ],
  ...['\\u0061', '\\x62', '\\ud83d', '\\ude00', '\\u{61}', '\\cA', '\\0', '\\k<x>', '\\8', '\\-'],
  ...['\\p{L}', '\\p{Lu}', '\\P{Ll}', '[\\p{Lu}b]', '[^\\P{L}]'],
];
const quantifiers = [
  ...['*', '+', '?', '{2}', '{1,2}', '{0,3}', '{2,}', '*?', '+?', '??', '{1,3}?', '{0}', '{0,}?'],
];
/** The host's `(?i:…)` leaks into what stands beside it, so it is compared by hand only. */
const groupStarts = ['(', '(', '(', '(?:', '(?:', '(?=', '(?!', '(?<=', '(?<!', '(?s:', '(?m-s:'];
const textCharacters = [
  ...['a', 'b', 'a', 'b', 'c', 'A', 'B', 'é', 'É', 'ſ', 's', 'K', 'k', '😀', '\ud83d', '\ude00'],
  ...['-', '_', ' ', '\n', '1', 'ü', 'Σ', 'ς'],
];
