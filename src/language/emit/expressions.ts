// Expressions.
import type {
  Assignment,
  CompoundAssignment,
  Expression,
  ObjectLiteral,
  Slice,
  Unary,
  Update,
} from '../syntax.ts';
import { accessed, getIndex, getMember, keyLiteral, setIndex, setMember } from './access.ts';
import { blockConditional } from './block-conditional.ts';
import { call, construct } from './calls.ts';
import { bothEffects, type Code, code, type Effects, mark } from './code.ts';
import { calling, type FunctionEmission } from './function-emission.ts';
import { literal, numberLiteral } from './literal.ts';
import { binary, sign, step } from './operators.ts';
import { readName, writeName } from './variables.ts';

/** Emits one expression. */
export function expression(f: FunctionEmission, node: Expression): Code {
  switch (node.type) {
    case 'NumberLiteral':
      return code(numberLiteral(node.value), 'number', 0, 3);
    case 'StringLiteral':
      return code(literal(node.value), 'string', 0, 3);
    case 'BooleanLiteral':
      return code(String(node.value), 'boolean', 0, 3);
    case 'NullLiteral':
    // The resolver refuses what only a macro could take.
    case 'BlockArgument':
      return code('null', 'null', 0, 3);
    case 'RegexLiteral':
      return code(`new ${f.helper('RegexValue')}(${literal(node.pattern)},${literal(node.flags)})`);
    case 'EmptyCollection':
      return code(`new ${f.helper('UndecidedValue')}()`);
    case 'ArrayLiteral':
      return list(f, node.elements, (texts) => `[${texts.join(',')}]`);
    case 'ObjectLiteral':
      return objectLiteral(f, node);
    case 'FunctionExpression':
      return code(f.functionValue(node.function));
    case 'Identifier':
    case 'OuterIdentifier':
      return readName(f, f.unit.resolved.resolutions.get(node)!, node.span.start);
    case 'CurrentError':
      return readName(f, f.unit.resolved.resolutions.get(node)!, node.span.start);
    case 'This':
      return code(f.thisText, 'value', 0, f.isMain ? 3 : 2);
    case 'UserInput':
      return calling(`${mark(node.span.start)}${f.helper('input')}(d)`);
    case 'DictionaryRef':
      return code(`${mark(node.span.start)}${f.helper('dictionary')}(${literal(node.key)})`);
    case 'Call':
      return call(f, node);
    case 'New':
      return construct(f, node);
    case 'Binary':
      return binary(
        f,
        node.operator,
        () => f.expression(node.left),
        () => f.expression(node.right),
        node.operatorSpan.start,
      );
    case 'Logical': {
      const left = f.expression(node.left);
      const [right] = branch(f, () => f.expression(node.right));
      const kind = left.kind === right.kind ? left.kind : 'value';
      const effects = bothEffects(left.effects, right.effects);
      return code(`(${left.text}${node.operator}${right.text})`, kind, effects);
    }
    case 'Unary':
      return unary(f, node);
    case 'ConditionalExpression': {
      const condition = f.expression(node.condition);
      const [then] = branch(f, () => f.expression(node.then));
      const [otherwise] = branch(f, () => f.expression(node.otherwise));
      const kind = then.kind === otherwise.kind ? then.kind : 'value';
      const effects = bothEffects(condition.effects, bothEffects(then.effects, otherwise.effects));
      return code(`(${condition.text}?${then.text}:${otherwise.text})`, kind, effects);
    }
    case 'BlockConditional':
      return blockConditional(f, node);
    case 'Member': {
      const object = f.expression(node.object);
      const held = f.hold(object);
      const text = getMember(f, held.text, node.property.text, node.property.span.start);
      held.release();
      return accessed(held.setup, text, object.effects);
    }
    case 'Index': {
      const held = f.pair(
        () => f.expression(node.object),
        () => f.expression(node.index),
      );
      const offset = node.index.span.start;
      const text =
        node.index.type === 'StringLiteral'
          ? getMember(f, held.left.text, node.index.value, offset)
          : getIndex(f, held.left.text, held.right, offset);
      held.release();
      return accessed(held.setup, text, held.effects);
    }
    case 'Slice':
      return slice(f, node);
    case 'Assignment':
      return assignment(f, node);
    case 'CompoundAssignment':
      return compound(f, node);
    case 'Update':
      return update(f, node, false);
    default:
      return node satisfies never;
  }
}

