// Names, parameters and function bodies: what every spelling of a function has in common (SPEC 4 FunctionDef,
// FunctionExpr, Arrow).
import { contextualSymbols } from '../symbols.ts';
import type {
  Block,
  Expression,
  FunctionBody,
  FunctionExpression,
  Name,
  Parameter,
} from '../syntax.ts';
import type { Token } from '../token.ts';
import { argumentsMax, Cursor } from './cursor.ts';
import { reservedHints } from './keyword-hints.ts';
import { isName, isObjectStart, isReserved, isTypeMark } from './lookahead.ts';

export abstract class FunctionParser extends Cursor {
  /** An open `{` is not an object literal here, because a body follows (`NoBrace` in SPEC 4). */
  protected bodyFollows = false;
  /** Loops around this place within the same function. */
  protected loops = 0;

  /** Expr: `=` compares. */
  protected abstract expression(): Expression;
  /** Block = "{" { Item } "}" */
  protected abstract block(): Block;

  protected name(): Name {
    if (!isName(this.token)) this.expected('a name');
    this.refuseReserved(this.token);
    return nameOf(this.advance());
  }

  /** FName: a name or a function symbol. */
  protected nameOrSymbol(): Name {
    const contextual = this.contextualName();
    if (contextual !== undefined || this.token.kind === 'symbol') {
      const { start, end, text } = this.advance();
      return { text: contextual ?? text, span: { start, end }, symbol: true };
    }
    return this.name();
  }

  /** The function that a symbol with several meanings stands for, where a name is expected. */
  protected contextualName(): string | undefined {
    const needsParenthesis = this.at('ε') || this.at('?');
    if (needsParenthesis && this.peek().text !== '(') return undefined;
    return this.token.kind === 'mark' || this.token.kind === 'punctuation'
      ? contextualSymbols.get(this.token.text)
      : undefined;
  }

  protected refuseReserved(token: Token): void {
    if (!isReserved(token)) return;
    this.fail(`'${token.text}' is a reserved word`, token, reservedHints.get(token.text));
  }

  /** "(" [ Params ] ")"; bare type marks are annotations and leave nothing. */
  protected parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    this.insideBrackets('(', ')', () => {
      while (!this.at(')')) {
        const marked = isTypeMark(this.token) || this.at('λ');
        if (parameters.length === argumentsMax) this.fail('Too many parameters', this.token);
        if (marked) this.advance();
        if (!marked || (!this.at(',') && !this.at(')'))) parameters.push(this.#parameter());
        if (!this.separator(')')) break;
        if (this.at(')')) this.unexpected();
      }
    });
    return parameters;
  }

  #parameter(): Parameter {
    const start = this.token.start;
    const name = this.name();
    const defaultValue = this.take('=') ? this.expression() : null;
    return { name, defaultValue, span: this.spanFrom(start) };
  }

  /** A Block that is the body of a function beginning at `start`. */
  protected functionBlock(
    parameters: readonly Parameter[],
    thisMode: FunctionBody['thisMode'],
    start: number,
  ): FunctionBody {
    const body = this.insideFunction(() => this.block());
    return { parameters, body, thisMode, span: this.spanFrom(start) };
  }

  /** Block | Expr: an expression is the block's one Return. */
  protected functionBlockOrExpression(
    parameters: readonly Parameter[],
    thisMode: FunctionBody['thisMode'],
    start: number,
    expression = () => this.expression(),
  ): FunctionBody {
    if (this.at('{') && !isObjectStart(this.tokens, this.position)) {
      return this.functionBlock(parameters, thisMode, start);
    }
    const value = this.insideFunction(expression);
    const { span } = value;
    const body: Block = { type: 'Block', span, body: [{ type: 'Return', span, value }] };
    return { parameters, body, thisMode, span: this.spanFrom(start) };
  }

  /** [ "async" ] ( Name | "(" [ Params ] ")" ) arrow ( Block | Expr ) */
  protected arrowFunction(): FunctionExpression {
    const start = this.token.start;
    if (this.atWord('async') && (isName(this.peek()) || this.peek().text === '(')) this.advance();
    const parameters = this.at('(') ? this.parameters() : [this.#loneParameter()];
    this.advance();
    const body = this.functionBlockOrExpression(parameters, 'lexical', start);
    return { type: 'FunctionExpression', span: body.span, name: null, function: body };
  }

  /** `function(p){}`, `ƒ(p){}`, `φ(p){}`, `λ p {}`, `λ(p,q){}`, `λ{}` where an operand is expected. */
  protected functionExpression(): FunctionExpression {
    const keyword = this.advance();
    const { start } = keyword;
    const ownThis = keyword.text === 'function' || keyword.text === 'ƒ';
    if (ownThis && this.atWord('async')) this.advance();
    let name: Name | null = null;
    let parameters: Parameter[] = [];
    if (this.at('(')) parameters = this.parameters();
    else if (keyword.text === 'λ' && !this.at('{')) parameters = [this.#loneParameter()];
    else if (ownThis && !this.at('{')) {
      name = this.nameOrSymbol();
      if (this.at('(')) parameters = this.parameters();
    }
    const body = this.functionBlock(parameters, ownThis ? 'own' : 'lexical', start);
    return { type: 'FunctionExpression', span: body.span, name, function: body };
  }

  /** Parses what stands between two brackets; there `{` can be an object literal again. */
  protected insideBrackets<Result>(open: string, close: string, parse: () => Result): Result {
    this.expect(open);
    const before = this.bodyFollows;
    this.bodyFollows = false;
    const result = parse();
    this.bodyFollows = before;
    this.expect(close);
    return result;
  }

  /** Takes the comma between elements; false before the closing bracket, which is what is missing otherwise. */
  protected separator(close: string): boolean {
    if (this.at(close)) return false;
    return this.take(',') || this.expected(`'${close}'`);
  }

  /** Runs a parse in which `break`, `continue` and `{` start afresh. */
  protected insideFunction<Result>(parse: () => Result): Result {
    const { loops, bodyFollows } = this;
    this.loops = 0;
    this.bodyFollows = false;
    const result = parse();
    this.loops = loops;
    this.bodyFollows = bodyFollows;
    return result;
  }

  #loneParameter(): Parameter {
    const name = this.name();
    return { name, defaultValue: null, span: name.span };
  }
}

export function nameOf({ kind, text, start, end }: Token): Name {
  const span = { start, end };
  return kind === 'symbol' ? { text, span, symbol: true } : { text, span };
}
