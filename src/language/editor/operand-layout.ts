// Layouts of operands: literals, names, members, calls, collections (SPEC 4 Postfix, Primary).
import { readString } from '../literals.ts';
import type {
  Call,
  Expression,
  Member,
  New,
  NumberLiteral,
  ObjectLiteral,
  Slice,
  StringLiteral,
} from '../syntax.ts';
import { flatWidth, type Layout } from './layout.ts';
import { ListLayout } from './list-layout.ts';
import { binding, bindingOf, leftmost } from './precedence.ts';
import { isPlainName, quoted } from './written-text.ts';

export type Operand = Exclude<
  Expression,
  {
    type:
      | 'Assignment'
      | 'CompoundAssignment'
      | 'Update'
      | 'ConditionalExpression'
      | 'BlockConditional'
      | 'Logical'
      | 'Binary'
      | 'Unary'
      | 'FunctionExpression'
      | 'BlockArgument';
  }
>;

export abstract class OperandLayout extends ListLayout {
  protected abstract expression(node: Expression, minimum?: number): Layout;

  protected operand(node: Operand): Layout {
    switch (node.type) {
      case 'Call':
        return [this.#callee(node.callee), this.#arguments(node)];
      case 'New':
        return ['new ', node.callee.name, this.#arguments(node)];
      case 'Member':
        return this.#member(node);
      case 'Index':
        return [this.#object(node.object), '[', this.#index(node.index), ']'];
      case 'Slice':
        return this.#slice(node);
      case 'Identifier':
        return node.name;
      case 'OuterIdentifier':
        return `::${node.name}`;
      case 'NumberLiteral':
        return this.#number(node);
      case 'StringLiteral':
        return this.#string(node);
      case 'BooleanLiteral':
        return node.value ? this.spelling.true : this.spelling.false;
      case 'NullLiteral':
        return 'null';
      case 'RegexLiteral':
        return `/${node.pattern}/${node.flags}`;
      case 'EmptyCollection':
        return '∅';
      case 'ArrayLiteral':
        return this.list(
          ['[', ']'],
          node.elements,
          (element) => this.expression(element),
          node.span.end - 1,
        );
      case 'ObjectLiteral':
        return this.#objectLiteral(node);
      case 'DictionaryRef':
        return `:${node.key}`;
      case 'UserInput':
        return '🎤';
      case 'CurrentError':
        return '⚠';
      case 'This':
        return 'this';
    }
  }

  #object(node: Expression): Layout {
    return this.expression(node, binding.operand);
  }

  /** Names that mean something else before a parenthesis stand in one of their own (SPEC 2.1, 4.3.4). */
  #callee(node: Expression): Layout {
    const needsParentheses =
      node.type === 'UserInput' ||
      (node.type === 'Identifier' && notCallable.has(node.name)) ||
      (node.type === 'Member' && node.property.text === 'ε');
    if (needsParentheses) return ['(', this.expression(node), ')'];
    const symbol = node.type === 'Identifier' && this.spelling.functions.get(node.name);
    return symbol ? [this.commentsBefore(node.span.start), symbol] : this.#object(node);
  }

  /** The last argument may spread over lines by itself, if there is room for the others before it. */
  #arguments({ arguments: values, span }: Call | New): Layout {
    const closer = span.end - 1;
    const last = values.at(-1);
    const mayHug = last && spreads(last) && this.comments.peek(last.span.start) === undefined;
    if (!mayHug) {
      return this.list(['(', ')'], values, (value) => this.expression(value), closer);
    }
    const layouts = new Map(values.map((value) => [value, this.expression(value)]));
    const before = values.slice(0, -1).map((value) => layouts.get(value) ?? '');
    if (flatWidth(before) > widthBeforeLast) {
      return this.list(['(', ')'], values, (value) => layouts.get(value) ?? '', closer);
    }
    const heads = before.map((layout) => [layout, ', ']);
    return ['(', heads, layouts.get(last) ?? '', this.commentsBefore(closer), ')'];
  }

  #member({ object, property, path }: Member): Layout {
    const isInteger = object.type === 'NumberLiteral' && /^\d+$/.test(this.#number(object));
    const layout = isInteger ? ['(', this.expression(object), ')'] : this.#object(object);
    return [layout, path ? '::' : '.', property.text];
  }

  /** Directly behind the bracket a `:` would begin a slice (SPEC 4.3.12). */
  #index(node: Expression, minimum: number = binding.any): Layout {
    const layout = this.expression(node, minimum);
    const beginsSlice = leftmost(node).type === 'DictionaryRef' && bindingOf(node) >= minimum;
    return beginsSlice ? ['(', layout, ')'] : layout;
  }

  #slice({ object, from, to }: Slice): Layout {
    const head = [this.#object(object), '['];
    const first = from ? this.#index(from, binding.or) : '';
    const start = to && leftmost(to).type;
    const blank = start === 'DictionaryRef' || start === 'OuterIdentifier' ? ' ' : '';
    return [head, first, ':', blank, to ? this.expression(to) : '', ']'];
  }

  #number({ span }: NumberLiteral): string {
    return this.source.slice(span.start, span.end);
  }

  /** As it is written, but in double quotes where that needs no escape. */
  #string({ span }: StringLiteral): string {
    return this.#writtenString(span.start, span.end);
  }

  #writtenString(start: number, end: number): string {
    const inner = this.source.slice(start + 1, end - 1);
    const quote = inner.includes('"') ? this.source[start] : '"';
    return `${quote}${inner}${quote}`;
  }

  /** Over several lines if its first key already stands on a line of its own. */
  #objectLiteral({ pairs, span }: ObjectLiteral): Layout {
    const first = pairs[0]?.span.start ?? span.start;
    const spreadsOut = /[\n\r]/.test(this.source.slice(span.start, first));
    return this.list(
      ['{', '}'],
      pairs,
      (pair) => this.#pair(pair),
      span.end - 1,
      spreadsOut && this.comments.peek(first) === undefined,
    );
  }

  #pair({ key, value, span }: ObjectLiteral['pairs'][number]): Layout {
    const isShorthand = value.type === 'Identifier' && value.span.start === span.start;
    if (isShorthand) return this.expression(value);
    return [this.#key(key, span.start), ': ', this.expression(value)];
  }

  #key(key: string, start: number): string {
    const first = this.source[start] ?? '';
    if (first === '"' || first === "'") {
      return this.#writtenString(start, readString(this.source, start).end);
    }
    const isNumber = /[\d.]/.test(first) && /^\d+$/.test(key);
    return isNumber || isPlainName(key) ? key : quoted(key);
  }
}

/** An argument that is laid out over lines by itself. */
function spreads(node: Expression): boolean {
  switch (node.type) {
    case 'FunctionExpression':
      return node.function.body.body[0]?.span.start !== node.function.body.span.start;
    case 'ArrayLiteral':
      return node.elements.length > 0;
    case 'ObjectLiteral':
      return node.pairs.length > 0;
    default:
      return node.type === 'BlockArgument';
  }
}

/** Columns that arguments may take so that the last one still begins on their line. */
const widthBeforeLast = 60;
const notCallable: ReadonlySet<string> = new Set(['φ', 'ε', 'await']);
