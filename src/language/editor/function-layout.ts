// Layouts of functions: definitions, anonymous functions and their parameters (SPEC 4 FunctionDef, FunctionExpr, Arrow).
import type {
  Block,
  Expression,
  FunctionBody,
  FunctionDeclaration,
  FunctionExpression,
  Item,
  Name,
  Parameter,
} from '../syntax.ts';
import { ExpressionLayout } from './expression-layout.ts';
import type { Layout } from './layout.ts';
import { leftmost } from './precedence.ts';
import { isPlainName } from './written-text.ts';

export abstract class FunctionLayout extends ExpressionLayout {
  /** With its end. */
  protected functionDeclaration({ name, function: body }: FunctionDeclaration): Layout {
    const keyword = this.#keyword(name);
    const written = this.functionName(name);
    const value = returnedBy(body);
    if (value === null) return [keyword, written, this.#signature(name, body), this.#block(body)];
    // `function` takes no arrow.
    const sign = keyword === '' ? ['', '='] : ['ƒ', '⟼'];
    const head = [sign[0]!, written, this.#parameters(body), ` ${sign[1]} `];
    return [head, this.#value(value), ';'];
  }

  protected functionExpression({ name, function: body }: FunctionExpression): Layout {
    if (body.thisMode === 'lexical') return this.#arrow(body);
    const keyword = this.spelling.function;
    const head = name === null ? keyword.trimEnd() : keyword + this.functionName(name);
    return [head, this.#signature(name, body), this.#block(body)];
  }

  /** Where an object literal could stand, `{ return :key` would be one (SPEC 4.3.2). */
  protected guardFirst({ body }: Block): void {
    const first = body.find(({ type }) => type !== 'EmptyStatement');
    const value = first && behindKeyword(first);
    if (value) this.guard(value, ({ type }) => type === 'DictionaryRef');
  }

  /** A function named by a symbol keeps it: inside, the symbol means the built-in (SPEC 5.2). */
  protected functionName({ text, span, symbol }: Name): string {
    if (!symbol) return text;
    return this.source.slice(span.start, span.end).replace('\ufe0f', '');
  }

  /** Nothing before a plain name in the ASCII spelling. */
  #keyword({ text, symbol }: Name): string {
    const keyword = this.spelling.function;
    return !symbol && keyword === 'function ' && isPlainName(text) ? '' : keyword;
  }

  /** `ε(` would be the function `env`; an `ε` that takes parameters cannot be written. */
  #signature(name: Name | null, body: FunctionBody): Layout {
    const isBare = name?.text === 'ε' && !name.symbol;
    return isBare ? ' ' : [this.#parameters(body), ' '];
  }

  #arrow(body: FunctionBody): Layout {
    const [first, ...more] = body.parameters;
    const isPlain = first && more.length === 0 && !first.defaultValue;
    const bare =
      isPlain && this.markBefore(first.span, body.span.start) === ''
        ? this.#lone(first)
        : undefined;
    const parameters = bare ?? this.#parameters(body);
    const value = returnedBy(body);
    if (value === null) this.guardFirst(body.body);
    const result = value === null ? this.#block(body) : this.#value(value);
    return [parameters, ` ${this.spelling.arrow} `, result];
  }

  #lone({ name }: Parameter): Layout {
    return [this.commentsBefore(name.span.start), name.text];
  }

  #parameters({ parameters, span }: FunctionBody): Layout {
    const end = parameters.at(-1)?.span.end ?? 0;
    const layoutOf = (parameter: Parameter) => this.#parameter(parameter, span.start);
    return this.list(['(', ')'], parameters, layoutOf, end);
  }

  #parameter({ name, defaultValue }: Parameter, from: number): Layout {
    const mark = this.markBefore(name.span, from);
    const head = [mark && `${mark} `, name.text];
    return defaultValue ? [head, ' = ', this.expression(defaultValue)] : head;
  }

  #block({ body }: FunctionBody): Layout {
    return this.block(body);
  }

  /** Where a block could stand, an object must look like one (SPEC 4.3.2). */
  #value(value: Expression): Layout {
    this.guard(value, looksLikeBlock);
    return this.expression(value);
  }
}

/** The expression that is the whole body; null for a block. */
function returnedBy({ body }: FunctionBody): Expression | null {
  const [only] = body.body;
  return only?.type === 'Return' && only.span.start === body.span.start ? only.value : null;
}

/** The expression behind a keyword that a statement begins with. */
function behindKeyword(item: Item): Expression | null {
  if (item.type === 'Return' || item.type === 'Throw') return item.value;
  if (item.type !== 'ExpressionStatement') return null;
  const first = leftmost(item.expression);
  return first.type === 'Unary' && first.operator === 'typeof' ? first.operand : null;
}

/** An object literal that would be read as a block, because no key with a colon comes first. */
export function looksLikeBlock(node: Expression): boolean {
  if (node.type !== 'ObjectLiteral') return false;
  const [first] = node.pairs;
  return first === undefined || first.value.span.start === first.span.start;
}
