// Calls. What runs is taken from the callee's `run` inline where it has one, and otherwise found by the runtime.
import { builtins, oneLetterCalls } from '../builtins/table.ts';
import { encodeKey, type TypeName } from '../runtime/value.ts';
import type { Call, Expression, Identifier, Index, Member, New } from '../syntax.ts';
import { getIndex, isObject } from './access.ts';
import { type Code, mark } from './code.ts';
import { calling, type FunctionEmission } from './function-emission.ts';
import { intrinsics } from './intrinsics.ts';
import { literal } from './literal.ts';
import { isSessions, readName } from './variables.ts';

/** `callee(...)` in all its forms. */
export function call(f: FunctionEmission, node: Call): Code {
  const { callee } = node;
  if (callee.type === 'Member') return memberCall(f, node, callee, f.unit.written(callee));
  if (callee.type === 'Index') return indexCall(f, node, callee);
  return plainCall(f, callee, node.arguments);
}

/** `new Name(...)`: the functions that make values do so with and without `new`. */
export function construct(f: FunctionEmission, node: New): Code {
  return plainCall(f, node.callee, node.arguments);
}

function plainCall(f: FunctionEmission, callee: Expression, given: readonly Expression[]): Code {
  const name = callee.type === 'Identifier' ? callee.name : '';
  const found = foundCallee(f, callee);
  return calling(invoke(f, found, name, 'null', callee.span.start, given));
}

/** Text that yields what runs. `run` is a property of nothing but callable values (see `encodeKey`). */
function foundCallee(f: FunctionEmission, callee: Expression): string {
  const { start } = callee.span;
  const at = mark(start);
  if (callee.type === 'Identifier') {
    const resolution = f.unit.resolved.resolutions.get(callee)!;
    if (isSessions(resolution) && !oneLetterCalls.has(callee.name)) {
      const cell = f.unit.cell(callee.name);
      return `${cell}.value?.run??${at}${f.helper('called')}(${cell},K,${f.unit.written(callee)})`;
    }
  }
  const value = callee.type === 'Identifier' ? namedCallee(f, callee) : f.expression(callee);
  const held = f.acquire();
  const repeat = value.stability > 0;
  const read = repeat ? value.text : `(${held}=${value.text})`;
  const again = repeat ? value.text : held;
  f.release(held);
  return `${read}?.run??${at}${f.helper('callable')}(${again},K,${f.unit.written(callee)})`;
}

/** The value of a name in call position: where nothing else has the name, one letter may mean a built-in (SPEC 2.3). */
function namedCallee(f: FunctionEmission, callee: Identifier): Code {
  const resolution = f.unit.resolved.resolutions.get(callee)!;
  const { start } = callee.span;
  const builtin = oneLetterCalls.get(callee.name);
  if (builtin === undefined) return readName(f, resolution, start);
  const cell = f.unit.cell(callee.name);
  return readName(
    f,
    resolution,
    start,
    `${mark(start)}${f.helper('letter')}(${cell},${literal(builtin)})`,
  );
}

function memberCall(f: FunctionEmission, node: Call, callee: Member, written: string): Code {
  const name = callee.property.text;
  const { start } = callee.property.span;
  if (callee.object.type === 'CurrentError') {
    const resolution = f.unit.resolved.resolutions.get(callee.object)!;
    // Outside every catch block `⚠` is the library whose one function is `÷` (SPEC 2.2).
    if (resolution.variables.length === 0 && (name === '÷' || name === 'try_call')) {
      const value = `${f.unit.cell('try_call')}.builtin.run`;
      return calling(`(${value})${mark(start)}(null,d+1${argumentsText(f, node.arguments)})`);
    }
  }
  const object = f.hold(f.expression(callee.object));
  const own = f.acquire();
  const key = literal(encodeKey(name));
  const find = `${mark(start)}${f.helper('method')}(${object.text},${f.unit.method(name)},K,${written})`;
  // As in `getMember`: what the entry of anything but an object is, is dropped.
  const isFunction = `${object.text}!==null&&(${own}=${object.text}[${key}]?.run)!==undefined`;
  const found = `${isFunction}&&${isObject(object.text)}?${own}:${find}`;
  const text = `${object.setup}${builtinMethod(f, object.text, name)}${found}`;
  f.release(own);
  const call = invoke(f, text, name, object.text, start, node.arguments);
  object.release();
  return calling(call);
}

