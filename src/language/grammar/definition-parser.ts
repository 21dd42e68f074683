// Named functions in all their spellings (SPEC 4 FunctionDef, 4.3.1).
import type {
  EmptyStatement,
  FunctionBody,
  FunctionDeclaration,
  Name,
  Parameter,
} from '../syntax.ts';
import { ControlParser } from './control-parser.ts';
import { isArrow, isName, isParameterList } from './lookahead.ts';

export abstract class DefinitionParser extends ControlParser {
  /** Name ( params ) and then `{` or a single `=` (SPEC 4.3.1). */
  protected definitionAt(index: number): boolean {
    const open = this.tokens[index + 1];
    if (!isName(this.tokens[index]) || open?.text !== '(' || open.lineBreakBefore) return false;
    const after = this.tokens[open.partner + 1]?.text;
    return (after === '{' || after === '=') && isParameterList(this.tokens, index + 1);
  }

  protected namedFunction(): FunctionDeclaration {
    const { start } = this.token;
    const name = this.name();
    const parameters = this.parameters();
    const isExpression = this.take('=');
    const body = isExpression
      ? this.functionBlockOrExpression(parameters, 'own', start)
      : this.functionBlock(parameters, 'own', start);
    if (isExpression && this.#hasExpressionBody(body)) this.endOfStatement();
    return functionDeclaration(name, body);
  }

  /** At `function`, `ƒ`, or an `ι` that defines a function: a name follows, so it is no anonymous function. */
  protected definitionFollows(): boolean {
    const { text } = this.#namesAsync() ? this.peek(2) : this.peek();
    return text !== '(' && text !== '{';
  }

  protected keywordFunction(): FunctionDeclaration | EmptyStatement {
    const isAsync = this.#namesAsync();
    const keyword = this.advance();
    if (isAsync) this.advance();
    const name = this.nameOrSymbol();
    let parameters: Parameter[] = [];
    if (this.at('(')) {
      parameters = this.parameters();
      if (this.at(';')) return this.#bodyless(keyword.start);
      if (keyword.text !== 'function' && isArrow(this.tokens, this.position)) {
        return this.#arrowDefinition(name, parameters, keyword.start);
      }
    }
    return functionDeclaration(name, this.functionBlock(parameters, 'own', keyword.start));
  }

  /** `ƒ async name`, but not a function whose name is `async`. */
  #namesAsync(): boolean {
    const next = this.peek();
    return next.kind === 'name' && next.text === 'async' && this.peek(2).text !== '(';
  }

  #arrowDefinition(name: Name, parameters: Parameter[], start: number): FunctionDeclaration {
    this.advance();
    const body = this.functionBlockOrExpression(parameters, 'own', start);
    if (this.#hasExpressionBody(body)) this.endOfStatement();
    return functionDeclaration(name, body);
  }

  /** `ƒ name(params);` in interface lists means nothing (SPEC 4.3.15). */
  #bodyless(start: number): EmptyStatement {
    this.advance();
    return { type: 'EmptyStatement', span: this.spanFrom(start) };
  }

  #hasExpressionBody({ body }: FunctionBody): boolean {
    const only = body.body[0];
    return only?.type === 'Return' && only.span.start === body.span.start;
  }
}

function functionDeclaration(name: Name, body: FunctionBody): FunctionDeclaration {
  return { type: 'FunctionDeclaration', span: body.span, name, function: body };
}
