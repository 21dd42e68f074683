// Tokens → values, the inverse of value-writer.ts. It takes any payload, however hostile: every token uses up bytes, and what is
// made of it is what programs can make, too.
import {
  BoundMethod,
  type BuiltinValue,
  ChannelValue,
  DateValue,
  type Environment,
  ErrorValue,
  ModuleValue,
  ObjectValue,
  RegexValue,
  ResponseValue,
  SharedValue,
  UndecidedValue,
  type Value,
} from '../runtime/value.ts';
import type { BuiltinNames, BuiltinPart } from './builtin-names.ts';
import type { ByteReader } from './byte-reader.ts';
import { createEnvironment, isEnvironment, wideSlotCount } from './environment-node.ts';
import { damaged, ImageError } from './image-error.ts';
import {
  firstSmallInteger,
  shapeKeysMax,
  shapesMax,
  shortArrayLengthMax,
  shortTextsMax,
  tag,
} from './image-format.ts';
import { type Filler, fillerOf, type Node, type TokenSource } from './node-fillers.ts';
import type { ObjectMaker } from './object-maker.ts';
import { promisedFunction } from './promised-function.ts';
import { RecentItems } from './recent-table.ts';
import { UnitNode } from './unit-node.ts';

export type ValueReaderOptions = {
  readonly bytes: ByteReader;
  readonly names: BuiltinNames;
  /** Told of the work done; throws when it must stop. */
  readonly step: (steps: number) => void;
  readonly objects: ObjectMaker;
};

export class ValueReader implements TokenSource {
  readonly #options: ValueReaderOptions;
  readonly #bytes: ByteReader;
  readonly #nodes: Node[] = [];
  /** Nodes that are complete, and the one that is being filled. */
  #filled = 0;
  #filler: Filler | null = null;
  #root: Value | undefined;
  readonly #shortTexts = new RecentItems<string>(shortTextsMax);
  readonly #longTexts = new RecentItems<string>(Number.POSITIVE_INFINITY);
  readonly #builtins = new RecentItems<BuiltinPart>(Number.POSITIVE_INFINITY);
  readonly #shapes = new RecentItems<readonly string[]>(shapesMax);

  constructor(options: ValueReaderOptions) {
    this.#options = options;
    this.#bytes = options.bytes;
  }

