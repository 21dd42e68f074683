// First half of name resolution: walks the tree once in the order of evaluation, makes scopes and explicit variables, and
// notes every occurrence of a name; here items and statements. Decides nothing about implicit variables: see resolver.ts.
import { ExpressionWalk } from './declare-expressions.ts';
import { moduleNameOf } from './file-module.ts';
import type {
  Block,
  Expression,
  For,
  ForIn,
  FunctionDeclaration,
  ImportDeclaration,
  Item,
  ModuleDeclaration,
  Program,
  Try,
  VariableDeclaration,
} from './syntax.ts';
import { isIdentifier } from './token.ts';

/** The walk of a unit; what it collects are its fields. */
export class Declarations extends ExpressionWalk {
  constructor(program: Program) {
    super(program);
    this.items(program.body);
  }

  protected items(items: readonly Item[]): void {
    for (const item of items) this.#item(item);
  }

  protected block(block: Block): void {
    this.within(block, 'block', () => this.items(block.body));
  }

  #loop(body: () => void): void {
    this.loops++;
    body();
    this.loops--;
  }

  #item(item: Item): void {
    switch (item.type) {
      case 'MainModule':
        this.items(item.members);
        return;
      case 'ModuleDeclaration':
        this.#module(item);
        return;
      case 'ImportDeclaration':
        this.#import(item);
        return;
      case 'ExportDeclaration':
        if (item.declaration !== null) this.#item(item.declaration);
        return;
      case 'MacroDeclaration':
      case 'AttributedItem':
        // The expansion has done with both.
        return;
      case 'Block':
        this.block(item);
        return;
      case 'VariableDeclaration':
        this.#variableDeclaration(item);
        return;
      case 'FunctionDeclaration':
        this.#functionDeclaration(item);
        return;
      case 'If':
        this.expression(item.condition);
        this.#item(item.then);
        if (item.otherwise !== null) this.#item(item.otherwise);
        return;
      case 'While':
        this.expression(item.condition);
        this.#loop(() => this.#item(item.body));
        return;
      case 'For':
        this.#for(item);
        return;
      case 'ForIn':
        this.#forIn(item);
        return;
      case 'Try':
        this.#try(item);
        return;
      case 'Return':
        if (item.value !== null) this.expression(item.value);
        return;
      case 'Throw':
        this.expression(item.value);
        return;
      case 'Break':
      case 'Continue':
        if (this.loops === 0) {
          this.refuse(`'${item.type.toLowerCase()}' outside a loop`, item.span);
        }
        return;
      case 'EmptyStatement':
        return;
      case 'ExpressionStatement':
        this.#statementExpression(item.expression);
        return;
      default:
        item satisfies never;
    }
  }

  /** In a module `name = value` outside of its functions declares (SPEC 4, VarDef). */
  #statementExpression(expression: Expression): void {
    let target = expression;
    while (target.type === 'Assignment' && target.target.type === 'Identifier') {
      const { name } = target.target;
      const home = this.home(name);
      if (home.kind === 'module' && !this.isVisible(name, home)) {
        this.declareIn(target.target, name, 'var', home);
      }
      target = target.value;
    }
    this.expression(expression);
  }

  #variableDeclaration(declaration: VariableDeclaration): void {
    const kind = declaration.kind === 'mark' ? 'var' : declaration.kind;
    for (const { name, value } of declaration.bindings) {
      if (value !== null) this.expression(value);
      this.declareIn(name, name.text, kind, this.homeOf(declaration.kind, name.text));
    }
  }

  #functionDeclaration(declaration: FunctionDeclaration): void {
    const { name } = declaration;
    const home = this.home(name.text);
    this.declareIn(name, name.text, 'function', home);
    const info = this.functionBody(declaration.function, name);
    info.watched = name.text === 'main' && home.kind !== 'function';
  }

  #module(module: ModuleDeclaration): void {
    const { text } = module.name;
    this.declareIn(module.name, text, 'module', this.home(text));
    this.within(module, 'module', () => this.items(module.members));
  }

  #import(node: ImportDeclaration): void {
    const { source } = node;
    const bound = boundName(node);
    const home = this.home(bound?.text ?? '');
    if (source.kind === 'path') {
      const first = source.path[0]!;
      this.refer(first, first.text, 'read');
    } else {
      this.function.hasCalls = true;
      if (bound !== null && !isIdentifier(bound.text)) {
        this.refuse(`'${bound.text}' is no name for a module: write 'as' and another`, node.span);
      }
    }
    if (node.items === '*') {
      // At the top level of the session every name becomes a session variable as the import runs.
      if (home.kind === 'unit') this.declarations.set(node, null);
      else this.declareStar(node, home);
    } else if (node.items !== null) {
      for (const item of node.items) {
        this.declareIn(item.name, (item.alias ?? item.name).text, 'import', home);
      }
    }
    if (bound === null) return;
    // `import a` alone names what has that name already.
    const isItself = node.alias === null && source.kind === 'path' && source.path.length === 1;
    if (!isItself) this.declareIn(bound.key, bound.text, 'import', home);
  }

  #for(node: For): void {
    this.within(node, 'block', () => {
      const { init } = node;
      if (init !== null && 'type' in init) this.#variableDeclaration(init);
      else if (init !== null) {
        for (const expression of init) this.#loopVariables(expression);
        for (const expression of init) this.expression(expression);
      }
      if (node.condition !== null) this.expression(node.condition);
      this.#loop(() => this.#item(node.body));
      for (const step of node.step) this.expression(step);
    });
  }

  /** SPEC 5.1 rule 2: what a loop's head assigns is a local of the function. */
  #loopVariables(expression: Expression): void {
    let current = expression;
    while (current.type === 'Assignment') {
      if (current.target.type === 'Identifier')
        this.declareLoop(current.target, current.target.name);
      current = current.value;
    }
  }

  #forIn(node: ForIn): void {
    this.expression(node.subject);
    this.within(node, 'block', () => {
      if (node.kind === null) this.declareLoop(node.name, node.name.text);
      else {
        const kind = node.kind === 'mark' ? 'var' : node.kind;
        this.declareIn(node.name, node.name.text, kind, this.homeOf(node.kind, node.name.text));
      }
      this.#loop(() => this.#item(node.body));
    });
  }

  #try(node: Try): void {
    this.block(node.block);
    const { handler } = node;
    if (handler !== null) {
      this.within(handler, 'block', () => {
        this.declareIn(handler, '⚠', 'error', this.scope);
        if (handler.name !== null) {
          this.declareIn(handler.name, handler.name.text, 'catch', this.scope);
        }
        this.items(handler.body.body);
      });
    }
    if (node.finalizer !== null) this.block(node.finalizer);
  }
}

/** What an import binds as a whole, and the key of that declaration: the alias, or what it names if it names no items. */
function boundName({
  alias,
  items,
  source,
}: ImportDeclaration): { key: object; text: string } | null {
  if (alias !== null) return { key: alias, text: alias.text };
  if (items !== null) return null;
  if (source.kind === 'file') return { key: source, text: moduleNameOf(source.name) };
  const last = source.path.at(-1)!;
  return { key: last, text: last.text };
}
