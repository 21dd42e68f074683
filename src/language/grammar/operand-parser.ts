// Postfix (SPEC 4): what is attached to an operand by `.`, `::`, `[...]` and `(...)`.
import type { Call, Expression, Index, Member, Slice } from '../syntax.ts';
import { PrimaryParser } from './primary-parser.ts';

export abstract class OperandParser extends PrimaryParser {
  /** A call was read completely. */
  protected abstract callRead(call: Call): void;

  protected postfix(): Expression {
    const { start } = this.token;
    let left = this.primary();
    for (;;) {
      if (this.at('.') || this.at('::')) left = this.#member(left, start);
      else if (this.token.lineBreakBefore) return left;
      else if (this.at('(')) left = this.#call(left, start);
      else if (this.at('[')) left = this.#indexOrSlice(left, start);
      else return left;
    }
  }

  #member(object: Expression, start: number): Member {
    const path = this.advance().text === '::';
    const property = this.propertyName('a property name');
    return { type: 'Member', span: this.spanFrom(start), object, property, path };
  }

  #call(callee: Expression, start: number): Call {
    const values = this.arguments();
    const call: Call = { type: 'Call', span: this.spanFrom(start), callee, arguments: values };
    this.callRead(call);
    return call;
  }

  #indexOrSlice(object: Expression, start: number): Index | Slice {
    let index: Expression | null = null;
    let to: Expression | null = null;
    const isSlice = this.insideBrackets('[', ']', () => {
      if (!this.at(':')) index = this.expression();
      if (index && !this.at(':')) return false;
      this.expect(':');
      if (!this.at(']')) to = this.expression();
      return true;
    });
    const span = this.spanFrom(start);
    return index && !isSlice
      ? { type: 'Index', span, object, index }
      : { type: 'Slice', span, object, from: index, to };
  }
}