/** What is emitted here may not be executed: forgets what it assigns. */
function branch<Result>(f: FunctionEmission, emit: () => Result): [Result] {
  const start = f.assigned.branch();
  const result = emit();
  f.assigned.merge(start);
  return [result];
}

function list(
  f: FunctionEmission,
  nodes: readonly Expression[],
  join: (texts: readonly string[]) => string,
): Code {
  let effects: Effects = 0;
  const texts = nodes.map((node) => {
    const item = f.expression(node);
    effects = bothEffects(effects, item.effects);
    return item.text;
  });
  return code(join(texts), 'value', effects);
}

const shapeKeysMax = 32;

function objectLiteral(f: FunctionEmission, node: ObjectLiteral): Code {
  const keys = node.pairs.map((pair) => pair.key);
  const values = node.pairs.map((pair) => pair.value);
  if (keys.length > 0 && keys.length <= shapeKeysMax && new Set(keys).size === keys.length) {
    const shape = f.unit.shape(keys);
    return list(f, values, (texts) => `new ${shape}(${texts.join(',')})`);
  }
  const made = f.acquire();
  const result = list(f, values, (texts) => {
    const sets = texts.map((text, i) => `${made}[${keyLiteral(keys[i]!)}]=${text},`);
    return `(${made}=new ${f.helper('ObjectValue')}(),${sets.join('')}${made})`;
  });
  f.release(made);
  return result;
}

function unary(f: FunctionEmission, node: Unary): Code {
  if (node.operator === 'typeof' && node.operand.type === 'Identifier') {
    // An undefined name has the type of null (SPEC 9.1).
    const resolution = f.unit.resolved.resolutions.get(node.operand)!;
    const value = readName(f, resolution, node.operand.span.start, 'null');
    return code(`${f.helper('typeName')}(${value.text})`, 'string', value.effects);
  }
  const operand = f.expression(node.operand);
  switch (node.operator) {
    case '!':
      return code(`(!${operand.text})`, 'boolean', operand.effects);
    case 'typeof':
      return code(`${f.helper('typeName')}(${operand.text})`, 'string', operand.effects);
    default:
      return sign(f, node.operator, operand, node.span.start);
  }
}

function slice(f: FunctionEmission, node: Slice): Code {
  const parts = [node.object, node.from, node.to].filter((part) => part !== null);
  const helper = `${mark(node.span.start)}${f.helper('slice')}`;
  return list(f, parts, (texts) => {
    const [object, ...bounds] = texts;
    const from = node.from === null ? 'null' : bounds.shift();
    const to = node.to === null ? 'null' : bounds.shift();
    return `${helper}(${object},${from},${to})`;
  });
}

function assignment(f: FunctionEmission, node: Assignment): Code {
  const { target } = node;
  const offset = target.span.start;
  if (target.type === 'Identifier' || target.type === 'OuterIdentifier') {
    const resolution = f.unit.resolved.resolutions.get(target)!;
    return writeName(f, resolution, f.expression(node.value), 'assign', offset);
  }
  if (target.type === 'Member' || target.index.type === 'StringLiteral') {
    const held = f.pair(
      () => f.expression(target.object),
      () => f.expression(node.value),
    );
    const { name, at } = propertyOf(target);
    const text = setMember(f, held.left.text, name, held.right.text, at);
    held.release();
    return code(`(${held.setup}${text})`, held.right.kind, held.effects);
  }
  // Object and index first, then the value (SPEC 5.3).
  const object = f.acquire();
  const objectCode = f.expression(target.object);
  const held = f.pair(
    () => f.expression(target.index),
    () => f.expression(node.value),
  );
  const effects = bothEffects(objectCode.effects, held.effects);
  const repeat = objectCode.stability > held.effects;
  const objectText = repeat ? objectCode.text : object;
  const setup = repeat ? '' : `${object}=${objectCode.text},`;
  const text = setIndex(f, objectText, held.left, held.right.text, target.index.span.start);
  held.release();
  f.release(object);
  return code(`(${setup}${held.setup}${text})`, held.right.kind, effects);
}

