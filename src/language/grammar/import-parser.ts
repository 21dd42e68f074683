// Imports in all their spellings, and the versions they and modules carry (SPEC 4 Import, 6.4–6.6).
import type { ImportDeclaration, ImportItem, Name } from '../syntax.ts';
import { isName } from './lookahead.ts';
import { StatementParser } from './statement-parser.ts';

export abstract class ImportParser extends StatementParser {
  /** `v"1.2.0"`, without a blank in between. */
  protected version(): string | null {
    const text = this.peek();
    if (!this.atWord('v') || text.start !== this.token.end) return null;
    if (typeof text.literal !== 'string') return null;
    this.advance();
    this.advance();
    return text.literal;
  }

  protected importBegins(): boolean {
    const next = this.peek();
    if (next.lineBreakBefore) return false;
    return next.kind === 'string' || next.kind === 'symbol' || next.text === '{' || isName(next);
  }

  protected importDeclaration(): ImportDeclaration {
    const keyword = this.advance();
    if (keyword.text === 'import' && this.token.kind === 'string') {
      return this.#fileImport(keyword.start);
    }
    if (keyword.text === 'import' && this.at('{')) return this.#importFrom(keyword.start);
    const source = { kind: 'path', path: this.#path() } as const;
    const version = this.version();
    const alias = this.alias();
    const items = this.take('::') ? this.#importItems() : null;
    return this.#importEnd(keyword.start, { source, version, alias, items });
  }

  #importEnd(start: number, parts: Omit<ImportDeclaration, 'type' | 'span'>): ImportDeclaration {
    const span = this.spanFrom(start);
    this.endOfStatement();
    return { type: 'ImportDeclaration', span, ...parts };
  }

  /** Name { "::" Name }, up to `::{` or `::*`. */
  #path(): Name[] {
    const path = [this.nameOrSymbol()];
    while (this.at('::') && (isName(this.peek()) || this.peek().kind === 'symbol')) {
      this.advance();
      path.push(this.nameOrSymbol());
    }
    return path;
  }

  #importItems(): ImportDeclaration['items'] {
    return this.take('*') ? '*' : this.#importList();
  }

  #importList(): ImportItem[] {
    this.expect('{');
    const items: ImportItem[] = [];
    do {
      const name = this.nameOrSymbol();
      items.push({ name, alias: this.alias() });
    } while (this.take(','));
    this.expect('}');
    return items;
  }

  protected alias(): Name | null {
    if (!this.atWord('as')) return null;
    this.advance();
    return this.name();
  }

  #fileImport(start: number): ImportDeclaration {
    const name = String(this.advance().literal);
    const alias = this.alias();
    const source = { kind: 'file', name } as const;
    return this.#importEnd(start, { source, version: null, alias, items: null });
  }

  #importFrom(start: number): ImportDeclaration {
    const items = this.#importList();
    if (!this.atWord('from')) this.expected("'from'");
    this.advance();
    const source: ImportDeclaration['source'] =
      this.token.kind === 'string'
        ? { kind: 'file', name: String(this.advance().literal) }
        : { kind: 'path', path: this.#path() };
    return this.#importEnd(start, { source, version: null, alias: null, items });
  }

  /** "λ" "⟨" Name [ Version ] "⟩" */
  protected symbolicFileImport(): ImportDeclaration {
    const { start } = this.advance();
    this.advance();
    const source = { kind: 'file', name: this.name().text } as const;
    const version = this.version();
    this.expect('⟩');
    return this.#importEnd(start, { source, version, alias: null, items: null });
  }
}
