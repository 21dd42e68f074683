// The part of the walk of declare.ts that goes through functions and expressions, in the order of evaluation.
import { writtenName } from './renamed.ts';
import { FunctionInfo } from './scope.ts';
import { ScopeBuilder } from './scope-builder.ts';
import type { Block, Expression, FunctionBody, Item, Name, Target } from './syntax.ts';

export abstract class ExpressionWalk extends ScopeBuilder {
  /** Loops of the present function around the present place. */
  protected loops = 0;

  protected abstract items(items: readonly Item[]): void;
  protected abstract block(block: Block): void;

  protected functionBody(body: FunctionBody, name: Name | null): FunctionInfo {
    const outer = this.function;
    const loops = this.loops;
    const info = new FunctionInfo({
      index: this.functions.size,
      parent: outer,
      name: writtenName(name?.text ?? ''),
      lexicalThis: body.thisMode === 'lexical',
      span: name?.span ?? body.span,
      ownSymbol: name?.symbol === true ? name.text : null,
    });
    info.parameterNames = body.parameters.map((parameter) => writtenName(parameter.name.text));
    this.functions.set(body, info);
    this.ordered.push(info);
    this.function = info;
    this.loops = 0;
    this.within(body, 'function', () => {
      for (const { name } of body.parameters) {
        this.declareIn(name, name.text, 'parameter', this.scope);
      }
      for (const { defaultValue } of body.parameters) {
        if (defaultValue !== null) this.expression(defaultValue);
      }
      this.items(body.body.body);
    });
    this.function = outer;
    this.loops = loops;
    return info;
  }

  #this(): void {
    for (let info: FunctionInfo | null = this.function; info !== null; info = info.parent) {
      info.usesThis = true;
      if (!info.lexicalThis) return;
    }
  }

  protected expressions(expressions: readonly Expression[]): void {
    for (const expression of expressions) this.expression(expression);
  }

  protected expression(node: Expression): void {
    switch (node.type) {
      case 'Identifier':
        this.refer(node, node.name, 'read');
        return;
      case 'OuterIdentifier':
        this.refer(node, node.name, 'read');
        return;
      case 'Assignment':
        this.#targetParts(node.target);
        this.expression(node.value);
        this.#assigned(node.target, 'assign');
        return;
      case 'CompoundAssignment':
        this.#targetParts(node.target);
        this.#assigned(node.target, 'compound');
        this.expression(node.value);
        return;
      case 'Update':
        this.#targetParts(node.target);
        this.#assigned(node.target, 'compound');
        return;
      case 'ConditionalExpression':
        this.expressions([node.condition, node.then, node.otherwise]);
        return;
      case 'BlockConditional':
        this.expression(node.condition);
        this.block(node.then);
        if (node.otherwise.type === 'Block') this.block(node.otherwise);
        else this.expression(node.otherwise);
        return;
      case 'Logical':
      case 'Binary':
        this.expression(node.left);
        this.expression(node.right);
        return;
      case 'Unary':
        this.expression(node.operand);
        return;
      case 'Call':
      case 'New':
        this.function.hasCalls = true;
        this.expression(node.callee);
        this.expressions(node.arguments);
        return;
      case 'Member':
        this.expression(node.object);
        return;
      case 'Index':
        this.expression(node.object);
        this.expression(node.index);
        return;
      case 'Slice':
        this.expression(node.object);
        if (node.from !== null) this.expression(node.from);
        if (node.to !== null) this.expression(node.to);
        return;
      case 'FunctionExpression':
        this.functionBody(node.function, node.name);
        return;
      case 'ArrayLiteral':
        this.expressions(node.elements);
        return;
      case 'ObjectLiteral':
        for (const pair of node.pairs) this.expression(pair.value);
        return;
      case 'UserInput':
        this.function.hasCalls = true;
        return;
      case 'CurrentError':
        this.refer(node, '⚠', 'read');
        return;
      case 'This':
        this.#this();
        return;
      case 'BlockArgument':
        this.refuse('Only a macro takes a block as an argument', node.span);
        return;
      case 'NumberLiteral':
      case 'StringLiteral':
      case 'BooleanLiteral':
      case 'NullLiteral':
      case 'RegexLiteral':
      case 'EmptyCollection':
      case 'DictionaryRef':
        return;
      default:
        node satisfies never;
    }
  }

  #targetParts(target: Target): void {
    if (target.type === 'Member') this.expression(target.object);
    if (target.type === 'Index') {
      this.expression(target.object);
      this.expression(target.index);
    }
  }

  #assigned(target: Target, use: 'assign' | 'compound'): void {
    if (target.type === 'Identifier' || target.type === 'OuterIdentifier') {
      this.refer(target, target.name, use);
    }
  }
}