  /** Takes all tokens of the payload that was opened. */
  read(): void {
    const { step } = this.#options;
    while (this.hasMore) {
      step(8);
      if (this.#root === undefined) {
        this.#root = this.value();
        continue;
      }
      const node = this.#nodes[this.#filled];
      if (node === undefined) throw damaged('something follows the last value');
      this.#filler ??= fillerOf(node);
      if (!this.#filler(this)) continue;
      this.#filler = null;
      this.#filled++;
    }
  }

  /** All nodes, each complete, and the value that all hang on. */
  end(): { readonly root: Value; readonly nodes: readonly Node[] } {
    if (this.#root === undefined || this.#filled < this.#nodes.length) {
      throw damaged('it is cut off');
    }
    return { root: this.#root, nodes: this.#nodes };
  }

  get hasMore(): boolean {
    return this.#bytes.hasMore;
  }

  count(): number {
    return this.#bytes.unsigned();
  }

  value(): Value {
    this.#options.step(1);
    return visible(this.#token(this.#bytes.byte()));
  }

  slot(): Value | undefined {
    const first = this.#bytes.byte();
    if (first === tag.nothing) return undefined;
    return visible(this.#token(first));
  }

  unit(): UnitNode {
    const found = this.#token(this.#bytes.byte());
    if (found instanceof UnitNode) return found;
    throw damaged('a unit is none');
  }

  environment(): Environment | null {
    const found = this.#token(this.#bytes.byte());
    if (found === null || isEnvironment(found)) return found;
    throw damaged('an environment is none');
  }

  #token(first: number): Value | Environment | UnitNode {
    if (first >= firstSmallInteger) return first - firstSmallInteger;
    const bytes = this.#bytes;
    switch (first) {
      case tag.null:
        return null;
      case tag.false:
        return false;
      case tag.true:
        return true;
      case tag.integer:
        return bytes.signed();
      case tag.float:
        return bytes.float();
      case tag.shortText:
        return this.#shortTexts.add(bytes.text());
      case tag.shortTextAgain:
        return known(this.#shortTexts.at(bytes.unsigned()));
      case tag.longText:
        return this.#longTexts.add(this.#longText());
      case tag.longTextAgain:
        return known(this.#longTexts.at(bytes.unsigned()));
      case tag.builtin:
        return this.#builtins.add(this.#builtin(bytes.text()));
      case tag.builtinAgain:
        return known(this.#builtins.at(bytes.unsigned()));
      case tag.node:
        return known(this.#nodes[bytes.unsigned()]);
      default:
        return this.#add(this.#node(first));
    }
  }

  #add(node: Node): Node {
    this.#nodes.push(node);
    return node;
  }

  /** An empty node of a kind. */
  #node(kind: number): Node {
    switch (kind) {
      case tag.array:
        return this.#array();
      case tag.object:
        return this.#options.objects.make(this.#shape());
      case tag.dictionary:
        return new ObjectValue();
      case tag.response:
        return new ResponseValue();
      case tag.undecided:
        return new UndecidedValue();
      case tag.function:
        return promisedFunction();
      case tag.boundMethod:
        return new BoundMethod(null, unfilled as BuiltinValue);
      case tag.regex:
        return new RegexValue('', '');
      case tag.error:
        return new ErrorValue('', '');
      case tag.date:
        return new DateValue(0);
      case tag.module:
        return new ModuleValue('', null, createEnvironment(0), new Map(), null);
      case tag.channel:
        return new ChannelValue(1);
      case tag.shared:
        return new SharedValue('');
      case tag.unit:
        return new UnitNode();
      case tag.environment:
        return this.#environment();
      default:
        throw damaged('a value is of no kind');
    }
  }

  /** A short one as long as it will be, so that it takes no more room than it needs. */
  #array(): Value[] {
    const template = shortArrays[this.#bytes.byte()];
    if (template === undefined) throw damaged('an array is malformed');
    return template.slice();
  }

  #shape(): readonly string[] {
    const bytes = this.#bytes;
    const place = bytes.unsigned();
    if (place > 0) return known(this.#shapes.at(place - 1));
    const count = bytes.unsigned();
    if (count === 0 || count > shapeKeysMax) throw damaged('a list of keys is malformed');
    const keys = Array.from({ length: count }, () => bytes.text());
    if (new Set(keys).size < count) throw damaged('an object has a key twice');
    return this.#shapes.add(keys);
  }

  #longText(): string {
    const text = this.#bytes.text();
    this.#options.step(text.length >>> 3);
    return text;
  }

  #builtin(name: string): BuiltinPart {
    const part = this.#options.names.partOf(name);
    if (part === undefined) throw new ImageError(`There is no built-in ${name}`);
    return part;
  }

  #environment(): Environment {
    const count = this.#bytes.byte();
    if (count > wideSlotCount) throw damaged('an environment is malformed');
    this.#options.step(count);
    return createEnvironment(count);
  }
}

/** By length. Copies have no holes and no room to spare. */
const shortArrays = Array.from({ length: shortArrayLengthMax + 1 }, (_, length) => {
  const template: Value[] = [];
  while (template.length < length) template.push(null);
  return template;
});

/** SECURITY: the nodes that programs must not see are no values. */
function visible(found: Value | Environment | UnitNode): Value {
  if (isEnvironment(found) || found instanceof UnitNode) throw damaged('a value is none');
  return found;
}

/** In the place of what a record will bring. */
const unfilled: unknown = null;

function known<Item>(item: Item | undefined): Item {
  if (item === undefined) throw damaged('it refers to what is not there');
  return item;
}
