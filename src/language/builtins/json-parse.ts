// Reads JSON text into values.
import { type Raised, raise } from '../runtime/raised.ts';
import { encodeKey, ObjectValue, type Value } from '../runtime/value.ts';
import { lineStarts, locate } from '../span.ts';
import type { BuiltinContext } from './builtin.ts';
import { readPart, textLookahead } from './json-native.ts';

/** The value of a JSON text. ParseError "Invalid JSON at line L column C: ..." */
export function parseJson(context: BuiltinContext, text: string): Value {
  return new JsonReader(context, text).read();
}

/** A container that is being read; `key` is the encoded one that the next value belongs to. */
type Open = { readonly container: Value[] | ObjectValue; key: string };

const numberText = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plainText = /[^"\\\u0000-\u001f]*/y;
const words: readonly (readonly [string, Value])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const nodesPerRequest = 4096;

class JsonReader {
  readonly #context: BuiltinContext;
  readonly #text: string;
  readonly #lookahead = textLookahead();
  #at = 0;
  #lookedAt = 0;
  #nodes = 0;
  #requestAt = nodesPerRequest;

  constructor(context: BuiltinContext, text: string) {
    this.#context = context;
    this.#text = text;
  }

  read(): Value {
    const open: Open[] = [];
    for (;;) {
      let value = this.#value();
      if (value === undefined) {
        open.push(this.#open());
        continue;
      }
      // A complete value goes into its container, which may be complete then, and so on outwards.
      for (;;) {
        const parent = open.at(-1);
        if (parent === undefined) return this.#end(value);
        if (Array.isArray(parent.container)) parent.container.push(value);
        else parent.container[parent.key] = value;
        if (this.#continues(parent)) break;
        open.pop();
        value = parent.container;
      }
    }
  }

  /** A scalar or an empty container; undefined where a container with contents begins. */
  #value(): Value | undefined {
    this.#countNodes();
    this.#skipBlanks();
    const character = this.#text[this.#at];
    if (character === '"') return this.#string();
    if (character === '[' || character === '{') {
      const part = this.#part();
      if (part !== undefined) return part;
      const start = this.#at++;
      this.#skipBlanks();
      if (this.#text[this.#at] === (character === '[' ? ']' : '}')) {
        this.#at++;
        return character === '[' ? [] : new ObjectValue();
      }
      this.#at = start;
      return undefined;
    }
    for (const [word, value] of words) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    numberText.lastIndex = this.#at;
    const number = numberText.exec(this.#text);
    if (number === null) throw this.#unexpected();
    this.#at = numberText.lastIndex;
    return Number(number[0]);
  }

  /** A container that V8 can read at once. */
  #part(): Value | undefined {
    this.#lookahead.done(this.#at - this.#lookedAt);
    this.#lookedAt = this.#at;
    if (!this.#lookahead.mayLook) return undefined;
    const part = readPart(this.#text, this.#at);
    if (part === null) {
      this.#lookahead.inVain();
      return undefined;
    }
    this.#at = part.end;
    this.#countNodes(part.nodes);
    return part.value;
  }

  /** Steps into a container that is known to have contents. */
  #open(): Open {
    const isArray = this.#text[this.#at++] === '[';
    return isArray
      ? { container: [], key: '' }
      : { container: new ObjectValue(), key: this.#key() };
  }

  /** After an element: true if another follows, false at the container's end. */
  #continues(open: Open): boolean {
    this.#skipBlanks();
    const isArray = Array.isArray(open.container);
    const character = this.#text[this.#at];
    if (character !== ',' && character !== (isArray ? ']' : '}')) throw this.#unexpected();
    this.#at++;
    if (character !== ',') return false;
    if (!isArray) open.key = this.#key();
    return true;
  }

  #key(): string {
    this.#skipBlanks();
    if (this.#text[this.#at] !== '"') throw this.#unexpected();
    const key = this.#string();
    this.#skipBlanks();
    if (this.#text[this.#at] !== ':') throw this.#unexpected();
    this.#at++;
    return encodeKey(key);
  }

  #string(): string {
    let made = '';
    this.#at++;
    for (;;) {
      plainText.lastIndex = this.#at;
      made += plainText.exec(this.#text)![0];
      this.#at = plainText.lastIndex;
      const character = this.#text[this.#at];
      if (character === '"') {
        this.#at++;
        return made;
      }
      if (character !== '\\') throw this.#unexpected();
      this.#countNodes();
      made += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#invalid('bad escape in a string');
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const character = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (character === undefined) throw this.#invalid('bad escape in a string');
    this.#at += 2;
    return character;
  }

  #end(value: Value): Value {
    this.#skipBlanks();
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  #skipBlanks(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 32 && unit !== 10 && unit !== 13 && unit !== 9) return;
      this.#at++;
    }
  }

  #countNodes(count = 1): void {
    this.#nodes += count;
    if (this.#nodes < this.#requestAt) return;
    this.#context.step(this.#nodes - this.#requestAt + nodesPerRequest);
    this.#context.allocate(this.#nodes * 16);
    this.#requestAt = this.#nodes + nodesPerRequest;
  }

  #unexpected(): Raised {
    const character = this.#text.codePointAt(this.#at);
    return this.#invalid(
      character === undefined
        ? 'unexpected end'
        : `unexpected ${JSON.stringify(String.fromCodePoint(character))}`,
    );
  }

  #invalid(reason: string): Raised {
    const { line, column } = locate(lineStarts(this.#text), this.#at);
    return raise('ParseError', `Invalid JSON at line ${line} column ${column}: ${reason}`);
  }
}
