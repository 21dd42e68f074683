// Layouts of expressions: operators with no more parentheses than needed (SPEC 4.1), `←` for assignments inside them
// (SPEC 4.2), and line breaks only where a later line continues the expression (SPEC 1.5).
import type {
  Assignment,
  Binary,
  Block,
  BlockArgument,
  BlockConditional,
  ConditionalExpression,
  Expression,
  FunctionExpression,
  Logical,
} from '../syntax.ts';
import { group, indent, type Layout, line, suffix } from './layout.ts';
import { OperandLayout } from './operand-layout.ts';
import { binding, bindingOf, leftMinimum, leftmost, rightMinimum } from './precedence.ts';

export abstract class ExpressionLayout extends OperandLayout {
  /** Expressions that need parentheses for what they would begin. */
  readonly #guarded = new Set<Expression>();

  protected abstract functionExpression(node: FunctionExpression): Layout;
  protected abstract block(node: Block): Layout;
  protected abstract blockArgument(node: BlockArgument): Layout;

  protected expression(node: Expression, minimum: number = binding.any): Layout {
    const before = this.commentsBefore(node.span.start);
    const layout = this.#bare(node);
    const isBare = bindingOf(node) >= minimum && !this.#guarded.has(node);
    return [before, isBare ? layout : ['(', layout, ')']];
  }

  /** An expression where `=` assigns: in statements, declarations and the heads of loops. */
  protected assigned(node: Expression): Layout {
    if (node.type !== 'Assignment') return this.expression(node);
    const before = this.commentsBefore(node.span.start);
    return [before, this.#target(node), ' = ', this.assigned(node.value)];
  }

  /** Puts parentheses around what an expression begins with, if that says so. */
  protected guard(node: Expression, needsGuard: (first: Expression) => boolean): void {
    const first = leftmost(node);
    if (needsGuard(first)) this.#guarded.add(first);
  }

  #bare(node: Expression): Layout {
    switch (node.type) {
      case 'Assignment':
        return [this.#target(node), ' ← ', this.expression(node.value)];
      case 'CompoundAssignment':
        return [
          this.expression(node.target, binding.operand),
          ` ${node.operator}= `,
          this.expression(node.value),
        ];
      case 'Update': {
        const target = this.expression(node.target, binding.operand);
        return node.prefix ? [node.operator, target] : [target, node.operator];
      }
      case 'ConditionalExpression':
        return this.#conditional(node);
      case 'Logical':
      case 'Binary':
        return this.#operation(node);
      case 'Unary': {
        const operand = this.expression(node.operand, binding.prefix);
        return [node.operator, needsBlank(node.operator, node.operand) ? ' ' : '', operand];
      }
      case 'FunctionExpression':
        return this.functionExpression(node);
      case 'BlockConditional':
        return this.#blockConditional(node);
      case 'BlockArgument':
        return this.blockArgument(node);
      default:
        return this.operand(node);
    }
  }

  #target(node: Assignment): Layout {
    return this.expression(node.target, binding.operand);
  }

  #conditional({ condition, then, otherwise }: ConditionalExpression): Layout {
    return group([
      this.expression(condition, binding.or),
      indent(line, '? ', this.expression(then), line, ': ', this.expression(otherwise)),
    ]);
  }

  /** A chain of operators of one level breaks behind each of them or behind none. */
  #operation(node: Binary | Logical): Layout {
    const links: (Binary | Logical)[] = [];
    let first: Expression = node;
    while (isLinkOf(node, first) && !this.#guarded.has(first)) {
      links.push(first);
      first = first.left;
    }
    let broken = false;
    const head = this.expression(first, leftMinimum(node.operator));
    const rest = links.reverse().map(({ operator, left, right }) => {
      const behindLeft = this.commentsBehind(left.span.end, right.span.start);
      const ahead: Layout[] = [];
      const atLineEnd: Layout[] = [];
      for (const { breaks, text } of this.comments.takeAll(right.span.start)) {
        broken ||= breaks;
        if (breaks) atLineEnd.push(suffix(text));
        else ahead.push(`${text} `);
      }
      const written = this.spelling.operators.get(operator) ?? operator;
      const operand = this.expression(right, rightMinimum(operator));
      return [behindLeft, ` ${written}`, atLineEnd, line, ahead, operand];
    });
    return group([head, indent(rest)], broken);
  }

  #blockConditional({ condition, then, otherwise }: BlockConditional): Layout {
    const head = ['?(', this.expression(condition), ') ', this.block(then), ' else '];
    const rest =
      otherwise.type === 'Block' ? this.block(otherwise) : this.#blockConditional(otherwise);
    return [head, rest];
  }
}

function isLinkOf(chain: Binary | Logical, node: Expression): node is Binary | Logical {
  if (node === chain) return true;
  if (node.type !== 'Binary' && node.type !== 'Logical') return false;
  return chain.operator !== '**' && bindingOf(node) === bindingOf(chain);
}

/** `typeof x`; and `- -x`, because `--` is another operator. */
function needsBlank(operator: string, operand: Expression): boolean {
  if (operator === 'typeof') return true;
  const isSigned = operand.type === 'Unary' || (operand.type === 'Update' && operand.prefix);
  return isSigned && operator !== '!' && operand.operator.startsWith(operator);
}
