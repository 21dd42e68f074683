// What a session consists of, as one value of the language: an image is the heap below it. Loading checks each part as if a
// stranger had made it up.
import type { Runtime } from '../runtime/runtime.ts';
import { memorySegments } from '../runtime/session-store.ts';
import { decodeKey, ModuleValue, ObjectValue, SharedValue, type Value } from '../runtime/value.ts';
import type { ContextValues, LoadedContexts } from './compile-contexts.ts';
import { damaged } from './image-error.ts';

type Part = {
  readonly save: (runtime: Runtime, contexts: ContextValues) => Value[];
  readonly load: (runtime: Runtime, values: Value[], contexts: LoadedContexts) => void;
};

/** In the order in which an image has them. */
const parts: Readonly<Record<string, Part>> = {
  variables: {
    save: ({ variables }) =>
      variables.defined().flatMap(({ name, state, value }) => [name, state, value ?? null]),
    load: ({ variables }, values) => {
      for (const [name, state, value] of rows(values, 3)) {
        if (state !== 1 && state !== 2) throw damaged('a variable is malformed');
        const cell = variables.cell(text(name));
        if (cell.state !== 0) throw damaged('a variable comes twice');
        variables.define(cell, value!, state);
      }
    },
  },
  macros: {
    save: ({ store }, contexts) => contexts.ofMacros(store.macros),
    load: ({ store }, values, contexts) => {
      store.macros = contexts.macros(values);
    },
  },
  activeDictionary: {
    save: ({ store }) => [store.activeDictionary],
    load: ({ store }, values) => {
      store.activeDictionary = text(values[0]);
    },
  },
  dictionaries: {
    save: ({ store }) =>
      [...store.dictionaries].flatMap(([name, texts]) => [name, [...texts].flat()]),
    load: ({ store }, values) => {
      store.dictionaries.clear();
      for (const [name, texts] of rows(values, 2)) {
        const dictionary = new Map<string, string>();
        for (const [key, value] of rows(list(texts), 2)) dictionary.set(text(key), text(value));
        store.dictionaries.set(text(name), dictionary);
      }
    },
  },
  memory: {
    save: ({ store }) => [...store.memory].flat(),
    load: ({ store }, values) => {
      for (const [key, value] of rows(values, 2)) store.memory.set(text(key), value!);
    },
  },
  segments: {
    save: ({ store }) =>
      memorySegments.map((segment) =>
        [...store.segments[segment]].flatMap(([key, { content, priority, tags }]): Value[] => [
          key,
          content,
          priority,
          [...tags],
        ]),
      ),
    load: ({ store }, values) => {
      if (values.length !== memorySegments.length) throw damaged('the memory is malformed');
      for (const [place, segment] of memorySegments.entries()) {
        for (const [key, content, priority, tags] of rows(list(values[place]), 4)) {
          if (typeof priority !== 'number' || !(priority >= 0 && priority <= 1)) {
            throw damaged('a priority is none');
          }
          const item = { content: content!, priority, tags: new Set(list(tags).map(text)) };
          store.segments[segment].set(text(key), item);
        }
      }
    },
  },
  sharedStates: {
    save: ({ store }) => [...store.sharedStates.values()],
    load: ({ store }, values) => {
      for (const state of values) {
        if (!(state instanceof SharedValue)) throw damaged('a shared state is none');
        store.sharedStates.set(state.name, state);
      }
    },
  },
  fileModules: {
    save: ({ store }) => [...store.fileModules].flat(),
    load: ({ store }, values) => {
      for (const [path, module] of rows(values, 2)) {
        if (!(module instanceof ModuleValue)) throw damaged('the module of a file is none');
        store.fileModules.set(text(path), module);
      }
    },
  },
  random: {
    save: ({ generator }) => [...generator.state],
    load: ({ generator }, values) => {
      const words = values.filter((word) => typeof word === 'number' && (word | 0) === word);
      if (words.length !== 4 || values.length !== 4) throw damaged('a generator is malformed');
      generator.state.set(words as number[]);
    },
  },
};

/** The state of a session as a value. */
export function sessionValue(runtime: Runtime, contexts: ContextValues): Value {
  const value = new ObjectValue();
  for (const [name, part] of Object.entries(parts)) value[name] = part.save(runtime, contexts);
  return value;
}

/** Puts that state into a session that was never used. ImageError if it is no such state. */
export function restoreSession(runtime: Runtime, contexts: LoadedContexts, value: Value): void {
  const found = value instanceof ObjectValue ? Object.keys(value).map(decodeKey) : [];
  if (found.join() !== Object.keys(parts).join()) throw damaged('the session is malformed');
  for (const [name, part] of Object.entries(parts)) {
    part.load(runtime, list((value as ObjectValue)[name]), contexts);
  }
}

function list(value: Value | undefined): Value[] {
  if (!Array.isArray(value)) throw damaged('a list is missing');
  return value;
}

function text(value: Value | undefined): string {
  if (typeof value !== 'string') throw damaged('a name is missing');
  return value;
}

/** The values in groups of that many. */
function* rows(values: readonly Value[], size: number): Generator<readonly Value[]> {
  if (values.length % size !== 0) throw damaged('a list is cut off');
  for (let i = 0; i < values.length; i += size) yield values.slice(i, i + size);
}
