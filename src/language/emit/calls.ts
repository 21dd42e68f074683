// Calls. The callee is checked inline for a function of the program and otherwise found by the runtime; both have `run`.
import { oneLetterCalls } from '../builtins/table.ts';
import { encodeKey } from '../runtime/value.ts';
import type { Call, Expression, Identifier, Index, Member, New } from '../syntax.ts';
import { getIndex, isObject } from './access.ts';
import { type Code, mark } from './code.ts';
import { calling, type FunctionEmission } from './function-emission.ts';
import { literal } from './literal.ts';
import { readName } from './variables.ts';

/** `callee(...)` in all its forms. */
export function call(f: FunctionEmission, node: Call): Code {
  const { callee } = node;
  if (callee.type === 'Member') return memberCall(f, node, callee);
  if (callee.type === 'Index') return indexCall(f, node, callee);
  return plainCall(f, callee, node.arguments);
}

/** `new Name(...)`: the functions that make values do so with and without `new`. */
export function construct(f: FunctionEmission, node: New): Code {
  return plainCall(f, node.callee, node.arguments);
}

function plainCall(f: FunctionEmission, callee: Expression, given: readonly Expression[]): Code {
  const { start, end } = callee.span;
  const FunctionValue = f.helper('FunctionValue');
  const value = callee.type === 'Identifier' ? namedCallee(f, callee) : f.expression(callee);
  const held = f.acquire();
  const known =
    value.stability > 0
      ? `${value.text} instanceof ${FunctionValue}?${value.text}`
      : `(${held}=${value.text}) instanceof ${FunctionValue}?${held}`;
  const tested = value.stability > 0 ? value.text : held;
  const found = `(${known}:${mark(start)}${f.helper('callable')}(${tested},K,${start},${end}))`;
  f.release(held);
  return calling(`${found}.${mark(start)}run(null,d+1${argumentsText(f, given)})`);
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

function memberCall(f: FunctionEmission, node: Call, callee: Member): Code {
  const name = callee.property.text;
  const { start } = callee.property.span;
  if (callee.object.type === 'CurrentError') {
    const resolution = f.unit.resolved.resolutions.get(callee.object)!;
    // Outside every catch block `⚠` is the library whose one function is `÷` (SPEC 2.2).
    if (resolution.variables.length === 0 && (name === '÷' || name === 'try_call')) {
      const value = `${f.unit.cell('try_call')}.builtin`;
      return calling(`${value}.${mark(start)}run(null,d+1${argumentsText(f, node.arguments)})`);
    }
  }
  const object = f.hold(f.expression(callee.object));
  const own = f.acquire();
  const key = literal(encodeKey(name));
  const find = `${mark(start)}${f.helper('method')}(${object.text},${f.unit.method(name)},K,${callee.span.start},${callee.span.end})`;
  const isFunction = `(${own}=${object.text}[${key}]) instanceof ${f.helper('FunctionValue')}`;
  // As in `getMember`: what the entry of anything but an object is, is dropped.
  const text = `(${object.setup}${object.text}!==null&&${isFunction}&&${isObject(object.text)}?${own}:${find})`;
  f.release(own);
  object.release();
  return calling(invoke(f, text, object.text, start, node.arguments));
}

/** `o["f"]()`: `this` is `o`, as in `o.f()` (SPEC 4.3.13). */
function indexCall(f: FunctionEmission, node: Call, callee: Index): Code {
  const { start } = callee.index.span;
  if (callee.index.type === 'StringLiteral') {
    const { span } = callee.index;
    const property = { text: callee.index.value, span };
    return memberCall(f, node, { ...callee, type: 'Member', property, path: false });
  }
  // The receiver is read after the callee was found, so it must stay in its temporary until then.
  const objectName = f.acquire();
  const object = f.expression(callee.object);
  const indexCode = f.expression(callee.index);
  const index = f.hold(indexCode);
  const found = f.acquire();
  const value = `${found}=${getIndex(f, objectName, { ...indexCode, text: index.text }, start)}`;
  const check = `${mark(start)}${f.helper('callable')}(${found},K,${callee.span.start},${callee.span.end})`;
  const text = `(${objectName}=${object.text},${index.setup}${value},${found} instanceof ${f.helper('FunctionValue')}?${found}:${check})`;
  f.release(found, objectName);
  index.release();
  return calling(invoke(f, text, objectName, start, node.arguments));
}

/** JavaScript evaluates callee and receiver before the arguments, so that these may use the same temporaries. */
function invoke(
  f: FunctionEmission,
  callee: string,
  receiver: string,
  offset: number,
  given: readonly Expression[],
): string {
  return `${callee}.${mark(offset)}run(${receiver},d+1${argumentsText(f, given)})`;
}

function argumentsText(f: FunctionEmission, given: readonly Expression[]): string {
  return given.map((argument) => `,${f.expression(argument).text}`).join('');
}
