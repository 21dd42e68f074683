// Primary (SPEC 4): the operands themselves, without what is attached to them.
import type {
  ArrayLiteral,
  Block,
  BlockConditional,
  Expression,
  Identifier,
  Name,
  New,
  ObjectLiteral,
} from '../syntax.ts';
import type { Token } from '../token.ts';
import { argumentsMax } from './cursor.ts';
import { FunctionParser, nameOf } from './function-parser.ts';
import { isBlockArgument, isName } from './lookahead.ts';

export abstract class PrimaryParser extends FunctionParser {
  protected primary(): Expression {
    const { token } = this;
    switch (token.kind) {
      case 'name':
        this.refuseReserved(token);
        return identifier(this.advance());
      case 'symbol':
        return identifier(this.advance());
      case 'number':
      case 'string':
      case 'regex':
        return this.#literal(this.advance());
      case 'keyword':
        return this.#keyword(token);
      case 'mark':
        return this.#mark(token);
      case 'punctuation':
        return this.#punctuation(token);
      default:
        return this.unexpected();
    }
  }

  #literal({ start, end, literal }: Token): Expression {
    const span = { start, end };
    if (typeof literal === 'number') return { type: 'NumberLiteral', span, value: literal };
    if (typeof literal === 'string') return { type: 'StringLiteral', span, value: literal };
    return { type: 'RegexLiteral', span, pattern: '', flags: '', ...literal };
  }

  #keyword(token: Token): Expression {
    const span = { start: token.start, end: token.end };
    switch (token.text) {
      case 'true':
      case 'false':
        this.advance();
        return { type: 'BooleanLiteral', span, value: token.text === 'true' };
      case 'null':
      case 'undefined':
        this.advance();
        return { type: 'NullLiteral', span };
      case 'this':
        this.advance();
        return { type: 'This', span };
      case 'function':
        return this.functionExpression();
      case 'new':
        return this.#new();
      default:
        return this.unexpected();
    }
  }

  #mark(token: Token): Expression {
    if (token.text === 'λ' || token.text === 'ƒ') return this.functionExpression();
    if (token.text === 'φ' && this.peek().text === '(') return this.functionExpression();
    return token.text === 'φ' || token.text === 'ε' ? this.#symbolOrName() : this.unexpected();
  }

  #punctuation(token: Token): Expression {
    const span = { start: token.start, end: token.end };
    switch (token.text) {
      case '(':
        return this.#parenthesised();
      case '[':
        return this.#array();
      case '{':
        return this.bodyFollows ? this.unexpected() : this.#object();
      case '∅':
        this.advance();
        return { type: 'EmptyCollection', span };
      case '🎤':
        // `🎤("text")` is `input("text")`; alone it reads a line.
        if (this.peek().text === '(') return this.#symbolOrName();
        this.advance();
        return { type: 'UserInput', span };
      case '⚠':
        if (this.peek().text === '.' && this.peek(2).text === '÷') return this.#tryCall();
        this.advance();
        return { type: 'CurrentError', span };
      case ':':
        return this.#dictionaryRef();
      case '::': {
        this.advance();
        const { text } = this.name();
        return { type: 'OuterIdentifier', span: this.spanFrom(token.start), name: text };
      }
      case '?':
        return this.#existsOrConditional();
      case '⊢':
      case '÷':
        return this.#symbolOrName();
      case '⟑':
        if (this.peek().text !== '.') return this.unexpected();
        this.advance();
        return { type: 'Identifier', span, name: token.text, symbol: true };
      default:
        return this.unexpected();
    }
  }

  #symbolOrName(): Identifier {
    const { text, span, symbol } = this.nameOrSymbol();
    return { type: 'Identifier', span, name: text, ...(symbol && { symbol }) };
  }

  /** `⚠.÷(f, g)`: one name for the library symbol and its function. */
  #tryCall(): Expression {
    const { start } = this.advance();
    this.advance();
    this.advance();
    return { type: 'Identifier', span: this.spanFrom(start), name: 'try_call', symbol: true };
  }

  #parenthesised(): Expression {
    return this.insideBrackets('(', ')', () => this.expression());
  }

  #dictionaryRef(): Expression {
    const colon = this.token;
    const key = this.peek();
    const glued = key.start === colon.end && (isName(key) || key.kind === 'keyword');
    if (!glued) this.unexpected();
    this.advance();
    this.advance();
    return { type: 'DictionaryRef', span: this.spanFrom(colon.start), key: key.text };
  }

  #new(): New {
    const { start } = this.advance();
    if (!isName(this.token) && this.token.kind !== 'symbol') this.expected('a name');
    this.refuseReserved(this.token);
    const callee = identifier(this.advance());
    const values = this.arguments();
    return { type: 'New', span: this.spanFrom(start), callee, arguments: values };
  }

  #array(): ArrayLiteral {
    const { start } = this.token;
    const elements: Expression[] = [];
    this.insideBrackets('[', ']', () => {
      while (!this.at(']')) {
        elements.push(this.expression());
        if (!this.separator(']')) break;
      }
    });
    return { type: 'ArrayLiteral', span: this.spanFrom(start), elements };
  }

  #object(): ObjectLiteral {
    const { start } = this.token;
    const pairs: ObjectLiteral['pairs'][number][] = [];
    this.insideBrackets('{', '}', () => {
      while (!this.at('}')) {
        pairs.push(this.#pair());
        if (!this.separator('}')) break;
      }
    });
    return { type: 'ObjectLiteral', span: this.spanFrom(start), pairs };
  }

  #pair(): ObjectLiteral['pairs'][number] {
    const { token } = this;
    if (isName(token) && [',', '}'].includes(this.peek().text)) {
      this.refuseReserved(token);
      const value = identifier(this.advance());
      return { key: token.text, value, span: value.span };
    }
    const literal = token.kind === 'string' || token.kind === 'number';
    const key = literal ? String(this.advance().literal) : this.propertyName('a key').text;
    this.expect(':');
    const value = this.expression();
    return { key, value, span: this.spanFrom(token.start) };
  }

  /** `?(e)` asks whether a file exists; with blocks behind it, it chooses a value (SPEC 4.3.5). */
  #existsOrConditional(): Expression {
    const question = this.token;
    const open = this.peek();
    if (open.text !== '(') this.unexpected();
    const after = this.tokens[open.partner + 1];
    if (open.partner >= 0 && after?.text === '{' && !after.lineBreakBefore && !this.bodyFollows) {
      return this.#blockConditional();
    }
    this.advance();
    const span = { start: question.start, end: question.end };
    return { type: 'Identifier', span, name: 'exists', symbol: true };
  }

  #blockConditional(): BlockConditional {
    this.enter();
    const { start } = this.advance();
    const condition = this.#parenthesised();
    const then = this.block();
    if (!this.take('ε')) this.expect('else');
    const otherwise: Block | BlockConditional =
      this.at('?') && this.peek().text === '(' ? this.#blockConditional() : this.block();
    this.leave();
    return { type: 'BlockConditional', span: this.spanFrom(start), condition, then, otherwise };
  }

  /** Any name, keyword or function symbol. */
  protected propertyName(what: string): Name {
    const { token } = this;
    if (token.kind === 'keyword') {
      const { start, end } = this.advance();
      const written = this.source.slice(start, end);
      return { text: /^[a-z]/.test(written) ? written : token.text, span: { start, end } };
    }
    const isPropertyName =
      token.kind === 'name' ||
      token.kind === 'symbol' ||
      token.kind === 'mark' ||
      token.text === '⚠';
    if (this.contextualName() !== undefined) return this.nameOrSymbol();
    return isPropertyName ? nameOf(this.advance()) : this.expected(what);
  }

  /** "(" [ Expr { "," Expr } ] ")" */
  protected arguments(): Expression[] {
    const values: Expression[] = [];
    this.insideBrackets('(', ')', () => {
      while (!this.at(')')) {
        if (values.length === argumentsMax) this.fail('Too many arguments', this.token);
        values.push(this.#argument());
        if (!this.separator(')')) break;
        if (this.at(')')) this.unexpected();
      }
    });
    return values;
  }

  #argument(): Expression {
    if (!this.at('{') || !isBlockArgument(this.tokens, this.position)) return this.expression();
    const { start } = this.token;
    const body = this.insideFunction(() => {
      // The macro may put it into a loop.
      this.loops = 1;
      return this.block();
    });
    return { type: 'BlockArgument', span: this.spanFrom(start), body };
  }
}

function identifier({ kind, text, start, end }: Token): Identifier {
  const span = { start, end };
  return kind === 'symbol'
    ? { type: 'Identifier', span, name: text, symbol: true }
    : { type: 'Identifier', span, name: text };
}