const methodsOf = (type: TypeName): ReadonlySet<string> =>
  new Set(
    builtins
      .filter((row) => row.methodOf?.includes(type))
      .flatMap((row) => [row.name, ...(row.aliases ?? [])]),
  );
const arrayMethods = methodsOf('array');
const stringMethods = methodsOf('string');

/** Names that arrays or strings have as methods are looked for there first: no program can change those. */
function builtinMethod(f: FunctionEmission, object: string, name: string): string {
  const site = f.unit.method(name);
  let text = '';
  if (arrayMethods.has(name)) text += `${f.helper('isArray')}(${object})?${site}.array:`;
  if (stringMethods.has(name)) text += `typeof ${object}==='string'?${site}.string:`;
  return text;
}

/** `o["f"]()`: `this` is `o`, as in `o.f()` (SPEC 4.3.13). */
function indexCall(f: FunctionEmission, node: Call, callee: Index): Code {
  const { start } = callee.index.span;
  if (callee.index.type === 'StringLiteral') {
    const { span } = callee.index;
    const property = { text: callee.index.value, span };
    const member = { ...callee, type: 'Member', property, path: false } as const;
    return memberCall(f, node, member, f.unit.written(callee));
  }
  // The receiver is read after the callee was found, so it must stay in its temporary until then.
  const objectName = f.acquire();
  const object = f.expression(callee.object);
  const indexCode = f.expression(callee.index);
  const index = f.hold(indexCode);
  const found = f.acquire();
  const value = `${found}=${getIndex(f, objectName, { ...indexCode, text: index.text }, start)}`;
  const check = `${mark(start)}${f.helper('callable')}(${found},K,${f.unit.written(callee)})`;
  const text = `${objectName}=${object.text},${index.setup}${value},${found}?.run??${check}`;
  f.release(found, objectName);
  index.release();
  return calling(invoke(f, text, '', objectName, start, node.arguments));
}

/** Calls the JavaScript function that `callee` yields. JavaScript evaluates it and the receiver first, so that arguments may use the same temporaries. */
function invoke(
  f: FunctionEmission,
  callee: string,
  name: string,
  receiver: string,
  offset: number,
  given: readonly Expression[],
): string {
  const intrinsic = intrinsics.get(name);
  if (intrinsic !== undefined && given.length > 0 && given.length <= intrinsic.argumentsMax) {
    return intrinsicCall(f, callee, name, receiver, offset, given);
  }
  return `(${callee})${mark(offset)}(${receiver},d+1${argumentsText(f, given)})`;
}

/** Every argument waits in a temporary until all are known to be numbers. */
function intrinsicCall(
  f: FunctionEmission,
  callee: string,
  name: string,
  receiver: string,
  offset: number,
  given: readonly Expression[],
): string {
  const target = f.acquire();
  const held: string[] = [];
  let setup = '';
  let numbers = '';
  const texts = given.map((argument) => {
    const value = f.expression(argument);
    let { text } = value;
    if (value.stability !== 3) {
      text = f.acquire();
      held.push(text);
      setup += `${text}=${value.text},`;
    }
    if (value.kind !== 'number') numbers += `&&typeof ${text}==='number'`;
    return text;
  });
  f.release(target, ...held);
  const { builtin, native } = f.unit.intrinsic(name);
  const slow = `${mark(offset)}${target}(${receiver},d+1,${texts.join(',')})`;
  const fast = `${target}===${builtin}${numbers}?${native}(${texts.join(',')})`;
  return `(${target}=(${callee}),${setup}${fast}:${slow})`;
}

function argumentsText(f: FunctionEmission, given: readonly Expression[]): string {
  return given.map((argument) => `,${f.expression(argument).text}`).join('');
}
