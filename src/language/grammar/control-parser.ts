// Conditions, loops and error handling in all their spellings (SPEC 4 If, While, Loop, For, Try).
import type {
  Block,
  Expression,
  For,
  ForIn,
  If,
  Statement,
  Try,
  VariableDeclaration,
  While,
} from '../syntax.ts';
import { ExpressionParser } from './expression-parser.ts';
import { continuesCondition, hasSemicolon, isLoopOver, isName, isTypeMark } from './lookahead.ts';

export abstract class ControlParser extends ExpressionParser {
  /** A statement that may stand alone as a body. */
  protected abstract statement(): Statement;
  /** A declaration without its end; undefined if none begins here. */
  protected abstract declarationHead(): VariableDeclaration | undefined;

  /** ( "if" | "ι" | "?" ) Cond Body [ ( "else" | "ε" ) ( If | Body ) ]; long chains of `else if` do not recurse. */
  protected ifStatement(): If {
    const branches: { start: number; condition: Expression; then: Statement }[] = [];
    let otherwise: Statement | null = null;
    do {
      const { start } = this.advance();
      const { condition, mayBeBare } = this.#condition();
      const then = this.#body(mayBeBare);
      branches.push({ start, condition, then });
      if (!this.take('else') && !this.take('ε')) break;
      if (!this.#ifBegins()) otherwise = this.#body(true);
    } while (!otherwise);
    for (const { start, condition, then } of branches.reverse()) {
      const span = this.spanFrom(start);
      otherwise = { type: 'If', span, condition, then, otherwise };
    }
    return otherwise as If;
  }

  #ifBegins(): boolean {
    return this.at('if') || this.at('ι') || (this.at('?') && this.peek().text === '(');
  }

  protected whileStatement(): While {
    const { start } = this.advance();
    const { condition, mayBeBare } = this.#condition();
    const body = this.#loopBody(() => this.#body(mayBeBare));
    return { type: 'While', span: this.spanFrom(start), condition, body };
  }

  /** `∞{...}`, `loop{...}` */
  protected endlessLoop(): While {
    const { start, end } = this.advance();
    const condition = { type: 'BooleanLiteral', span: { start, end }, value: true } as const;
    const body = this.#loopBody(() => this.block());
    return { type: 'While', span: this.spanFrom(start), condition, body };
  }

  /** `for` and `@` in their three forms; `@(c)` is a while loop. */
  protected forStatement(): For | ForIn | While {
    const isFor = this.at('for');
    const { start } = this.advance();
    if (isFor && !this.at('(')) return this.#loopOver(start, 'head');
    const open = this.position;
    if (isLoopOver(this.tokens, open + 1)) return this.#loopOver(start, 'parenthesis');
    if (isFor || hasSemicolon(this.tokens, open)) return this.#countingLoop(start);
    const condition = this.#parenthesised();
    const body = this.#loopBody(() => this.#body(true));
    return { type: 'While', span: this.spanFrom(start), condition, body };
  }

  /** "try" Block ( "catch" ... [ "finally" Block ] | "finally" Block ) */
  protected tryStatement(): Try {
    const { start } = this.advance();
    const block = this.block();
    let handler: Try['handler'] = null;
    if (this.take('catch')) {
      const parenthesis = this.take('(');
      const name = parenthesis || isName(this.token) ? this.name() : null;
      if (parenthesis) this.expect(')');
      handler = { name, body: this.block() };
    } else if (!this.at('finally')) this.expected("'catch' or 'finally'");
    const finalizer = this.take('finally') ? this.block() : null;
    return { type: 'Try', span: this.spanFrom(start), block, handler, finalizer };
  }

  /** `÷{...}{...}` */
  protected symbolicTry(): Try {
    const { start } = this.advance();
    const block = this.block();
    const handler = { name: null, body: this.block() };
    return { type: 'Try', span: this.spanFrom(start), block, handler, finalizer: null };
  }

  #condition(): { condition: Expression; mayBeBare: boolean } {
    const close = this.at('(') ? this.token.partner : -1;
    const after = this.tokens[close + 1];
    const whole =
      this.at('(') && !(close >= 0 && after && continuesCondition(after, this.tokens[close + 2]));
    if (whole) return { condition: this.#parenthesised(), mayBeBare: true };
    return { condition: this.#beforeBody(), mayBeBare: false };
  }

  #parenthesised(): Expression {
    return this.insideBrackets('(', ')', () => this.expression());
  }

  /** Expr(NoBrace) */
  #beforeBody(): Expression {
    const before = this.bodyFollows;
    this.bodyFollows = true;
    const condition = this.expression();
    this.bodyFollows = before;
    return condition;
  }

  #body(mayBeBare: boolean): Statement {
    return this.at('{') || !mayBeBare ? this.block() : this.statement();
  }

  #loopBody<Body extends Block | Statement>(parse: () => Body): Body {
    this.loops++;
    const body = parse();
    this.loops--;
    return body;
  }

  #loopOver(start: number, form: 'head' | 'parenthesis'): ForIn {
    const head =
      form === 'parenthesis'
        ? this.insideBrackets('(', ')', () => this.#loopHead(() => this.expression()))
        : this.#loopHead(() => this.#beforeBody());
    const body = this.#loopBody(() => this.#body(form === 'parenthesis'));
    return { type: 'ForIn', span: this.spanFrom(start), ...head, body };
  }

  #loopHead(subject: () => Expression): Pick<ForIn, 'kind' | 'name' | 'operator' | 'subject'> {
    const kind = this.#loopPrefix();
    const name = this.name();
    if (!this.atWord('in') && !this.atWord('of')) this.expected("'in' or 'of'");
    const operator = this.advance().text === 'in' ? 'in' : 'of';
    return { kind, name, operator, subject: subject() };
  }

  #loopPrefix(): ForIn['kind'] {
    const { text } = this.token;
    const isKeyword = text === 'let' || text === 'const' || text === 'var';
    if (!isKeyword && !isTypeMark(this.token) && text !== 'λ') return null;
    this.advance();
    return isKeyword ? text : 'mark';
  }

  #countingLoop(start: number): For {
    const head = this.insideBrackets('(', ')', () => {
      const init = this.at(';') ? null : (this.declarationHead() ?? this.#steps(';'));
      this.expect(';');
      const condition = this.at(';') ? null : this.expression();
      this.expect(';');
      return { init, condition, step: this.#steps(')') };
    });
    const body = this.#loopBody(() => this.#body(true));
    return { type: 'For', span: this.spanFrom(start), ...head, body };
  }

  #steps(closer: string): Expression[] {
    const steps: Expression[] = [];
    if (this.at(closer)) return steps;
    do steps.push(this.assignment());
    while (this.take(','));
    return steps;
  }
}
