// Statements (SPEC 4 Statement, Declaration): which one begins here, and the simple ones.
import type {
  Binding,
  Call,
  Expression,
  ExpressionStatement,
  Statement,
  VariableDeclaration,
} from '../syntax.ts';
import { AttributeParser } from './attribute-parser.ts';
import { isArrow, isObjectStart, isTypeMark, markMeaning, startsOperand } from './lookahead.ts';

export abstract class StatementParser extends AttributeParser {
  protected statement(): Statement {
    this.enter();
    const statement = this.#dispatch();
    this.leave();
    return statement;
  }

  /** ( "let" | "const" | "var" | "ι" | "σ" | "ξ" | "β" ) Binding { "," Binding }, without its end. */
  protected declarationHead(): VariableDeclaration | undefined {
    const { start, text } = this.token;
    const isKeyword = text === 'let' || text === 'const' || text === 'var';
    if (!isKeyword && !isTypeMark(this.token)) return undefined;
    this.advance();
    const bindings: Binding[] = [];
    do bindings.push(this.#binding());
    while (this.take(','));
    const kind = isKeyword ? text : 'mark';
    return { type: 'VariableDeclaration', span: this.spanFrom(start), kind, bindings };
  }

  #dispatch(): Statement {
    const { token } = this;
    switch (token.kind) {
      case 'keyword':
        return this.#keywordStatement();
      case 'mark':
        return this.#markStatement();
      case 'punctuation':
        return this.#punctuationStatement();
      case 'symbol':
        return this.#printsWithoutParentheses() ? this.#print() : this.#expressionStatement();
      case 'name':
        return this.#nameStatement();
      default:
        return this.#expressionStatement();
    }
  }

  #keywordStatement(): Statement {
    switch (this.token.text) {
      case 'let':
      case 'const':
      case 'var':
        return this.#declaration();
      case 'if':
        return this.ifStatement();
      case 'while':
        return this.whileStatement();
      case 'for':
        return this.forStatement();
      case 'try':
        return this.tryStatement();
      case 'return':
        return this.#return();
      case 'throw':
        return this.#throw();
      case 'break':
      case 'continue':
        return this.#jump();
      case 'function':
        return this.#functionOrExpression();
      default:
        return this.#expressionStatement();
    }
  }

  #markStatement(): Statement {
    if (this.at('ƒ')) return this.#functionOrExpression();
    if (!isTypeMark(this.token)) return this.#expressionStatement();
    const meaning = this.at('ι') ? markMeaning(this.tokens, this.position) : 'declaration';
    if (meaning === 'if') return this.ifStatement();
    return meaning === 'function' ? this.#functionOrExpression() : this.#declaration();
  }

  #punctuationStatement(): Statement {
    const next = this.peek();
    switch (this.token.text) {
      case '{':
        if (isObjectStart(this.tokens, this.position)) return this.#expressionStatement();
        return this.block();
      case ';': {
        const { start, end } = this.advance();
        return { type: 'EmptyStatement', span: { start, end } };
      }
      case '?':
        return this.#asksForBody() ? this.ifStatement() : this.#expressionStatement();
      case '@':
        return this.forStatement();
      case '∞':
        return this.endlessLoop();
      case '÷':
        return next.text === '{' ? this.symbolicTry() : this.#expressionStatement();
      case '⟼':
        return this.#return();
      case '#[':
        return this.attributed(() => this.statement());
      default:
        return this.#expressionStatement();
    }
  }

  #nameStatement(): Statement {
    if (this.atWord('loop') && this.peek().text === '{') return this.endlessLoop();
    if (this.atWord('async') && !this.peek().lineBreakBefore) {
      const next = this.peek();
      const isDefinition =
        next.text === 'function' || next.text === 'ƒ' || this.definitionAt(this.position + 1);
      if (isDefinition && !isArrow(this.tokens, this.position + 2)) this.advance();
      if (this.at('function') || this.at('ƒ')) return this.#functionOrExpression();
    }
    return this.definitionAt(this.position) ? this.namedFunction() : this.#expressionStatement();
  }

  #functionOrExpression(): Statement {
    return this.definitionFollows() ? this.keywordFunction() : this.#expressionStatement();
  }

  #declaration(): Statement {
    const declaration = this.declarationHead();
    this.endOfStatement();
    return declaration ?? this.unexpected();
  }

  #binding(): Binding {
    const { start } = this.token;
    const name = this.name();
    const value = this.take('=') || this.take('←') ? this.assignment() : null;
    return { name, value, span: this.spanFrom(start) };
  }

  /** `return e`, `⟼ e`; `⟼()` returns null (SPEC 4.3.7). */
  #return(): Statement {
    const { start, end } = this.advance();
    const emptyParentheses =
      this.at('(') && this.peek().text === ')' && !isArrow(this.tokens, this.position + 2);
    let value: Expression | null = null;
    if (emptyParentheses && !this.token.lineBreakBefore) {
      this.advance();
      this.advance();
    } else if (!this.#endsHere()) value = this.expression();
    const span = value || emptyParentheses ? this.spanFrom(start) : { start, end };
    this.endOfStatement();
    return { type: 'Return', span, value };
  }

  #endsHere(): boolean {
    return (
      this.token.lineBreakBefore || this.atEnd || this.at(';') || this.at('}') || this.at('else')
    );
  }

  #throw(): Statement {
    const { start } = this.advance();
    const value = this.expression();
    const span = this.spanFrom(start);
    this.endOfStatement();
    return { type: 'Throw', span, value };
  }

  #jump(): Statement {
    const { text, start, end } = this.advance();
    if (this.loops === 0) this.error(`'${text}' outside a loop`, { start, end });
    this.endOfStatement();
    return { type: text === 'break' ? 'Break' : 'Continue', span: { start, end } };
  }

  /** At the start of a statement `?(...)` is a condition if a body follows, else a question about a file (SPEC 4.3.5). */
  #asksForBody(): boolean {
    const open = this.peek();
    if (open.text !== '(' || open.partner < 0) return open.text === '(';
    const after = this.tokens[open.partner + 1] ?? this.token;
    if (after.kind === 'end' || after.text === ';' || after.text === '}') return false;
    return after.text === '{' || after.lineBreakBefore || this.#beginsBody(after);
  }

  #beginsBody({ kind, text }: { kind: string; text: string }): boolean {
    if (kind === 'punctuation')
      return ['⟼', '∞', '@', '÷', '⊢', '∅', '🎤', '++', '--'].includes(text);
    return kind !== 'unknown';
  }

  /** `⌽ a, b`: the symbol at the start of a statement, not directly followed by a parenthesis (SPEC 4.3.7). */
  #printsWithoutParentheses(): boolean {
    const { token } = this;
    const next = this.peek();
    if (this.source[token.start] !== '⌽' || next.lineBreakBefore) return false;
    return next.text === '(' ? next.start > token.end : startsOperand(next);
  }

  #print(): ExpressionStatement {
    const { text, start, end } = this.advance();
    const callee = {
      type: 'Identifier',
      span: { start, end },
      name: text,
      symbol: true,
    } as const;
    const values: Expression[] = [];
    do values.push(this.expression());
    while (this.take(','));
    const span = this.spanFrom(start);
    const call: Call = { type: 'Call', span, callee, arguments: values };
    this.endOfStatement();
    return { type: 'ExpressionStatement', span, expression: call };
  }

  #expressionStatement(): ExpressionStatement {
    const { start } = this.token;
    const expression = this.statementExpression();
    const span = this.spanFrom(start);
    this.endOfStatement();
    return { type: 'ExpressionStatement', span, expression };
  }
}
