// Items: modules, exports and macros (SPEC 4 Item), the lists they stand in, and how parsing goes
// on after an error.
import type {
  Block,
  ExportDeclaration,
  Item,
  MacroDeclaration,
  MainModule,
  ModuleDeclaration,
  Program,
} from '../syntax.ts';
import { errorsMax, SyntaxFailure } from './cursor.ts';
import { ImportParser } from './import-parser.ts';
import { isArrow, isName } from './lookahead.ts';

export class ItemParser extends ImportParser {
  program(): Program {
    const body: Item[] = [];
    while (!this.atEnd && this.errorCount < errorsMax) this.#itemInto(body, () => this.#item(), -1);
    return { type: 'Program', span: { start: 0, end: this.source.length }, body };
  }

  protected block(): Block {
    const { start } = this.token;
    const body = this.#itemList(() => this.#item());
    return { type: 'Block', span: this.spanFrom(start), body };
  }

  #itemList(parse: () => Item): Item[] {
    const { partner } = this.expect('{');
    const before = this.bodyFollows;
    this.bodyFollows = false;
    const items: Item[] = [];
    while (!this.at('}') && !this.atEnd && this.errorCount < errorsMax) {
      this.#itemInto(items, parse, partner);
    }
    this.bodyFollows = before;
    // What is missing at the end of a source with errors was perhaps swallowed by them.
    const givingUp = this.errorCount >= errorsMax || (this.atEnd && this.errorCount > 0);
    if (!givingUp) this.expect('}');
    return items;
  }

  /** Parses one item; after a failure, reports it and skips to where the next one may begin. */
  #itemInto(items: Item[], parse: () => Item, closer: number): void {
    const { position, nesting, bodyFollows, loops } = this;
    try {
      items.push(parse());
    } catch (failure) {
      if (!(failure instanceof SyntaxFailure)) throw failure;
      this.report(failure.diagnostic);
      this.nesting = nesting;
      this.bodyFollows = bodyFollows;
      this.loops = loops;
      this.#skipItem(closer, position);
    }
  }

  /** Skips the rest of the item begun at token `begun`: to behind a `;`, to a later line, or to the `}` at `closer`. */
  #skipItem(closer: number, begun: number): void {
    if (this.errorCount >= errorsMax) this.giveUp();
    if (this.atEnd) return;
    // Out of the brackets that the failure stands in.
    for (let i = begun; i < this.position; ) {
      const { partner } = this.tokens[i] ?? this.token;
      i = partner > i ? partner + 1 : i + 1;
      if (i > this.position) this.moveTo(i);
    }
    for (;;) {
      if (this.atEnd || (closer >= 0 && this.position >= closer)) return;
      if (this.position > begun && this.token.lineBreakBefore) return;
      if (this.take(';')) return;
      if (this.token.partner > this.position) this.moveTo(this.token.partner + 1);
      else this.advance();
    }
  }

  #item(): Item {
    const next = this.peek();
    switch (this.token.text) {
      case 'λ':
        if (next.text === '⟨') return this.symbolicFileImport();
        return this.#moduleBegins() ? this.#module() : this.statement();
      case 'm':
        return this.atWord('m') && next.text === '{' ? this.#mainModule() : this.statement();
      case 'module':
        return this.atWord('module') && this.#moduleBegins() ? this.#module() : this.statement();
      case 'import':
        return this.atWord('import') && this.importBegins()
          ? this.importDeclaration()
          : this.statement();
      case '⇪':
        return this.importDeclaration();
      case '⟑':
        return next.text === '.' ? this.statement() : this.importDeclaration();
      case 'export':
        return this.atWord('export') && this.#exportBegins() ? this.#export() : this.statement();
      case '⊢':
        return this.#exportBegins() ? this.#export() : this.statement();
      case 'macro': {
        const isMacro = this.atWord('macro') && isName(next) && this.peek(2).text === '(';
        return isMacro && !next.lineBreakBefore ? this.#macro() : this.statement();
      }
      case 'ℳ':
        return this.#macro();
      case '#[':
        return this.attributed(() => this.#item());
      default:
        return this.statement();
    }
  }

  #moduleBegins(): boolean {
    const name = this.peek();
    if (!isName(name) && name.kind !== 'symbol') return false;
    const after = this.peek(2);
    const version = after.kind === 'name' && after.text === 'v' && this.peek(3).kind === 'string';
    return after.text === '{' || version;
  }

  #module(): ModuleDeclaration {
    this.enter();
    const { start } = this.advance();
    const name = this.nameOrSymbol();
    const version = this.version();
    const members = this.#members();
    this.leave();
    return { type: 'ModuleDeclaration', span: this.spanFrom(start), name, version, members };
  }

  #mainModule(): MainModule {
    this.enter();
    const { start } = this.advance();
    const members = this.#members();
    this.leave();
    return { type: 'MainModule', span: this.spanFrom(start), members };
  }

  /** "{" { Member } "}", without the empty statements in between. */
  #members(): Item[] {
    const members = this.insideFunction(() => this.#itemList(() => this.#member()));
    return members.filter(({ type }) => type !== 'EmptyStatement');
  }

  #member(): Item {
    if (this.at('#[')) return this.attributed(() => this.#member());
    const first = this.token;
    const member = this.#item();
    if (!isMember(member)) {
      this.error('Only definitions, imports and variables may stand in a module', first);
    }
    return member;
  }

  #exportBegins(): boolean {
    const next = this.peek();
    if (this.at('export') && next.lineBreakBefore) return false;
    if (next.kind === 'name' || next.kind === 'symbol') return true;
    return exportable.has(next.text);
  }

  #export(): ExportDeclaration {
    const { start } = this.advance();
    const { token } = this;
    const next = this.peek();
    const renamed = next.kind === 'name' && next.text === 'as' && !next.lineBreakBefore;
    const alone =
      next.kind === 'end' || next.lineBreakBefore || next.text === ';' || next.text === '}';
    if ((isName(token) || token.kind === 'symbol') && (renamed || alone)) {
      const name = this.nameOrSymbol();
      const alias = this.alias();
      const span = this.spanFrom(start);
      this.endOfStatement();
      return { type: 'ExportDeclaration', span, declaration: null, name, alias };
    }
    const again = this.at('⊢') || (this.atWord('export') && this.#exportBegins());
    const declaration = again ? this.unexpected() : this.#item();
    if (!isMember(declaration)) {
      this.error('Only definitions, imports and variables can be exported', token);
    }
    const span = this.spanFrom(start);
    return { type: 'ExportDeclaration', span, declaration, name: null, alias: null };
  }

  /** "ℳ" Name "(" [ Name { "," Name } ] ")" arrow ( Statement | Block | Expr ) */
  #macro(): MacroDeclaration {
    const keyword = this.advance();
    if (this.at('ƒ')) this.fail('Procedural macros are not supported', keyword);
    const name = this.nameOrSymbol();
    const parameters = this.parameters().map(({ name: parameter, defaultValue }) => {
      if (defaultValue !== null)
        this.error('A parameter of a macro has no default', parameter.span);
      return parameter;
    });
    if (!isArrow(this.tokens, this.position)) this.expected("'⟼'");
    this.advance();
    const template = this.insideFunction(() => {
      // The call may stand in a loop.
      this.loops = 1;
      return this.statement();
    });
    return {
      type: 'MacroDeclaration',
      span: this.spanFrom(keyword.start),
      name,
      parameters,
      template: template.type === 'ExpressionStatement' ? template.expression : template,
    };
  }
}

/** Member and Export (SPEC 4): what a module may hold. */
function isMember(item: Item): boolean {
  if (item.type !== 'ExpressionStatement') return memberTypes.has(item.type);
  const { expression } = item;
  return expression.type === 'Assignment' && expression.target.type === 'Identifier';
}

const memberTypes: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'ModuleDeclaration',
  'ImportDeclaration',
  'ExportDeclaration',
  'VariableDeclaration',
  'MacroDeclaration',
  'AttributedItem',
  'EmptyStatement',
]);
const exportable: ReadonlySet<string> = new Set([
  ...['λ', 'ƒ', 'φ', 'ε', 'ι', 'σ', 'ξ', 'β', '⟑', '⇪', 'ℳ'],
  ...['function', 'let', 'const', 'var'],
]);