function propertyOf(target: Extract<Assignment['target'], { type: 'Member' | 'Index' }>): {
  name: string;
  at: number;
} {
  if (target.type === 'Member') {
    return { name: target.property.text, at: target.property.span.start };
  }
  const { index } = target;
  return { name: index.type === 'StringLiteral' ? index.value : '', at: index.span.start };
}

/** Reads and writes one target; `change` makes the new value's code from the old one's. */
function change(
  f: FunctionEmission,
  target: Assignment['target'],
  compute: (old: Code) => Code,
): Code {
  const offset = target.span.start;
  if (target.type === 'Identifier' || target.type === 'OuterIdentifier') {
    const resolution = f.unit.resolved.resolutions.get(target)!;
    const old = readName(f, resolution, offset);
    return writeName(f, resolution, compute(old), 'update', offset);
  }
  // The parts of the target stay in temporaries while the new value is computed.
  const object = f.acquire();
  const objectCode = f.expression(target.object);
  const start = `${object}=${objectCode.text},`;
  if (target.type === 'Member' || target.index.type === 'StringLiteral') {
    const { name, at } = propertyOf(target);
    const value = compute(code(getMember(f, object, name, at)));
    const held = f.hold(value);
    const text = setMember(f, object, name, held.text, at);
    held.release();
    f.release(object);
    const effects = bothEffects(objectCode.effects, value.effects);
    return code(`(${start}${held.setup}${text})`, value.kind, effects);
  }
  const index = f.acquire();
  const indexCode = f.expression(target.index);
  const at = target.index.span.start;
  const key = { ...indexCode, text: index };
  const value = compute(code(getIndex(f, object, key, at)));
  const held = f.hold(value);
  const text = setIndex(f, object, key, held.text, at);
  held.release();
  f.release(object, index);
  const effects = bothEffects(bothEffects(objectCode.effects, indexCode.effects), value.effects);
  return code(`(${start}${index}=${indexCode.text},${held.setup}${text})`, value.kind, effects);
}

function compound(f: FunctionEmission, node: CompoundAssignment): Code {
  return change(f, node.target, (old) =>
    binary(
      f,
      node.operator,
      () => old,
      () => f.expression(node.value),
      node.operatorSpan.start,
    ),
  );
}

/** `++` and `--`; where the value is not used, the postfix form is emitted as the cheaper prefix form. */
export function update(f: FunctionEmission, node: Update, unused: boolean): Code {
  const offset = node.span.start;
  if (node.prefix || unused) {
    return change(f, node.target, (old) => {
      const held = f.hold(old);
      const text = step(f, node.operator, held.text, old.kind, offset);
      held.release();
      return code(held.setup === '' ? text : `(${held.setup}${text})`, 'number', old.effects);
    });
  }
  const before = f.acquire();
  const after = change(f, node.target, (old) => {
    const number = `${mark(offset)}${f.helper('plus')}(${before})`;
    const old1 = `${before}=${old.text},typeof ${before}==='number'||(${before}=${number})`;
    return code(`(${old1},${before}${node.operator === '++' ? '+' : '-'}1)`, 'number', old.effects);
  });
  f.release(before);
  return code(`(${after.text},${before})`, 'number', after.effects);
}
