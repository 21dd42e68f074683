// Random programs of the whole grammar (SPEC 4), each construct in any of its spellings. Most are valid; how deep they
// nest and how long they get is bounded.
import { functionSymbols } from '../../../src/language/symbols.ts';
import type { Dice } from './dice.ts';
import { comments, numbers, patterns, plainNames, strangeNames, strings } from './fragments.ts';

/** The source of one random program. */
export function generateProgram(dice: Dice): string {
  return new ProgramGenerator(dice).program();
}

class ProgramGenerator {
  readonly #dice: Dice;
  #depth = 0;
  #room = 120;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  program(): string {
    return this.#items(1, 6);
  }

  #items(min: number, max: number): string {
    return this.#dice.some(min, max, () => this.#item() + this.#gap()).join('');
  }

  /** Between two statements. */
  #gap(): string {
    const { roll, pick } = this.#bound;
    if (roll(8) === 0) return `; ${pick(comments)}`;
    return pick(['\n', ';', ';\n', '\n\n', '; ', ' ;;\n']);
  }

  get #bound() {
    const dice = this.#dice;
    return {
      roll: (sides: number) => dice.roll(sides),
      pick: <Item>(items: readonly Item[]) => dice.pick(items),
    };
  }

  #name(): string {
    return this.#dice.pick(this.#dice.once(6) ? strangeNames : plainNames);
  }

  #names(): string {
    return this.#dice.some(1, 3, () => this.#name()).join(', ');
  }

  /** A choice among makers; simple ones only, where it is deep or long enough. */
  #choose(simple: readonly (() => string)[], nested: readonly (() => string)[]): string {
    const isEnough = this.#depth > 6 || --this.#room < 0;
    const makers = isEnough || this.#dice.once(4) ? simple : nested;
    this.#depth++;
    const made = this.#dice.pick(makers)();
    this.#depth--;
    return made;
  }

  #item(): string {
    if (!this.#dice.once(6)) return this.#statement();
    const { pick } = this.#bound;
    return this.#choose(
      [
        () => `${pick(['import', '⟑', '⇪'])} ${this.#importPath()}`,
        () => `import {${this.#name()}, ${this.#name()} as ${this.#name()}} from ${this.#name()}`,
        () =>
          pick(['λ⟨a⟩', 'import "a"', 'import "a b" as c', 'λ⟨a v"^1"⟩', 'import {x} from "a"']),
        () => `${pick(['export', '⊢'])} ${this.#name()} as ${this.#name()}`,
      ],
      [
        () => `m{${this.#members()}}`,
        () =>
          `${pick(['λ', 'module '])}${this.#name()} ${pick(['', 'v"1.2.0"'])}{${this.#members()}}`,
        () => `${pick(['#[feature="x"]', '#[if(!feature="y")]'])} ${this.#item()}`,
        () => `${pick(['ℳ', 'macro'])} ${this.#name()}(${this.#names()}) ⟼ ${this.#statement()}`,
        () => `${pick(['export', '⊢'])} ${this.#member()}`,
      ],
    );
  }

  #importPath(): string {
    const { pick } = this.#bound;
    const path = this.#dice.some(1, 3, () => this.#name()).join('::');
    const more = [
      '',
      ` as ${this.#name()}`,
      '::*',
      `::{${this.#names()}}`,
      ' v">=1"',
      ' v"1" as q',
    ];
    return path + pick(more);
  }

  #members(): string {
    return this.#dice.some(0, 3, () => `${this.#member()};\n`).join('');
  }

  #member(): string {
    return this.#choose(
      [() => `${this.#name()} = ${this.#expression()}`, () => this.#declaration()],
      [
        () => this.#definition(),
        () => this.#definition(),
        () => `λ${this.#name()}{${this.#members()}}`,
      ],
    );
  }

  #statement(): string {
    const { pick } = this.#bound;
    return this.#choose(
      [
        () => this.#declaration(),
        () =>
          `${this.#target()} ${pick(['=', '←', '+=', '-=', '*=', '/=', '%='])} ${this.#expression()}`,
        () => this.#expression(),
        () => `${pick(['return', '⟼', '↵'])} ${this.#expression()}`,
        () => pick(['return', '⟼()', '⟼', 'break', 'continue', ';', 'ƒ g(σ, ιa);', '{}']),
        () => `throw ${this.#expression()}`,
        () => `⌽ ${this.#expression()}, ${this.#expression()}`,
        () => `${this.#target()}${pick(['++', '--'])}`,
      ],
      [
        () => this.#definition(),
        () => this.#if(),
        () => this.#if(),
        () => this.#loop(),
        () => this.#loop(),
        () => this.#try(),
        () => this.#block(),
        () => this.#expression(),
      ],
    );
  }

  #block(): string {
    return `{${this.#dice.pick(['', ' ', '\n', '// c\n'])}${this.#items(0, 3)}}`;
  }

  #body(): string {
    return this.#dice.once(4) ? ` ${this.#statement()}` : this.#block();
  }

  #declaration(): string {
    const { pick } = this.#bound;
    const bindings = this.#dice.some(1, 2, () =>
      this.#dice.once(4)
        ? this.#name()
        : `${this.#name()} ${pick(['=', '←'])} ${this.#expression()}`,
    );
    return `${pick(['let ', 'const ', 'var ', 'ι', 'σ ', 'ξ', 'β '])}${bindings.join(', ')}`;
  }

  #definition(): string {
    const { pick } = this.#bound;
    const list = this.#parameters();
    const symbol = pick([this.#name(), this.#name(), pick([...functionSymbols.keys()])]);
    return pick([
      () => `${this.#name()}(${list})${this.#block()}`,
      () => `${pick(['ƒ', 'function '])}${symbol}(${list})${this.#block()}`,
      () => `ƒ${this.#name()}${this.#block()}`,
      () => `${pick(['ƒ', 'ι'])}${this.#name()}(${list}) ⟼ ${this.#expression()}`,
      () => `${this.#name()}(${list})=${pick([this.#expression(), this.#block()])}`,
      () => `async ${this.#name()}(${list})${this.#block()}`,
    ])();
  }

  #parameters(): string {
    const { pick } = this.#bound;
    return this.#dice
      .some(0, 3, () => {
        const mark = pick(['', '', '', 'ι', 'σ ', 'λ']);
        if (mark !== '' && this.#dice.once(4)) return mark;
        return mark + this.#name() + (this.#dice.once(4) ? ` = ${this.#expression()}` : '');
      })
      .join(', ');
  }

  #if(): string {
    const { pick } = this.#bound;
    const head = pick(['if (C)', 'if (C)', '?(C)', 'ι(C)', 'ι (C)']).replace('C', () =>
      this.#expression(),
    );
    const body = this.#body();
    if (this.#dice.once(2)) return head + body;
    const otherwise = `\n${pick(['else', 'ε'])} `;
    return head + body + otherwise + (this.#dice.once(4) ? this.#if() : this.#body());
  }

  #loop(): string {
    const { pick } = this.#bound;
    const variable = `${pick(['', '', 'let ', 'ι', 'const ', 'var '])}${this.#name()}`;
    return pick([
      () => `${pick(['while', '@'])}(${this.#expression()})${this.#body()}`,
      () => `${pick(['∞', 'loop'])}{${this.#items(0, 2)}; break}`,
      () =>
        `${pick(['for', '@'])}(${variable} ${pick(['in', 'of'])} ${this.#expression()})${this.#body()}`,
      () => `for ${variable} ${pick(['in', 'of'])} ${this.#name()} ${this.#block()}`,
      () => {
        const init = pick(['', `${variable} = ${this.#expression()}`]);
        const test = pick(['', this.#expression()]);
        return `${pick(['for', '@'])}(${init};${test};${pick(['', 'x++', 'a = b, c ← 1'])})${this.#body()}`;
      },
    ])();
  }

  #try(): string {
    const { pick } = this.#bound;
    return pick([
      () => `÷${this.#block()}${this.#block()}`,
      () => `try${this.#block()}catch${pick([' ', '(e)', ' e '])}${this.#block()}`,
      () => `try${this.#block()}catch(${this.#name()})${this.#block()}finally${this.#block()}`,
      () => `try${this.#block()}finally${this.#block()}`,
    ])();
  }

  #target(): string {
    const { pick } = this.#bound;
    return pick([
      () => this.#name(),
      () => `::${this.#name()}`,
      () => `${this.#name()}.${this.#name()}`,
      () => `${this.#name()}[${this.#expression()}]`,
      () => `(${this.#expression()}).${this.#name()}`,
    ])();
  }

  #expression(): string {
    const text = this.#bareExpression();
    if (this.#dice.once(12)) return `(${text})`;
    if (this.#dice.once(40)) return `(// c\n${text})`;
    return this.#dice.once(30) ? this.#dice.pick(['/* c */ ', 'await ']) + text : text;
  }

  #bareExpression(): string {
    const { pick } = this.#bound;
    const some = () => this.#expression();
    const list = () =>
      this.#dice.some(0, 3, some).join(pick([', ', ',', ',\n', ', /* c */ ', ', // c\n']));
    return this.#choose(
      [
        () => pick(numbers),
        () => pick(strings),
        () => this.#name(),
        () => this.#name(),
        () =>
          pick([
            'true',
            '⊤',
            'false',
            '⊥',
            'null',
            'undefined',
            'this',
            '⚠',
            '∅',
            '🎤',
            '::x',
            ':key',
          ]),
        () => pick(patterns),
      ],
      [
        () => `${some()} ${pick(['+', '-', '*', '/', '%', '**', '&&', '||'])} ${some()}`,
        () => `(${some()} ${pick(['<', '>', '<=', '≤', '==', '≠', '===', '!==', '='])} ${some()})`,
        () => `${pick(['!', '-', '+', 'typeof ', '- -'])}${some()}`,
        () => `(${some()}) ? ${some()} : ${some()}`,
        () => `${pick([this.#name(), ...functionSymbols.keys()])}(${list()})`,
        () => `${some()}.${this.#name()}${pick(['', `(${list()})`])}`,
        () => `(${some()})${pick(['::', '.'])}${this.#name()}`,
        () => `${this.#name()}[${some()}]`,
        () => `${this.#name()}[${pick(['', some()])}:${pick(['', some()])}]`,
        () => `[${list()}]`,
        () =>
          `{${pick(plainNames)}: ${some()}, ${pick([...strangeNames.filter((name) => name !== 'ε'), '"k"', '1', 'if', '⌽'])}: ${some()}}`,
        () =>
          pick([
            '({})',
            '({a})',
            '({a, b: 1})',
            '[]',
            '(await)(1)',
            '(φ)(1)',
            '(ε)(1)',
            '⚠.÷(f, g)',
          ]),
        () => `${this.#arrow()}${pick(['=>', '→', '⟼'])} ${pick([some(), this.#block()])}`,
        () =>
          `(${pick(['function', 'ƒ', 'φ', 'λ'])}(${this.#parameters()})${this.#block()})(${list()})`,
        () => `(${pick(['function', 'ƒ'])} ${this.#name()}(${this.#parameters()})${this.#block()})`,
        () => `?(${some()})${this.#block()}else${this.#block()}`,
        () => `new ${this.#name()}(${list()})`,
        () => `(${this.#target()} ← ${some()})`,
        () => `${pick(['++', '--'])}${this.#name()}`,
        () => `~(${list()})`,
        () => `f({${this.#name()}; ${this.#items(0, 2)}})`,
      ],
    );
  }

  #arrow(): string {
    return this.#dice.pick([
      this.#name(),
      `(${this.#parameters()})`,
      `async (${this.#name()})`,
      'a',
    ]);
  }
}
