// What the rows of built-ins say about errors, held against what their files raise.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Builtin } from '../../src/language/builtins/builtin.ts';
import { builtins } from '../../src/language/builtins/table.ts';
import {
  projectDirectory,
  reachable,
  type SourceFile,
  sourceFiles,
} from '../helpers/source-files.ts';

/** It raises the TypeError for arguments of the wrong type, which no row lists. */
const generalErrors = 'src/language/builtins/arguments.ts';
const wholeTable = 'src/language/builtins/table.ts';

const files = sourceFiles('src/language/builtins').filter(({ path }) => path !== wholeTable);
const ownRows = new Map<string, readonly Builtin[]>();
for (const { path } of files) ownRows.set(path, await rowsOf(path));

describe('a file of built-ins', () => {
  const raising = files.flatMap((file) =>
    file.path === generalErrors ? [] : raisedTypes(file).map((type) => ({ file, type })),
  );

  it.each(raising)('$file.path raises $type: a row lists it', ({ file, type }) => {
    expect(concernedRows(file).flatMap(listedTypes)).toContain(type);
  });

  it('is looked into, with all its rows', () => {
    expect([...ownRows.values()].flat().length).toBe(builtins.length);
    expect(new Set(raising.map(({ type }) => type)).size).toBeGreaterThan(5);
  });
});

describe('a built-in that no session grants', () => {
  it.each(builtins.filter(({ everyMember }) => everyMember))('lists its error: $name', (row) => {
    expect(listedTypes(row)).toHaveLength(1);
  });
});

/** The rows of the file; of a file that has none, those that it helps. */
function concernedRows({ path }: SourceFile): readonly Builtin[] {
  const own = ownRows.get(path) ?? [];
  if (own.length > 0) return own;
  return files
    .filter((user) => reachable(files, [user.path]).has(path))
    .flatMap((user) => ownRows.get(user.path) ?? []);
}

function raisedTypes({ text }: SourceFile): string[] {
  return [...new Set([...text.matchAll(/\braise\(\s*'(\w+)'/g)].map(([, type = '']) => type))];
}

function listedTypes({ errors = [] }: Builtin): string[] {
  return errors.map(({ type }) => type);
}

async function rowsOf(path: string): Promise<Builtin[]> {
  const exported = Object.values(await import(join(projectDirectory, path)));
  return builtins.filter((row) => exported.some((one) => Array.isArray(one) && one.includes(row)));
}
