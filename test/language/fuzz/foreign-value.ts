// Whether everything that a program can reach is a value of the language: no object, function or prototype of the host.
import {
  BoundMethod,
  BuiltinValue,
  ChannelValue,
  DateValue,
  decodeKey,
  ErrorValue,
  encodeKey,
  FunctionValue,
  ModuleValue,
  ObjectValue,
  objectBrand,
  RegexValue,
  SharedValue,
  UndecidedValue,
} from '../../../src/language/runtime/value.ts';

/** The path to the first thing that is no value of the language; null if there is none. */
export function foreignValue(roots: Iterable<readonly [string, unknown]>): string | null {
  const seen = new Set<unknown>();
  const pending: (readonly [string, unknown])[] = [...roots];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [path, value] = next;
    if (seen.has(value)) continue;
    if (typeof value === 'object' && value !== null) seen.add(value);
    const parts = partsOf(value, path);
    if (typeof parts === 'string') return parts;
    pending.push(...parts);
  }
  return null;
}

type Parts = readonly (readonly [string, unknown])[];

/** What a value holds; or what is wrong with it. */
function partsOf(value: unknown, path: string): Parts | string {
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return [];
  if (typeof value !== 'object') return `${path} is a ${typeof value} of the host`;
  if (Array.isArray(value)) return elementsOf(value, path);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (value instanceof ObjectValue) {
    const isOurs = prototype === ObjectValue.prototype || isNamespacePrototype(prototype as object);
    return isOurs ? entriesOf(value, path) : `${path} has another prototype`;
  }
  const fields = fieldsOf.get(prototype as object);
  if (fields === undefined) return `${path} is an object of the host`;
  if (Object.getOwnPropertySymbols(value).length > 0) return `${path} has a symbol`;
  return fields(value as never, path);
}

/** Namespaces such as `Math` have a prototype of their own, which carries their name and nothing else. */
function isNamespacePrototype(prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === ObjectValue.prototype &&
    Object.isFrozen(prototype) &&
    Reflect.ownKeys(prototype).every((key) => key === objectBrand)
  );
}

function elementsOf(array: readonly unknown[], path: string): Parts | string {
  if (Object.getPrototypeOf(array) !== Array.prototype) return `${path} has another prototype`;
  if (Reflect.ownKeys(array).length !== array.length + 1) return `${path} is no dense array`;
  return array.map((element, index) => [`${path}[${index}]`, element]);
}

function entriesOf(object: object, path: string): Parts | string {
  const parts: (readonly [string, unknown])[] = [];
  for (const name of Reflect.ownKeys(object)) {
    const found = Object.getOwnPropertyDescriptor(object, name);
    const at = `${path}.${String(name)}`;
    if (typeof name === 'symbol' || name === objectBrand) return `${at} is a key of the runtime`;
    if (encodeKey(decodeKey(name)) !== name) return `${at} is not encoded`;
    if (found === undefined || !('value' in found)) return `${at} is an accessor`;
    parts.push([at, found.value]);
  }
  return parts;
}

/** The variables that closures share. */
function variablesOf(environment: object | null, path: string): Parts {
  const parts: (readonly [string, unknown])[] = [];
  for (let scope = environment as Record<string, unknown> | null; scope; ) {
    for (const [slot, value] of Object.entries(scope)) {
      if (slot !== 'p' && value !== undefined) parts.push([`${path} ${slot}`, value]);
    }
    scope = scope.p as Record<string, unknown> | null;
  }
  return parts;
}

const fieldsOf: ReadonlyMap<object, (value: never, path: string) => Parts | string> = new Map<
  object,
  (value: never, path: string) => Parts | string
>([
  [UndecidedValue.prototype, ({ target }: UndecidedValue, path) => [[`${path}.∅`, target]]],
  [
    FunctionValue.prototype,
    ({ environment, lexicalThis }: FunctionValue, path) => [
      ...variablesOf(environment, path),
      [`${path}.this`, lexicalThis],
    ],
  ],
  [
    BuiltinValue.prototype,
    ({ name, members }: BuiltinValue, path) => [
      [`${path}.name`, name],
      ...[...(members ?? [])].map(([key, value]) => [`${path}.${key}`, value] as const),
    ],
  ],
  [
    BoundMethod.prototype,
    ({ receiver, method }: BoundMethod, path) => [
      [`${path}.receiver`, receiver],
      [`${path}.method`, method],
    ],
  ],
  [
    RegexValue.prototype,
    ({ pattern, flags, lastIndex }: RegexValue, path) => [
      [`${path}.pattern`, pattern],
      [`${path}.flags`, flags],
      [`${path}.lastIndex`, lastIndex],
    ],
  ],
  [
    ErrorValue.prototype,
    ({ type, message, value, stack }: ErrorValue, path) => {
      const shown = [type, message, ...stack.map((frame) => frame.function)].join('\n');
      if (/node:|file:\/\/|\.ts\b|\/src\/|cellar:|at .*:\d+:\d+|\[native/.test(shown)) {
        return `${path} tells of the host: ${shown}`;
      }
      return [
        [`${path}.type`, type],
        [`${path}.message`, message],
        [`${path}.value`, value],
        ...stack.flatMap(({ line, column }) => [
          [`${path}.line`, line] as const,
          [`${path}.column`, column] as const,
        ]),
      ];
    },
  ],
  [DateValue.prototype, ({ time }: DateValue, path) => [[`${path}.time`, time]]],
  [
    ModuleValue.prototype,
    ({ name, environment }: ModuleValue, path) => [
      [`${path}.name`, name],
      ...variablesOf(environment, path),
    ],
  ],
  [
    ChannelValue.prototype,
    ({ queue }: ChannelValue, path) => queue.map((value, i) => [`${path}<${i}>`, value]),
  ],
  [
    SharedValue.prototype,
    ({ entries }: SharedValue, path) => [...entries].map(([k, v]) => [`${path}.${k}`, v]),
  ],
]);
