// What an expansion under way knows and may ask: the macro at hand, new names, copies of arguments, and how much was made.
import { renamed } from '../renamed.ts';
import type { Span } from '../span.ts';
import type { Expression, Identifier } from '../syntax.ts';
import type { Macro, MacroSource } from './macro.ts';
import type { MacroScope } from './macro-scope.ts';
import { Renames } from './template-names.ts';
import { copyRecord } from './tree-copy.ts';

/** Nodes that the macros of one unit may make. */
export const expandedNodesMax = 50_000;

/** What an expansion under way knows. */
export type Frame = {
  readonly macro: Macro;
  /** What stands for each parameter, already expanded. */
  readonly given: ReadonlyMap<string, Expression>;
  /** Of the call in the unit: the place of whatever the template makes. */
  readonly place: Span;
  readonly depth: number;
  readonly outer: Frame | null;
  renames: Renames;
  /** Where the macro's definition begins in the text of the unit. */
  readonly textStart: number;
};

/** Ends the expansion; never leaves `expand`. */
export class ExpansionFailure extends Error {
  readonly span: Span;

  constructor(message: string, span: Span) {
    super(message);
    this.span = span;
  }
}

export abstract class ExpansionState {
  /** The unit and behind it the definitions of the macros of earlier units that it uses. */
  text: string;
  /** Callee in a template → its place in `text`, for the message that it is no function. */
  readonly written = new Map<object, Span>();
  readonly #textStarts = new Map<MacroSource, number>();
  protected scope: MacroScope;
  protected frame: Frame | null = null;
  #made = 0;
  #renamed = 0;

  constructor(source: string, scope: MacroScope) {
    this.text = source;
    this.scope = scope;
  }

  protected fail(message: string, span: Span): never {
    throw new ExpansionFailure(message, span);
  }

  /** Inside the macro that a symbol names, the symbol is the built-in, as in a function named so (SPEC 5.2). */
  protected isHidden(name: string): boolean {
    for (let frame = this.frame; frame !== null; frame = frame.outer) {
      const own = frame.macro.declaration.name;
      if (own.symbol && own.text === name) return true;
    }
    return false;
  }

  /** New names for what a scope of the template declares. */
  protected renames(
    parent: Renames | null,
    names: readonly string[],
    given: ReadonlyMap<string, Expression>,
  ): Renames {
    const own = new Map<string, string>();
    for (const name of names) if (!given.has(name)) own.set(name, renamed(name, ++this.#renamed));
    return new Renames(parent, own);
  }

  protected renamedIdentifier(node: Identifier): Identifier {
    const { frame } = this;
    if (frame === null) return node;
    return { ...node, name: frame.renames.find(node.name) ?? node.name, span: frame.place };
  }

  protected textStart({ origin }: Macro): number {
    if (origin === null) return 0;
    let start = this.#textStarts.get(origin);
    if (start === undefined) {
      start = this.text.length + 1;
      this.text += `\n${origin.source}`;
      this.#textStarts.set(origin, start);
    }
    return start;
  }

  /** Remembers how a template writes a callee. */
  protected noteWritten(inTemplate: Expression, callee: object): void {
    const { frame } = this;
    const isArgument = inTemplate.type === 'Identifier' && frame?.given.has(inTemplate.name);
    if (frame === null || isArgument) return;
    const { start, end } = inTemplate.span;
    this.written.set(callee, { start: frame.textStart + start, end: frame.textStart + end });
  }

  /** An argument is put in as a copy of its own for each use: every node of a tree is one object. */
  protected clone<Part extends object>(part: Part): Part {
    const clone = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value;
      if (Array.isArray(value)) return value.map(clone);
      this.count();
      const copy = copyRecord(value, clone, (place) => place);
      const written = this.written.get(value);
      if (written !== undefined) this.written.set(copy, written);
      return copy;
    };
    return clone(part) as Part;
  }

  protected count(): void {
    if (this.frame === null || ++this.#made <= expandedNodesMax) return;
    const { name } = this.#outermost(this.frame).macro.declaration;
    this.fail(`The expansion of macro '${name.text}' is too large`, this.frame.place);
  }

  #outermost(frame: Frame): Frame {
    let outermost = frame;
    while (outermost.outer !== null) outermost = outermost.outer;
    return outermost;
  }
}
