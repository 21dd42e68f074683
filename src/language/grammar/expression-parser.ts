// Operators (SPEC 4.1) and the two meanings of `=` (SPEC 4.2).
import type {
  Assignment,
  Binary,
  BinaryOperator,
  Call,
  CompoundAssignment,
  Expression,
  FunctionExpression,
  Logical,
  Target,
} from '../syntax.ts';
import type { Token } from '../token.ts';
import { isArrowFunction, startsOperand } from './lookahead.ts';
import { OperandParser } from './operand-parser.ts';

/** What `=` does: compare; assign where the left side can be assigned to; or the same, and refuse any other left side. */
type Equals = 'compares' | 'assigns' | 'must assign';

export abstract class ExpressionParser extends OperandParser {
  /** Equalities written with a single `=`. */
  readonly #singleEquals = new Set<Expression>();

  protected expression(): Expression {
    return this.#operation('compares');
  }

  /** Assign: `=` assigns to a target, and compares after anything else. */
  protected assignment(): Expression {
    return this.#operation('assigns');
  }

  /** The expression of an expression statement: its outermost `=` must assign. */
  protected statementExpression(): Expression {
    const { start } = this.token;
    const expression = this.#operation('must assign');
    const compares = this.#singleEquals.has(expression) && expression.span.start === start;
    if (compares && expression.type === 'Binary') {
      this.error('Invalid assignment target', expression.left.span);
    } else this.warnIfDiscarded(expression);
    return expression;
  }

  /** Warns about `=` that was meant to assign, where the value of `expression` goes nowhere (SPEC 4.2). */
  protected warnIfDiscarded(expression: Expression): void {
    let last = expression;
    for (;;) {
      if (last.type === 'Logical') last = last.right;
      else if (last.type === 'ConditionalExpression') {
        this.warnIfDiscarded(last.then);
        last = last.otherwise;
      } else break;
    }
    if (last.type !== 'Binary' || last.left.type !== 'Identifier') return;
    if (!this.#singleEquals.has(last)) return;
    this.warn(
      "'=' compares here and the result is not used; write '←' to assign",
      last.operatorSpan,
    );
  }

  /** `each(xs, x => total = total + x)`: nobody sees what the function returns. */
  protected callRead({ callee, arguments: values }: Call): void {
    const name = callee.type === 'Identifier' ? callee.name : undefined;
    const called = callee.type === 'Member' ? callee.property.text : name;
    if (called !== 'each' && called !== 'forEach') return;
    for (const value of values) if (value.type === 'FunctionExpression') this.#warnInside(value);
  }

  #warnInside({ function: { body } }: FunctionExpression): void {
    const only = body.body.length === 1 ? body.body[0] : undefined;
    // An expression body is a Return with the place of its value.
    if (only?.type !== 'Return' || !only.value || only.span.start !== only.value.span.start) return;
    this.warnIfDiscarded(only.value);
  }

