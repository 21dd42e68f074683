// The walk of the expansion: which nodes open a scope, which declare a name, what is copied as it is.
import { treeDepthMax } from '../grammar/tree-depth.ts';
import type {
  AnyNode,
  Block,
  Call,
  Expression,
  ExpressionStatement,
  FunctionBody,
  Identifier,
  Item,
  MacroDeclaration,
  Name,
  Program,
  Statement,
  Target,
} from '../syntax.ts';
import { ExpansionState } from './expansion-state.ts';
import { MacroScope } from './macro-scope.ts';
import { exportMacros, importMacros } from './module-macros.ts';
import { blockNames, homeNames } from './template-names.ts';
import { copyRecord, isFunctionBody, isName, isNode } from './tree-copy.ts';

export abstract class ScopedWalk extends ExpansionState {
  readonly #features: ReadonlySet<string>;
  #depth = 0;

  constructor(source: string, scope: MacroScope, features: ReadonlySet<string>) {
    super(source, scope);
    this.#features = features;
  }

  protected abstract identifier(node: Identifier): Expression;
  protected abstract statement(node: ExpressionStatement): Statement;
  protected abstract call(node: Call): Expression;
  protected abstract target(node: Target): Target;
  protected abstract name(name: Name): Name;

  program(program: Program): Program {
    return { ...program, body: this.#items(program.body) };
  }

  protected node(node: AnyNode): AnyNode {
    if (++this.#depth > treeDepthMax)
      this.fail('Nesting is too deep', this.frame?.place ?? node.span);
    const made = this.#walk(node);
    this.#depth--;
    return made;
  }

  protected copy<Part extends object>(part: Part): Part {
    this.count();
    const place = this.frame?.place;
    return copyRecord(
      part,
      (value) => this.#part(value),
      (span) => place ?? span,
    );
  }

  #part(part: unknown): unknown {
    if (typeof part !== 'object' || part === null) return part;
    if (Array.isArray(part)) return part.map((one) => this.#part(one));
    if (isNode(part)) return this.node(part);
    if (isFunctionBody(part)) return this.#function(part);
    return isName(part) ? this.name(part) : this.copy(part);
  }

  #walk(node: AnyNode): AnyNode {
    switch (node.type) {
      case 'Identifier':
        return this.identifier(node);
      case 'OuterIdentifier': {
        const { text } = this.name({ text: node.name, span: node.span });
        return { ...node, name: text, span: this.frame?.place ?? node.span };
      }
      case 'Call':
        return this.call(node);
      case 'New': {
        const made = this.copy(node);
        if ((made.callee as Expression).type !== 'Identifier') {
          this.fail("Expected a name behind 'new'", made.callee.span);
        }
        this.noteWritten(node.callee, made.callee);
        return made;
      }
      case 'Member': {
        const { property } = node;
        const span = this.frame?.place ?? property.span;
        const object = this.node(node.object) as Expression;
        return {
          ...node,
          span: this.frame?.place ?? node.span,
          object,
          property: { ...property, span },
        };
      }
      case 'ExpressionStatement':
        return this.statement(node);
      case 'Assignment': {
        const target = this.target(node.target);
        this.#assigned(target);
        const value = this.node(node.value) as Expression;
        return { ...node, span: this.frame?.place ?? node.span, target, value };
      }
      case 'CompoundAssignment':
      case 'Update': {
        const target = this.target(node.target);
        return { ...this.copy({ ...node, target: null }), target } as AnyNode;
      }
      case 'Block':
        return this.#block(node);
      case 'MainModule':
        return { ...node, members: this.#items(node.members) };
      case 'ModuleDeclaration':
        return this.#module(node);
      case 'ImportDeclaration':
        return importMacros(this.scope, this.frame === null ? node : this.copy(node));
      case 'ExportDeclaration':
        return exportMacros(this.scope, node, this.copy(node));
      case 'MacroDeclaration':
        return this.#macro(node);
      case 'AttributedItem': {
        const [kept] = this.#kept(node);
        const nothing: Item = { type: 'EmptyStatement', span: node.span };
        return kept === undefined ? nothing : this.node(kept);
      }
      case 'VariableDeclaration': {
        const made = this.copy(node);
        const local = node.kind === 'let' || node.kind === 'const';
        for (const { name } of made.bindings)
          (local ? this.scope : this.scope.home).value(name.text);
        return made;
      }
      case 'FunctionDeclaration': {
        const name = this.name(node.name);
        this.scope.home.value(name.text);
        const span = this.frame?.place ?? node.span;
        return { ...node, span, name, function: this.#function(node.function) };
      }
      case 'For': {
        const { init } = node;
        const names = init !== null && 'type' in init ? blockNames([init]) : [];
        return this.#inside('block', names, () => this.copy(node));
      }
      case 'ForIn': {
        const subject = this.node(node.subject) as Expression;
        const local = node.kind === 'let' || node.kind === 'const';
        return this.#inside('block', local ? [node.name.text] : [], () => {
          (local ? this.scope : this.scope.home).value(this.name(node.name).text);
          return { ...this.copy({ ...node, subject: null }), subject };
        });
      }
      case 'Try': {
        const { handler } = node;
        const made = this.copy({ ...node, handler: null });
        if (handler === null) return made;
        const names = handler.name === null ? [] : [handler.name.text];
        return { ...made, handler: this.#inside('block', names, () => this.#handler(handler)) };
      }
      default:
        return this.copy(node);
    }
  }

  #handler(handler: { readonly name: Name | null; readonly body: Block }) {
    const name = handler.name === null ? null : this.name(handler.name);
    if (name !== null) this.scope.value(name.text);
    return { name, body: this.node(handler.body) as Block };
  }

  /** An assigned name is a value's from here on, unless a macro's template declares it. */
  #assigned(target: Target): void {
    if (target.type === 'Identifier' && this.scope.find(target.name) !== null) {
      this.scope.home.value(target.name);
    }
  }

