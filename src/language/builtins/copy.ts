// Deep copies (SPEC 9.1 `copyof`): a work list instead of recursion, one copy per original, so that cycles and shared parts
// come out as they went in.
import { settled } from '../runtime/undecided.ts';
import {
  DateValue,
  ObjectValue,
  RegexValue,
  ResponseValue,
  UndecidedValue,
  type Value,
} from '../runtime/value.ts';
import type { BuiltinContext } from './builtin.ts';

type Container = Value[] | ObjectValue;

export function copyDeep(context: BuiltinContext, root: Value): Value {
  const copies = new Map<Container, Container>();
  const unfilled: Container[] = [];

  const copyOf = (value: Value): Value => {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof DateValue) return new DateValue(value.time);
    if (value instanceof RegexValue) return copyOfRegex(value);
    if (value instanceof UndecidedValue && value.target === null) return new UndecidedValue();
    const original = settled(value);
    if (!Array.isArray(original) && !(original instanceof ObjectValue)) return value;
    let copy = copies.get(original);
    if (copy === undefined) {
      copy = emptyLike(original);
      copies.set(original, copy);
      unfilled.push(original);
    }
    return copy;
  };

  const copied = copyOf(root);
  for (let original = unfilled.pop(); original !== undefined; original = unfilled.pop()) {
    const copy = copies.get(original)!;
    if (Array.isArray(original)) {
      context.step(original.length + 1);
      context.allocate((original.length + copies.size) * 8);
      for (const element of original) (copy as Value[]).push(copyOf(element));
    } else {
      const names = Object.keys(original);
      context.step(names.length + 1);
      context.allocate((names.length + copies.size) * 16);
      for (const name of names) (copy as ObjectValue)[name] = copyOf(original[name]!);
    }
  }
  return copied;
}

function emptyLike(original: Container): Container {
  if (Array.isArray(original)) return [];
  return original instanceof ResponseValue ? new ResponseValue() : new ObjectValue();
}

function copyOfRegex({ pattern, flags, lastIndex }: RegexValue): RegexValue {
  const copy = new RegexValue(pattern, flags);
  copy.lastIndex = lastIndex;
  return copy;
}
