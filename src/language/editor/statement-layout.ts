// Layouts of statements (SPEC 4 Statement). Each ends with its semicolon, so that nothing on the next line can continue it.
import type {
  Block,
  Expression,
  For,
  ForIn,
  If,
  Item,
  Statement,
  Try,
  VariableDeclaration,
  While,
} from '../syntax.ts';
import { FunctionLayout, looksLikeBlock } from './function-layout.ts';
import { group, hardLine, indent, join, type Layout, line, softLine } from './layout.ts';

export abstract class StatementLayout extends FunctionLayout {
  /** `{`, the items on lines of their own, `}`. */
  protected abstract braces(items: readonly Item[], closer: number): Layout;

  protected block({ body, span }: Block): Layout {
    return [this.commentsBefore(span.start), this.braces(body, span.end - 1)];
  }

  protected statement(node: Exclude<Statement, { type: 'AttributedItem' }>): Layout {
    switch (node.type) {
      case 'Block':
        this.guardFirst(node);
        return this.block(node);
      case 'EmptyStatement':
        return this.#empty(this.written(node.span));
      case 'VariableDeclaration':
        return [this.#declaration(node), ';'];
      case 'FunctionDeclaration':
        return this.functionDeclaration(node);
      case 'If':
        return this.#if(node);
      case 'While':
        return this.#while(node);
      case 'For':
        return this.#for(node);
      case 'ForIn':
        return this.#forIn(node);
      case 'Try':
        return this.#try(node);
      case 'Return': {
        const { return: keyword } = this.spelling;
        return node.value ? [keyword, ' ', this.expression(node.value), ';'] : `${keyword};`;
      }
      case 'Throw':
        return ['throw ', this.expression(node.value), ';'];
      case 'Break':
        return 'break;';
      case 'Continue':
        return 'continue;';
      case 'ExpressionStatement':
        return this.expressionStatement(node.expression);
    }
  }

  protected expressionStatement(expression: Expression): Layout {
    this.guard(expression, misleadsAtStart);
    return [this.assigned(expression), ';'];
  }

  /** `;`, or a function without a body (SPEC 4.3.15). */
  #empty(written: string): string {
    return written.replace(/^(?:ƒ|function) ?/, this.spelling.function);
  }

  #declaration({ kind, bindings, span }: VariableDeclaration): Layout {
    const keyword = kind === 'mark' ? this.source[span.start]! : kind;
    const all = bindings.map(({ name, value }) => {
      const head = [this.commentsBefore(name.span.start), name.text];
      return value ? [head, ' = ', this.assigned(value)] : head;
    });
    return [keyword, ' ', group(indent(join(all, [',', line])))];
  }

  #if(node: If): Layout {
    const parts: Layout[] = [];
    let keyword = this.spelling.if;
    for (let branch = node; ; ) {
      parts.push(keyword, this.#condition(branch.condition), this.#body(branch.then));
      const { otherwise } = branch;
      if (otherwise === null) return parts;
      parts.push(branch.then.type === 'Block' ? ' ' : hardLine);
      if (otherwise.type !== 'If') return [parts, this.spelling.else, this.#body(otherwise)];
      keyword = this.spelling.elseIf;
      branch = otherwise;
    }
  }

  #while({ condition, body }: While): Layout {
    const isEndless = condition.type === 'BooleanLiteral' && condition.value;
    if (isEndless && body.type === 'Block') return [this.spelling.endless, this.block(body)];
    return [this.spelling.while, this.#condition(condition), this.#body(body)];
  }

  #condition(node: Expression): Layout {
    return [group(['(', indent(softLine, this.expression(node)), softLine, ')']), ' '];
  }

  /** A bare statement stays one: in a block its variables would be others. */
  #body(node: Statement): Layout {
    if (node.type === 'ExpressionStatement') {
      this.guard(node.expression, ({ type }) => type === 'ObjectLiteral');
    }
    return this.item(node);
  }

  protected abstract item(node: Item): Layout;

  #for({ init, condition, step, body }: For): Layout {
    const first = init && ('type' in init ? this.#declaration(init) : this.#steps(init));
    const head = [this.spelling.for, '(', first ?? '', ';'];
    const test = condition ? [' ', this.expression(condition), ';'] : ';';
    const last = step.length > 0 ? [' ', this.#steps(step)] : '';
    return [head, test, last, ') ', this.#body(body)];
  }

  #steps(steps: readonly Expression[]): Layout {
    return join(
      steps.map((step) => this.assigned(step)),
      ', ',
    );
  }

  #forIn({ operator, kind, name, subject, body, span }: ForIn): Layout {
    const prefix = kind === 'mark' ? this.markBefore(name.span, span.start) || 'ι' : kind;
    const head = [this.spelling.for, '(', prefix ? `${prefix} ` : '', name.text];
    // Behind a name such as `of` a slash divides.
    this.guard(subject, ({ type }) => type === 'RegexLiteral');
    return [head, ` ${operator} `, this.expression(subject), ') ', this.#body(body)];
  }

  #try({ block, handler, finalizer }: Try): Layout {
    const isSymbolic = this.spelling.function === 'ƒ';
    if (isSymbolic && handler && !handler.name && !finalizer) {
      return ['÷ ', this.block(block), ' ', this.block(handler.body)];
    }
    const parts: Layout[] = ['try ', this.block(block)];
    if (handler) {
      const caught = handler.name ? `(${handler.name.text}) ` : '';
      parts.push(' catch ', caught, this.block(handler.body));
    }
    return finalizer ? [parts, ' finally ', this.block(finalizer)] : parts;
  }
}

/** What means something else at the start of a statement. */
function misleadsAtStart(node: Expression): boolean {
  if (node.type === 'FunctionExpression') return node.name !== null;
  if (node.type === 'BlockConditional' || node.type === 'RegexLiteral') return true;
  return looksLikeBlock(node);
}
