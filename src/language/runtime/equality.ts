// `==` and `===` (SPEC 3.8). Structural comparison works off a list instead of recursing, and joins what it has begun to
// compare into classes (union-find): cycles end, and shared parts are compared once, never exponentially often.
import type { Meter } from './text-builder.ts';
import { settled } from './undecided.ts';
import { BoundMethod, DateValue, ObjectValue, type Value } from './value.ts';

type Container = Value[] | ObjectValue;

/** `==`: primitives by value, dates by time, arrays and objects by structure, all else by identity. */
export function equals(left: Value, right: Value, meter: Meter | null = null): boolean {
  if (typeof left !== 'object' || typeof right !== 'object') return left === right;
  if (left === right) return true;
  if (left === null || right === null) return false;
  const a = settled(left);
  const b = settled(right);
  if (a === b) return true;
  return isContainer(a) && isContainer(b) ? sameStructure(a, b, meter) : identical(a, b);
}

/** `===`: as `==`, but arrays and objects by identity. */
export function identical(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (left instanceof DateValue) return right instanceof DateValue && left.time === right.time;
  // `a.push` makes a new bound method each time it is read; it is the same function of the same receiver.
  if (left instanceof BoundMethod) {
    return (
      right instanceof BoundMethod &&
      left.method === right.method &&
      identical(left.receiver, right.receiver)
    );
  }
  return false;
}

function isContainer(value: Value): value is Container {
  return Array.isArray(value) || value instanceof ObjectValue;
}

function sameStructure(left: Container, right: Container, meter: Meter | null): boolean {
  const lefts: Container[] = [left];
  const rights: Container[] = [right];
  const classes = new Map<Container, Container>();

  const compare = (first: Value, second: Value): boolean => {
    if (typeof first !== 'object' || typeof second !== 'object') return first === second;
    const a = settled(first);
    const b = settled(second);
    if (a === b) return true;
    if (!isContainer(a) || !isContainer(b)) return identical(a, b);
    lefts.push(a);
    rights.push(b);
    return true;
  };

  while (lefts.length > 0) {
    const a = lefts.pop()!;
    const b = rights.pop()!;
    const rootA = findClass(classes, a);
    const rootB = findClass(classes, b);
    if (rootA === rootB) continue;
    classes.set(rootA, rootB);
    if (Array.isArray(a)) {
      if (!Array.isArray(b) || a.length !== b.length) return false;
      meter?.step(a.length + 1);
      for (let i = 0; i < a.length; i++) if (!compare(a[i]!, b[i]!)) return false;
    } else {
      if (Array.isArray(b)) return false;
      const names = Object.keys(a);
      if (names.length !== Object.keys(b).length) return false;
      meter?.step(names.length + 1);
      for (const name of names) {
        const other = b[name];
        if (other === undefined || !compare(a[name]!, other)) return false;
      }
    }
  }
  return true;
}

/** The representative of a container's class, halving the way for the next look. */
function findClass(classes: Map<Container, Container>, container: Container): Container {
  let current = container;
  for (;;) {
    const parent = classes.get(current);
    if (parent === undefined) return current;
    const grandparent = classes.get(parent);
    if (grandparent === undefined) return parent;
    classes.set(current, grandparent);
    current = grandparent;
  }
}
