// Expands the macros of one unit (SPEC 6.8) and decides its attributes (SPEC 6.7): makes a new tree in the order of the source.
// A template is walked like the unit, with a frame that says what its parameters stand for and how its own names are renamed.
import type { Span } from '../span.ts';
import type {
  Block,
  Call,
  Expression,
  ExpressionStatement,
  Identifier,
  Item,
  MacroDeclaration,
  Name,
  Statement,
  Target,
} from '../syntax.ts';
import type { Macro } from './macro.ts';
import { ScopedWalk } from './scoped-walk.ts';
import { blockNames, homeNames, type Renames } from './template-names.ts';
import { isNode } from './tree-copy.ts';

/** Expansions inside one another (SPEC 6.8). */
export const expansionDepthMax = 100;

export class Expander extends ScopedWalk {
  protected identifier(node: Identifier): Expression {
    const given = this.frame?.given.get(node.name);
    if (given === undefined) return this.renamedIdentifier(node);
    return given.type === 'BlockArgument' ? blockValue(this.clone(given.body)) : this.clone(given);
  }

  protected statement(node: ExpressionStatement): Statement {
    const { expression } = node;
    if (expression.type === 'Identifier') {
      const given = this.frame?.given.get(expression.name);
      if (given?.type === 'BlockArgument') return this.clone(given.body);
    }
    if (expression.type === 'Call') {
      const expanded = this.#expandCall(expression, 'statement');
      if (expanded !== null) return expanded as Statement;
    }
    return this.copy(node);
  }

  protected call(node: Call): Expression {
    const expanded = this.#expandCall(node, 'expression');
    if (expanded !== null) return expanded as Expression;
    const call = this.copy(node);
    this.noteWritten(node.callee, call.callee);
    return call;
  }

  protected target(node: Target): Target {
    const target = this.node(node) as Expression;
    if (targetTypes.has(target.type)) return target as Target;
    return this.fail('Invalid assignment target', target.span);
  }

  /** The macro that a call means, or null. */
  #macroOf(callee: Expression): Macro | null {
    const name = this.#pathOf(callee);
    if (name === null || this.isHidden(name)) return null;
    return this.scope.find(name);
  }

  /** `name`, `a.b.name` or `a::b::name` as one text; null for any other callee. */
  #pathOf(callee: Expression): string | null {
    if (callee.type === 'Member') {
      const object = this.#pathOf(callee.object);
      return object === null ? null : `${object}::${callee.property.text}`;
    }
    if (callee.type !== 'Identifier') return null;
    const given = this.frame?.given.get(callee.name);
    if (given !== undefined) return given.type === 'Identifier' ? given.name : null;
    return this.frame?.renames.find(callee.name) ?? callee.name;
  }

  #expandCall(node: Call, position: Position): Statement | Expression | null {
    const macro = this.#macroOf(node.callee);
    if (macro === null) return null;
    const { declaration } = macro;
    const place = this.frame?.place ?? node.span;
    this.#check(declaration, node, place);
    const given = new Map<string, Expression>();
    for (const [i, argument] of node.arguments.entries()) {
      given.set(declaration.parameters[i]!.text, this.#argument(argument));
    }
    const { template } = declaration;
    const own = template.type === 'VariableDeclaration' ? blockNames([template]) : [];
    const outer = this.frame;
    this.frame = {
      macro,
      given,
      place,
      depth: (outer?.depth ?? 0) + 1,
      outer,
      renames: this.renames(null, [...homeNames(template), ...own], given),
      textStart: this.textStart(macro),
    };
    const expanded = this.#instantiate(template, position, this.frame.renames);
    this.frame = outer;
    return expanded;
  }

  #check({ name, parameters }: MacroDeclaration, node: Call, place: Span): void {
    if ((this.frame?.depth ?? 0) >= expansionDepthMax) {
      const levels = `more than ${expansionDepthMax} levels deep`;
      this.fail(`The expansion of macro '${name.text}' is ${levels}`, place);
    }
    const { length } = node.arguments;
    if (length === parameters.length) return;
    const wanted = parameters.length === 1 ? '1 argument' : `${parameters.length} arguments`;
    this.fail(`Macro '${name.text}' takes ${wanted}, got ${length}`, place);
  }

  /** Arguments are expanded where they are written, before the template sees them. */
  #argument(argument: Expression): Expression {
    if (argument.type === 'Identifier') {
      const given = this.frame?.given.get(argument.name);
      if (given !== undefined) return this.clone(given);
    }
    return this.node(argument) as Expression;
  }

  #instantiate(
    template: Statement | Expression,
    position: Position,
    renames: Renames,
  ): Statement | Expression {
    const place = this.frame!.place;
    const isBlock = template.type === 'Block';
    const isExpression = !statementTypes.has(template.type);
    if (position === 'expression' && isExpression && renames.size === 0) {
      return this.node(template) as Expression;
    }
    const statement = isExpression
      ? this.statement({
          type: 'ExpressionStatement',
          span: place,
          expression: template as Expression,
        })
      : (this.node(template) as Statement);
    if (position === 'statement' && !isBlock && renames.size === 0) return statement;
    const body: readonly Item[] =
      isBlock && statement.type === 'Block' ? statement.body : [statement];
    const block: Block = { type: 'Block', span: place, body, expansion: true };
    return position === 'statement' ? block : blockValue(block);
  }

  /** In the place of a name: the name that was given for a parameter, or the new one of what the template declares. */
  protected name(name: Name): Name {
    const { frame } = this;
    if (frame === null) return name;
    const given = frame.given.get(name.text);
    if (given === undefined) {
      return { ...name, text: frame.renames.find(name.text) ?? name.text, span: frame.place };
    }
    if (given.type !== 'Identifier') {
      const needed = `'${name.text}' must be a name, as the macro '${frame.macro.declaration.name.text}' declares it`;
      return this.fail(needed, isNode(given) ? given.span : frame.place);
    }
    const { name: text, span, symbol } = given;
    return { text, span, ...(symbol && { symbol }) };
  }
}

type Position = 'statement' | 'expression';

/** A block as an operand: the value of its last statement. */
function blockValue(then: Block): Expression {
  const { span } = then;
  const condition = { type: 'BooleanLiteral', span, value: true } as const;
  const otherwise: Block = { type: 'Block', span, body: [] };
  return { type: 'BlockConditional', span, condition, then, otherwise };
}

const targetTypes: ReadonlySet<string> = new Set([
  'Identifier',
  'OuterIdentifier',
  'Member',
  'Index',
]);
const statementTypes: ReadonlySet<string> = new Set([
  ...['Block', 'EmptyStatement', 'VariableDeclaration', 'FunctionDeclaration', 'If', 'While'],
  ...['For', 'ForIn', 'Try', 'Return', 'Throw', 'Break', 'Continue', 'AttributedItem'],
  'ExpressionStatement',
]);
