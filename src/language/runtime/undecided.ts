// `∅` behind the scenes (SPEC 3.6): reads see an empty array, the first mutation decides what the collection is.
import { raise } from './raised.ts';
import { namespaceName, ObjectValue, UndecidedValue, type Value } from './value.ts';

// Frozen: nobody may make every empty collection of the session non-empty by accident.
const empty: Value[] = Object.freeze([]) as unknown as Value[];

/** The value to read from: what a `∅` became, an empty array while it is undecided, any other value itself. */
export function settled(value: Value): Value {
  return value instanceof UndecidedValue ? (value.target ?? empty) : value;
}

/** The array to mutate, deciding a `∅`; null if the value is something else. */
export function arrayToChange(value: Value): Value[] | null {
  if (Array.isArray(value)) return value;
  if (!(value instanceof UndecidedValue)) return null;
  if (value.target === null) value.target = [];
  return Array.isArray(value.target) ? value.target : null;
}

/** The object to mutate, deciding a `∅`; null if the value is something else. TypeError for a namespace. */
export function objectToChange(value: Value): ObjectValue | null {
  const namespace = namespaceName(value);
  if (namespace !== null) throw raise('TypeError', `${namespace} cannot be changed`);
  if (value instanceof ObjectValue) return value;
  if (!(value instanceof UndecidedValue)) return null;
  if (value.target === null) value.target = new ObjectValue();
  return value.target instanceof ObjectValue ? value.target : null;
}
