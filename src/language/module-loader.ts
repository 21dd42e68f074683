// File modules of a session (SPEC 6.5): found, compiled and evaluated once, and known while they are still being evaluated.
import { isFile, readText } from './builtins/file.ts';
import { type Compiled, compile, emptyContext } from './compile.ts';
import type { Diagnostic } from './diagnostic.ts';
import { sourceEndings, withoutEnding } from './file-module.ts';
import type { LinkedUnit } from './link.ts';
import { callDepthMax } from './runtime/budget.ts';
import { depthExceeded, isStackOverflow } from './runtime/catching.ts';
import { checkVersion } from './runtime/modules.ts';
import { type Raised, raise } from './runtime/raised.ts';
import type { Runtime } from './runtime/runtime.ts';
import { ModuleValue } from './runtime/value.ts';
import { shownPath } from './shown-path.ts';
import { lineStarts, locate } from './span.ts';

/** UTF-16 units of one file: compiling it cannot be interrupted. */
const sourceLengthMax = 1024 * 1024;

export class ModuleLoader {
  readonly #runtime: Runtime;
  readonly #link: (compiled: Compiled) => LinkedUnit;
  /** By path without ending, like the session's `fileModules`. */
  readonly #loading = new Map<string, LinkedUnit>();

  constructor(runtime: Runtime, link: (compiled: Compiled) => LinkedUnit) {
    this.#runtime = runtime;
    this.#link = link;
  }

  /** The module of a path as a program writes it. One that is being loaded has the members that were defined so far. */
  load(written: string, version: string | null, depth: number): ModuleValue {
    const path = pathOf(written);
    const loading = this.#loading.get(path);
    const module =
      this.#runtime.store.fileModules.get(path) ??
      (loading === undefined ? this.#evaluate(path, depth) : moduleOf(loading));
    if (version !== null) checkVersion(module, version);
    return module;
  }

  #evaluate(path: string, depth: number): ModuleValue {
    if (depth > callDepthMax) throw depthExceeded();
    const unit = this.#compile(this.#find(path));
    this.#loading.set(path, unit);
    try {
      unit.entry(depth);
    } finally {
      this.#loading.delete(path);
    }
    const module = moduleOf(unit);
    this.#runtime.store.fileModules.set(path, module);
    return module;
  }

  #find(path: string): string {
    const files = sourceEndings.map((ending) => path + ending);
    const found = files.find((file) => isFile(this.#runtime, file));
    if (found !== undefined) return found;
    throw raise('ImportError', `Module ${shownPath(path)} not found`);
  }

  /** Macros belong to the texts that define them: those of the session mean nothing in a file, nor the other way round. */
  #compile(file: string): LinkedUnit {
    const source = readText(this.#runtime, file);
    if (source.length > sourceLengthMax) {
      throw raise('ImportError', `${shownPath(file)} is too large for a module`);
    }
    this.#runtime.budget.poll();
    const { features } = this.#runtime.host;
    try {
      const { compiled, errors } = compile(source, { ...emptyContext, features, file });
      if (compiled === null) throw syntaxError(source, file, errors[0]!);
      return this.#link(compiled);
    } catch (failure) {
      if (!isStackOverflow(failure)) throw failure;
      throw raise('ImportError', `Syntax error in ${shownPath(file)}: Nesting is too deep`);
    }
  }
}

/** The path below the session's files, without ending. */
function pathOf(written: string): string {
  const names = withoutEnding(written).split('/');
  if (written.startsWith('/') || names.includes('..')) {
    const message = `Modules lie below the session's files: ${shownPath(written)}`;
    throw raise('PermissionError', message);
  }
  return names.filter((name) => name !== '' && name !== '.').join('/');
}

/** The one member of the module around it. */
function moduleOf({ loaded }: LinkedUnit): ModuleValue {
  const [slot] = loaded?.members.values() ?? [];
  const module = slot === undefined ? null : loaded?.environment[slot];
  if (!(module instanceof ModuleValue)) throw new Error('a file made no module');
  return module;
}

function syntaxError(source: string, file: string, { message, span }: Diagnostic): Raised {
  const { line, column } = locate(lineStarts(source), span.start);
  return raise(
    'ImportError',
    `Syntax error in ${shownPath(file)} at ${line}:${column}: ${message}`,
  );
}
