// Attributes (SPEC 6.7): parts of a program that exist only where the session has a feature.
import type { AttributedItem, Item } from '../syntax.ts';
import { DefinitionParser } from './definition-parser.ts';

export abstract class AttributeParser extends DefinitionParser {
  /** `#[feature="x"]`, `#[if(feature="x")]`, `#[if(!feature="x")]` and what it belongs to. */
  protected attributed(parse: () => Item): AttributedItem {
    this.enter();
    const { start } = this.advance();
    const conditional = this.take('if');
    if (conditional) this.expect('(');
    const negated = conditional && this.take('!');
    if (!this.atWord('feature')) this.expected("'feature'");
    this.advance();
    this.expect('=');
    const feature = this.#string();
    if (conditional) this.expect(')');
    this.expect(']');
    const item = parse();
    this.leave();
    return { type: 'AttributedItem', span: this.spanFrom(start), feature, negated, item };
  }

  #string(): string {
    const { literal } = this.token;
    if (typeof literal !== 'string') return this.expected('a string');
    this.advance();
    return literal;
  }
}
