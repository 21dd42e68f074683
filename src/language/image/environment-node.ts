// Environments as nodes of an image: plain objects, the only ones among them, that no program may ever hold.
import type { Environment, Slot } from '../runtime/value.ts';

/** Wider environments say in their records how wide they are. */
export const wideSlotCount = 32;

/** With so many slots, no variable having a value. */
export function createEnvironment(count: number): Environment {
  switch (count) {
    // As emitted code makes them, so that V8 sees the same shapes.
    case 0:
      return { p: null };
    case 1:
      return { p: null, s0: undefined };
    case 2:
      return { p: null, s0: undefined, s1: undefined };
    case 3:
      return { p: null, s0: undefined, s1: undefined, s2: undefined };
    case 4:
      return { p: null, s0: undefined, s1: undefined, s2: undefined, s3: undefined };
  }
  const environment: Environment = { p: null };
  for (let i = 0; i < count; i++) environment[slotName(i)] = undefined;
  return environment;
}

export function isEnvironment(node: unknown): node is Environment {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, 'p') && isPlain(node);
}

/** Of no class, unlike an object of a program that has such a key. */
function isPlain(node: object): boolean {
  return Object.getPrototypeOf(node) === Object.prototype;
}

/** `p` is the other property. */
export function slotCount(environment: Environment): number {
  return Object.keys(environment).length - 1;
}

export function slotName(index: number): Slot {
  return `s${index}`;
}
