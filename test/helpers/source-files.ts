// The project's own source as text and as a graph of imports, for tests of house rules.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const projectDirectory = join(import.meta.dirname, '../..');

export type Import = {
  /** As written: `./lines.ts`, `#protocol`, `node:fs`. */
  readonly specifier: string;
  /** The file of ours that it means; null for packages and Node's own modules. */
  readonly target: string | null;
};

export type SourceFile = {
  /** Relative to the project, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
};

const zones: Readonly<Record<string, string>> = {
  '#protocol': 'src/protocol/index.ts',
  '#language': 'src/language/index.ts',
};

/** All TypeScript files below a directory of the project. */
export function sourceFiles(directory: string): SourceFile[] {
  return globSync('**/*.ts', { cwd: join(projectDirectory, directory) })
    .map((name) => posix.join(directory, name))
    .toSorted()
    .map((path) => {
      const text = readFileSync(join(projectDirectory, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

/** Static, dynamic and type imports, re-exports, and files that are started by their URL (workers). */
const importForms = [
  /^(?:import|export)\s[^;'"]*?\bfrom\s+'([^']+)'/gm,
  /^import\s+'([^']+)'/gm,
  /\bimport\(\s*'([^']+)'/g,
  /\bnew URL\(\s*'([^']+\.ts)',\s*import\.meta\.url/g,
];

function importsOf(path: string, text: string): Import[] {
  return importForms
    .flatMap((form) => [...text.matchAll(form)])
    .map(([, specifier = '']) => ({ specifier, target: resolve(path, specifier) }));
}

function resolve(path: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.join(dirname(path), specifier);
  return zones[specifier] ?? null;
}

/** One cycle for each file that lies on one, as the chain of files that leads back to it. */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const cycles: string[][] = [];
  const visit = (path: string, chain: readonly string[]): void => {
    const start = chain.indexOf(path);
    if (start >= 0) cycles.push([...chain.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const { target } of byPath.get(path)?.imports ?? [])
      if (target !== null) visit(target, [...chain, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

/** Files that can be reached from these by imports. */
export function reachable(files: readonly SourceFile[], entries: readonly string[]): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    for (const { target } of byPath.get(path)?.imports ?? []) if (target) waiting.push(target);
  }
  return found;
}
