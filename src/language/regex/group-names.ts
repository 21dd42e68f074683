// The groups of a pattern, found before it is parsed: a reference may stand before its group, and whether `\3` is a reference
// or a character depends on how many groups there are.

export class GroupNames {
  readonly groupCount: number;
  /** Name → numbers of its groups. Several may share a name where only one of them can match. */
  readonly indices: ReadonlyMap<string, readonly number[]>;
  /** Numbers of the disjunctions around the present place and of the alternatives in them. */
  readonly #path: { readonly disjunction: number; alternative: number }[] = [];
  readonly #declared = new Map<string, (readonly [number, number])[][]>();
  #disjunctions = 0;

  constructor(text: string) {
    const indices = new Map<string, number[]>();
    let count = 0;
    for (const [, name, group] of text.matchAll(groupStart)) {
      if (group === undefined && name === undefined) continue;
      count++;
      if (name === undefined) continue;
      const plain = unescaped(name);
      const same = indices.get(plain);
      if (same === undefined) indices.set(plain, [count]);
      else same.push(count);
    }
    this.groupCount = count;
    this.indices = indices;
  }

  disjunction(): void {
    this.#path.push({ disjunction: ++this.#disjunctions, alternative: 0 });
  }

  alternative(): void {
    this.#path.at(-1)!.alternative++;
  }

  disjunctionEnd(): void {
    this.#path.pop();
  }

  /** Whether a group here may have this name: not if another one of it can match together with this one. */
  declare(name: string): boolean {
    const here = this.#path.map(
      ({ disjunction, alternative }) => [disjunction, alternative] as const,
    );
    const others = this.#declared.get(name) ?? [];
    this.#declared.set(name, others);
    const isAlone = others.every((other) =>
      other.some(
        ([disjunction, alternative], i) =>
          here[i]?.[0] === disjunction && here[i][1] !== alternative,
      ),
    );
    others.push(here);
    return isAlone && others.length <= sharersMax;
  }
}

/** Groups of one name: each is compared with all before it. */
const sharersMax = 500;
/** Escapes and classes are skipped whole; then a named group, or a plain one. */
const groupStart = /\\.|\[(?:\\.|[^\]\\])*\]?|\(\?<(?![=!])([^>()|[\]]*)>|(\((?!\?))/gs;

function unescaped(name: string): string {
  return name
    .replace(/\\u\{([0-9a-fA-F]{1,6})\}/g, (whole, hex: string) => {
      const value = Number.parseInt(hex, 16);
      return value > 0x10ffff ? whole : String.fromCodePoint(value);
    })
    .replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
}