  #operation(equals: Equals): Expression {
    this.enter();
    const result = this.#arrowStarts() ? this.arrowFunction() : this.#ternary(equals);
    this.leave();
    return result;
  }

  #arrowStarts(): boolean {
    if (isArrowFunction(this.tokens, this.position)) return true;
    const next = this.peek();
    const behindAsync = this.atWord('async') && !next.lineBreakBefore;
    return behindAsync && isArrowFunction(this.tokens, this.position + 1);
  }

  #ternary(equals: Equals): Expression {
    const first = this.token;
    // `async function` and `async ƒ`: the word changes nothing.
    if (this.atWord('async') && ['function', 'ƒ'].includes(this.peek().text)) this.advance();
    let left = this.#binary(this.#unary(), relationPrecedence, first);
    if (equals !== 'compares' && this.at('=') && isTarget(left, first)) {
      return this.#assign(left, () => this.assignment());
    }
    left = this.#binary(left, lowestPrecedence, first);
    if (this.at('?') && this.#ternaryContinues()) {
      this.advance();
      const then = this.expression();
      this.expect(':');
      const otherwise = this.expression();
      const span = this.spanFrom(first.start);
      return { type: 'ConditionalExpression', span, condition: left, then, otherwise };
    }
    if (this.at('←')) return this.#assign(this.#target(left, first), () => this.expression());
    const compound = compoundOperators.get(this.token.text);
    return compound === undefined ? left : this.#compoundAssign(compound, left, first);
  }

  /** On a later line `?(` begins a statement, not a ternary (SPEC 1.5). */
  #ternaryContinues(): boolean {
    const open = this.peek();
    if (!this.token.lineBreakBefore || open.text !== '(') return true;
    return open.start !== this.token.end && this.tokens[open.partner + 1]?.text !== '{';
  }

  #assign(target: Target, parseValue: () => Expression): Assignment {
    this.advance();
    const value = parseValue();
    return { type: 'Assignment', span: this.spanFrom(target.span.start), target, value };
  }

  #compoundAssign(
    operator: CompoundAssignment['operator'],
    left: Expression,
    first: Token,
  ): CompoundAssignment {
    const target = this.#target(left, first);
    const { start, end } = this.advance();
    const value = this.expression();
    const span = this.spanFrom(first.start);
    return {
      type: 'CompoundAssignment',
      span,
      operator,
      target,
      value,
      operatorSpan: { start, end },
    };
  }

  /**
   * All operators from `minimum` on that follow `operand`; those of one level associate to the left. Keeps the operands
   * that wait for a tighter operator in a list instead of recursing by level, to save stack.
   */
  #binary(operand: Expression, minimum: number, first: Token): Expression {
    if (precedenceOf(this.token) < minimum) return operand;
    const waiting: { left: Expression; start: number; operator: Token }[] = [];
    let right = operand;
    let { start } = first;
    for (;;) {
      const next = precedenceOf(this.token);
      const precedence = next < minimum ? 0 : next;
      let last = waiting.at(-1);
      while (last && precedenceOf(last.operator) >= precedence) {
        right = this.#combine(last.left, last.operator, right, last.start);
        start = last.start;
        waiting.pop();
        last = waiting.at(-1);
      }
      if (precedence === 0) return right;
      waiting.push({ left: right, start, operator: this.advance() });
      start = this.token.start;
      right = this.#unary();
    }
  }

  #combine(left: Expression, operator: Token, right: Expression, start: number): Binary | Logical {
    const span = this.spanFrom(start);
    if (operator.text === '&&' || operator.text === '||') {
      return { type: 'Logical', span, operator: operator.text, left, right };
    }
    const operatorSpan = { start: operator.start, end: operator.end };
    const text = operator.text === '=' ? '==' : (operator.text as BinaryOperator);
    const binary: Binary = { type: 'Binary', span, operator: text, operatorSpan, left, right };
    if (operator.text === '=') this.#singleEquals.add(binary);
    return binary;
  }

  #unary(): Expression {
    const { token } = this;
    switch (token.text) {
      case '!':
      case '-':
      case '+':
      case 'typeof': {
        this.advance();
        const operand = this.#nestedUnary();
        if (token.text === '!') this.#warnIfShell(operand, token);
        return { type: 'Unary', span: this.spanFrom(token.start), operator: token.text, operand };
      }
      case '++':
      case '--': {
        this.advance();
        const first = this.token;
        const target = this.#target(this.postfix(), first);
        const span = this.spanFrom(token.start);
        return { type: 'Update', span, operator: token.text, prefix: true, target };
      }
      default:
        if (!this.#awaitStarts()) return this.#power();
        this.advance();
        return this.#nestedUnary();
    }
  }

  #nestedUnary(): Expression {
    this.enter();
    const operand = this.#unary();
    this.leave();
    return operand;
  }

  /** `await x` is `x`; `await` alone, or before an operator, is a name. */
  #awaitStarts(): boolean {
    const next = this.peek();
    if (!this.atWord('await') || next.lineBreakBefore) return false;
    return startsOperand(next) && !['[', '+', '-', '++', '--', '?', ':', '::'].includes(next.text);
  }

  #power(): Expression {
    const first = this.token;
    const base = this.#postfixUpdate(this.postfix(), first);
    if (!this.at('**')) return base;
    const operator = this.advance();
    return this.#combine(base, operator, this.#nestedUnary(), first.start);
  }

  #postfixUpdate(operand: Expression, first: Token): Expression {
    const operator = this.token.text;
    if ((operator !== '++' && operator !== '--') || this.token.lineBreakBefore) return operand;
    const target = this.#target(operand, first);
    this.advance();
    return { type: 'Update', span: this.spanFrom(first.start), operator, prefix: false, target };
  }

  #target(expression: Expression, first: Token): Target {
    if (isTarget(expression, first)) return expression;
    return this.fail('Invalid assignment target', expression.span);
  }

  /** The sources run shell commands with `!("...")`; here `!` is only ever logical not (SPEC 9.14). */
  #warnIfShell(operand: Expression, place: Token): void {
    let first = operand;
    while (first.type === 'Binary' && first.operator === '+') first = first.left;
    if (first.type !== 'StringLiteral') return;
    this.warn("'!' is logical not; shell commands are not available", place);
  }
}

/** A target is written without parentheses, so it begins where the operand began. */
function isTarget(expression: Expression, first: Token): expression is Target {
  return targetTypes.has(expression.type) && expression.span.start === first.start;
}

/** 0 for what is no binary operator. */
function precedenceOf({ text }: Token): number {
  return precedences.get(text) ?? 0;
}

const targetTypes: ReadonlySet<string> = new Set([
  'Identifier',
  'OuterIdentifier',
  'Member',
  'Index',
]);
const lowestPrecedence = 1;
const relationPrecedence = 4;
const precedences: ReadonlyMap<string, number> = new Map([
  ['||', lowestPrecedence],
  ['&&', 2],
  ...['==', '!=', '===', '!==', '='].map((operator) => [operator, 3] as const),
  ...['<', '>', '<=', '>='].map((operator) => [operator, relationPrecedence] as const),
  ...['+', '-'].map((operator) => [operator, 5] as const),
  ...['*', '/', '%'].map((operator) => [operator, 6] as const),
]);
const compoundOperators: ReadonlyMap<string, CompoundAssignment['operator']> = new Map([
  ['+=', '+'],
  ['-=', '-'],
  ['*=', '*'],
  ['/=', '/'],
  ['%=', '%'],
]);
