// A tree as one short line, for parse tests: `(= x (+ 1 2))`. Every part that tells two programs apart is in it,
// except places in the source.
import { expect } from 'vitest';
import { parse } from '../../src/language/parser.ts';
import type {
  AnyNode,
  Binding,
  Block,
  Expression,
  FunctionBody,
  Item,
  Name,
} from '../../src/language/syntax.ts';

/** The tree of a source that must have neither errors nor warnings. */
export function tree(source: string): string {
  const { program, diagnostics } = parse(source);
  expect(diagnostics).toEqual([]);
  return printTree(program);
}

/** S-expression of a node; the items of a Program are separated by blanks. */
export function printTree(node: AnyNode): string {
  switch (node.type) {
    case 'Program':
      return all(node.body);
    case 'MainModule':
      return form('main', all(node.members));
    case 'ModuleDeclaration':
      return form(
        'module',
        name(node.name),
        node.version && `v${quoted(node.version)}`,
        all(node.members),
      );
    case 'ImportDeclaration': {
      const { source, version, alias, items } = node;
      const from = source.kind === 'file' ? quoted(source.name) : source.path.map(name).join('::');
      const list =
        items === '*'
          ? '*'
          : items && form('items', ...items.map((item) => renamed(item.name, item.alias)));
      return form(
        'import',
        from,
        version && `v${quoted(version)}`,
        alias && `as ${name(alias)}`,
        list,
      );
    }
    case 'ExportDeclaration':
      return form(
        'export',
        node.declaration
          ? printTree(node.declaration)
          : node.name && renamed(node.name, node.alias),
      );
    case 'MacroDeclaration':
      return form(
        'macro',
        name(node.name),
        `(${node.parameters.map(name).join(' ')})`,
        printTree(node.template),
      );
    case 'AttributedItem':
      return form('attribute', node.negated && 'not', quoted(node.feature), printTree(node.item));
    case 'Block':
      return `{${all(node.body)}}`;
    case 'EmptyStatement':
      return '()';
    case 'VariableDeclaration':
      return form(node.kind, ...node.bindings.map(binding));
    case 'FunctionDeclaration':
      return form('define', name(node.name), functionBody(node.function));
    case 'If':
      return form(
        'if',
        printTree(node.condition),
        printTree(node.then),
        node.otherwise && printTree(node.otherwise),
      );
    case 'While':
      return form('while', printTree(node.condition), printTree(node.body));
    case 'For': {
      const { init, condition } = node;
      const first = init && ('type' in init ? printTree(init) : all(init));
      const head = [first ?? '', condition ? printTree(condition) : '', all(node.step)];
      return form('for', `(${head.join('; ').trimEnd()})`, printTree(node.body));
    }
    case 'ForIn':
      return form(
        `for-${node.operator}`,
        node.kind,
        name(node.name),
        printTree(node.subject),
        printTree(node.body),
      );
    case 'Try': {
      const handler =
        node.handler &&
        form('catch', node.handler.name && name(node.handler.name), printTree(node.handler.body));
      return form(
        'try',
        printTree(node.block),
        handler,
        node.finalizer && form('finally', printTree(node.finalizer)),
      );
    }
    case 'Return':
      return form('return', node.value && printTree(node.value));
    case 'Throw':
      return form('throw', printTree(node.value));
    case 'Break':
      return '(break)';
    case 'Continue':
      return '(continue)';
    case 'ExpressionStatement':
      return printTree(node.expression);
    default:
      return expression(node);
  }
}

function expression(node: Expression): string {
  switch (node.type) {
    case 'Assignment':
      return form('=', printTree(node.target), printTree(node.value));
    case 'CompoundAssignment':
      return form(`${node.operator}=`, printTree(node.target), printTree(node.value));
    case 'Update':
      return form(node.prefix ? `${node.operator}_` : `_${node.operator}`, printTree(node.target));
    case 'ConditionalExpression':
    case 'BlockConditional':
      return form(
        node.type === 'BlockConditional' ? '?{}' : '?',
        printTree(node.condition),
        printTree(node.then),
        printTree(node.otherwise),
      );
    case 'Logical':
    case 'Binary':
      return form(node.operator, printTree(node.left), printTree(node.right));
    case 'Unary':
      return form(node.operator, printTree(node.operand));
    case 'Call':
      return form('call', printTree(node.callee), all(node.arguments));
    case 'BlockArgument':
      return form('block', printTree(node.body));
    case 'New':
      return form('new', printTree(node.callee), all(node.arguments));
    case 'Member':
      return form(node.path ? '::' : '.', printTree(node.object), name(node.property));
    case 'Index':
      return form('index', printTree(node.object), printTree(node.index));
    case 'Slice':
      return form(
        'slice',
        printTree(node.object),
        node.from ? printTree(node.from) : '_',
        node.to ? printTree(node.to) : '_',
      );
    case 'Identifier':
      return node.name;
    case 'OuterIdentifier':
      return `::${node.name}`;
    case 'FunctionExpression':
      return form('function', node.name && name(node.name), functionBody(node.function));
    case 'NumberLiteral':
    case 'BooleanLiteral':
      return String(node.value);
    case 'StringLiteral':
      return quoted(node.value);
    case 'NullLiteral':
      return 'null';
    case 'RegexLiteral':
      return `/${node.pattern}/${node.flags}`;
    case 'EmptyCollection':
      return '∅';
    case 'ArrayLiteral':
      return form('array', all(node.elements));
    case 'ObjectLiteral':
      return form(
        'object',
        ...node.pairs.map(({ key, value }) => `${quoted(key)}: ${printTree(value)}`),
      );
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

function functionBody({ parameters, body, thisMode }: FunctionBody): string {
  const list = parameters.map(({ name, defaultValue }) =>
    defaultValue ? `${name.text}=${printTree(defaultValue)}` : name.text,
  );
  return `${thisMode === 'own' ? '' : 'lexical '}(${list.join(' ')}) ${block(body)}`;
}

function block(body: Block): string {
  return printTree(body);
}

function binding({ name, value }: Binding): string {
  return value ? `${name.text}=${printTree(value)}` : name.text;
}

function all(nodes: readonly (Item | Expression)[]): string {
  return nodes.map(printTree).join(' ');
}

function name({ text }: Name): string {
  return text;
}

function renamed(original: Name, alias: Name | null): string {
  return alias ? `${original.text} as ${alias.text}` : original.text;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function form(...parts: (string | false | null)[]): string {
  return `(${parts.filter((part) => part !== null && part !== false && part !== '').join(' ')})`;
}