  #items(items: readonly Item[]): Item[] {
    const kept = items.flatMap((item) => this.#kept(item));
    for (const item of kept) this.#hoist(item);
    return kept.map((item) => this.node(item) as Item);
  }

  /** What the features of the session leave of an item. */
  #kept(item: Item): Item[] {
    let current = item;
    while (current.type === 'AttributedItem') {
      if (this.#features.has(current.feature) === current.negated) return [];
      current = current.item;
    }
    return [current];
  }

  /** Definitions count from the start of their block (SPEC 5.2). */
  #hoist(item: Item): void {
    if (item.type === 'ExportDeclaration' && item.declaration !== null)
      this.#hoist(item.declaration);
    if (item.type === 'FunctionDeclaration' && !this.frame?.renames.find(item.name.text)) {
      this.scope.home.value(item.name.text);
    }
  }

  #block(block: Block): Block {
    return this.#inside('block', blockNames(block.body), () => {
      const span = this.frame?.place ?? block.span;
      return { ...block, span, body: this.#items(block.body) };
    });
  }

  #function(body: FunctionBody): FunctionBody {
    const parameters = body.parameters.map(({ name }) => name.text);
    const names = this.frame === null ? [] : [...parameters, ...homeNames(body.body)];
    return this.#inside('function', names, () => {
      for (const { name } of body.parameters) this.scope.value(this.name(name).text);
      return {
        parameters: this.#part(body.parameters) as FunctionBody['parameters'],
        body: this.node(body.body) as Block,
        thisMode: body.thisMode,
        span: this.frame?.place ?? body.span,
      };
    });
  }

  #module(module: Extract<Item, { type: 'ModuleDeclaration' }>): Item {
    const outer = this.scope;
    const name = this.name(module.name);
    return this.#inside('module', [], () => {
      const members = this.#items(module.members);
      this.scope.showIn(outer.home, name.text);
      return { ...module, span: this.frame?.place ?? module.span, name, members };
    });
  }

  /** The definition stays in the tree as a statement without effect. */
  #macro(node: MacroDeclaration): MacroDeclaration {
    if (this.frame === null) {
      this.scope.define(node.name.text, { declaration: node, origin: null, written: true });
      return node;
    }
    const names = node.parameters.map(({ text }) => text);
    const declaration = this.#inside('block', names, () => this.copy(node));
    this.scope.define(declaration.name.text, { declaration, origin: null, written: false });
    return declaration;
  }

  #inside<Result>(kind: MacroScope['kind'], names: readonly string[], walk: () => Result): Result {
    const { scope, frame } = this;
    const renames = frame?.renames;
    this.scope = new MacroScope(kind, scope);
    if (frame !== null) frame.renames = this.renames(frame.renames, names, frame.given);
    const result = walk();
    this.scope = scope;
    if (frame !== null && renames !== undefined) frame.renames = renames;
    return result;
  }
}
