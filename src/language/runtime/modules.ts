// Imports: what they take from a module, and which version it must have (SPEC 6.4, 6.6).
import { raise } from './raised.ts';
import { ModuleValue, type Value } from './value.ts';
import { satisfies } from './version.ts';

/** What `root::a::b` names; `root` is undefined where nothing has that name. */
export function importPath(
  root: Value | undefined,
  name: string,
  path: readonly string[],
  version: string | null,
  modules: () => Iterable<string>,
): Value {
  if (!(root instanceof ModuleValue)) {
    throw raise('ImportError', `Module '${name}' not found`, { name, among: modules });
  }
  let module = root;
  let found: Value = root;
  for (const part of path) {
    found = importItem(found, part);
    if (found instanceof ModuleValue) module = found;
  }
  if (version !== null) checkVersion(module, version);
  return found;
}

/** One visible member. ImportError if there is none of that name, ReferenceError if it is private. */
export function importItem(from: Value, name: string): Value {
  const module = requireModule(from, name);
  const slot = module.members.get(name);
  if (slot === undefined) {
    const message = `'${name}' not found in module '${module.name}'`;
    throw raise('ImportError', message, { name, among: () => visibleNames(module) });
  }
  if (module.exported !== null && !module.exported.has(name)) {
    throw raise('ReferenceError', `'${name}' is private in module '${module.name}'`);
  }
  return module.environment[slot] ?? null;
}

/** The value as the module that an import takes something from. */
export function requireModule(value: Value, wanted = '*'): ModuleValue {
  if (value instanceof ModuleValue) return value;
  throw raise('ImportError', `Cannot import '${wanted}' from what is no module`);
}

/** The names that `::*` binds. */
export function visibleNames(module: ModuleValue): string[] {
  return [...(module.exported ?? module.members.keys())];
}

/** A name that may come from a module imported with `::*`; undefined if it does not. */
export function starMember(module: Value | undefined, name: string): Value | undefined {
  if (!(module instanceof ModuleValue)) return undefined;
  const slot = module.members.get(name);
  if (slot === undefined || (module.exported !== null && !module.exported.has(name))) {
    return undefined;
  }
  return module.environment[slot];
}

/** ImportError where a version is missing or does not do. */
export function checkVersion(module: ModuleValue, constraint: string): void {
  if (module.version === null) {
    throw raise('ImportError', `Module '${module.name}' has no version, '${constraint}' is wanted`);
  }
  if (!satisfies(module.version, constraint)) {
    const { name, version } = module;
    throw raise('ImportError', `Module '${name}' is version ${version}, '${constraint}' is wanted`);
  }
}
