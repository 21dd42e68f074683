// What units were compiled under, as values: tables of macros and sets of features. What units share is one value, so that it is
// shared again.
import type { CompileContext } from '../macros/expand.ts';
import { macroLengthMax, macrosMax } from '../macros/expand.ts';
import { isMacro, type MacroSource, type MacroTable } from '../macros/macro.ts';
import type { CodeUnit, Value } from '../runtime/value.ts';
import { damaged } from './image-error.ts';

/** The writer's side. */
export class ContextValues {
  readonly #tables = new Map<MacroTable, Value[]>();
  readonly #features = new Map<string, Value[]>();
  /** By source: a unit that was compiled twice under the same conditions is one unit. */
  readonly #units = new Map<string, CodeUnit[]>();

  /** The unit that stands for this one. */
  unitFor(unit: CodeUnit): CodeUnit {
    const { source, context } = unit;
    const known = this.#units.get(source) ?? [];
    const same = known.find(
      (other) =>
        other === unit ||
        (other.context.macros === context.macros &&
          other.context.file === context.file &&
          this.ofFeatures(other.context.features) === this.ofFeatures(context.features)),
    );
    if (same !== undefined) return same;
    this.#units.set(source, [...known, unit]);
    return unit;
  }

  /** Key, name and source by turns. */
  ofMacros(table: MacroTable): Value[] {
    let values = this.#tables.get(table);
    if (values === undefined) {
      values = [...table].flatMap(([key, { name, source }]) => [key, name, source]);
      this.#tables.set(table, values);
    }
    return values;
  }

  ofFeatures(features: ReadonlySet<string>): Value[] {
    const key = JSON.stringify([...features]);
    let values = this.#features.get(key);
    if (values === undefined) {
      values = [...features];
      this.#features.set(key, values);
    }
    return values;
  }
}

/** The reader's side. Throws ImageError for values that are no such thing. */
export class LoadedContexts {
  readonly #step: (steps: number) => void;
  readonly #tables = new Map<Value, MacroTable>();
  readonly #features = new Map<Value, ReadonlySet<string>>();
  /** By definition: most tables hold the macros of the one before. */
  readonly #macros = new Map<string, MacroSource>();

  constructor(step: (steps: number) => void) {
    this.#step = step;
  }

  context(macros: Value, features: Value, file: Value): CompileContext {
    if (file !== null && typeof file !== 'string') throw damaged('a file has no name');
    return { macros: this.macros(macros), features: this.#featuresOf(features), file };
  }

  macros(value: Value): MacroTable {
    let table = this.#tables.get(value);
    if (table === undefined) {
      table = this.#tableOf(textsIn(value));
      this.#tables.set(value, table);
    }
    return table;
  }

  #tableOf(texts: readonly string[]): MacroTable {
    if (texts.length % 3 !== 0 || texts.length > macrosMax * 3) {
      throw damaged('a table of macros is malformed');
    }
    const table = new Map<string, MacroSource>();
    let length = 0;
    for (let i = 0; i < texts.length; i += 3) {
      const [key, name, source] = texts.slice(i, i + 3) as [string, string, string];
      length += source.length;
      table.set(key, this.#macro(name, source));
    }
    if (length > macroLengthMax) throw damaged('the macros are too large');
    this.#step(texts.length);
    return table;
  }

  #macro(name: string, source: string): MacroSource {
    let macro = this.#macros.get(source);
    if (macro === undefined) {
      this.#step(source.length);
      if (!isMacro(source)) throw damaged('a macro is none');
      macro = { name, source };
      this.#macros.set(source, macro);
    }
    if (macro.name !== name) throw damaged('a macro has two names');
    return macro;
  }

  #featuresOf(value: Value): ReadonlySet<string> {
    let features = this.#features.get(value);
    if (features === undefined) {
      features = new Set(textsIn(value));
      this.#features.set(value, features);
    }
    return features;
  }
}

function textsIn(value: Value): readonly string[] {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (!isList) throw damaged('a list of texts is none');
  return value as string[];
}
