// What a session keeps besides its variables: string dictionaries, agent memory, shared states, macros, modules of files (SPEC 6, 8, 9.12).
// Plain data, so that a heap image can hold it.
import type { MacroTable } from '../macros/macro.ts';
import { raise } from './raised.ts';
import type { ModuleValue, SharedValue, Value } from './value.ts';

/** The segments of the agent's memory, in the order in which they are listed. */
export const memorySegments = [
  'short_term',
  'working',
  'long_term',
  'episodic',
  'semantic',
] as const;
export type MemorySegment = (typeof memorySegments)[number];

export type MemoryItem = {
  readonly content: Value;
  /** From 0 to 1. */
  readonly priority: number;
  readonly tags: Set<string>;
};

export type SessionStore = {
  /** Name of the dictionary that `:key` looks in. */
  activeDictionary: string;
  readonly dictionaries: Map<string, Map<string, string>>;
  readonly memory: Map<string, Value>;
  readonly segments: Readonly<Record<MemorySegment, Map<string, MemoryItem>>>;
  readonly sharedStates: Map<string, SharedValue>;
  /** Modules of files by path without ending: each is evaluated once (SPEC 6.5). */
  readonly fileModules: Map<string, ModuleValue>;
  /** Replaced by each unit that defines or hides one, never changed. */
  macros: MacroTable;
};

/** The store of a new session: one empty dictionary, named "default". */
export function createSessionStore(): SessionStore {
  return {
    activeDictionary: 'default',
    dictionaries: new Map([['default', new Map()]]),
    memory: new Map(),
    segments: {
      short_term: new Map(),
      working: new Map(),
      long_term: new Map(),
      episodic: new Map(),
      semantic: new Map(),
    },
    sharedStates: new Map(),
    fileModules: new Map(),
    macros: new Map(),
  };
}

/** The active dictionary; made if a host removed it. */
export function activeDictionary(store: SessionStore): Map<string, string> {
  return openDictionary(store, store.activeDictionary);
}

/** The dictionary of that name, made when missing. */
export function openDictionary(store: SessionStore, name: string): Map<string, string> {
  let dictionary = store.dictionaries.get(name);
  if (dictionary === undefined) {
    dictionary = new Map();
    store.dictionaries.set(name, dictionary);
  }
  return dictionary;
}

/** What `:key` yields. ReferenceError for an unknown key (SPEC 8.1). */
export function dictionaryText(store: SessionStore, key: string): string {
  const text = activeDictionary(store).get(key);
  if (text === undefined) {
    const message = `String key '${key}' not found in dictionary`;
    throw raise('ReferenceError', message, {
      name: key,
      among: () => activeDictionary(store).keys(),
    });
  }
  return text;
}
