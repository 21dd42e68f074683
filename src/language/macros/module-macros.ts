// Macros and modules: what a module shows of its macros, and what an import brings (SPEC 6.3, 6.4). Macros exist only while a
// unit is compiled, so they are taken out of imports and exports that would look for them as the program runs.
import { moduleNameOf } from '../file-module.ts';
import type { ExportDeclaration, ImportDeclaration, ImportItem, Item } from '../syntax.ts';
import { type MacroScope, pathSeparator } from './macro-scope.ts';

/** Binds the macros that an import names; the import that is left for run time. */
export function importMacros(scope: MacroScope, node: ImportDeclaration): ImportDeclaration {
  const { home } = scope;
  const { items, alias, source } = node;
  if (source.kind === 'file') {
    for (const name of boundNames(node)) home.value(name);
    return node;
  }
  const names = source.path.map(({ text }) => text);
  const path = names.join(pathSeparator);
  const whole = items === null && names.length > 1 ? scope.find(path) : null;
  if (whole !== null) {
    home.define((alias ?? source.path.at(-1)!).text, whole);
    return {
      ...node,
      source: { ...source, path: source.path.slice(0, -1) },
      alias: null,
      items: [],
    };
  }
  const below = scope.within(path);
  const isItself = items === null && alias === null && names.length === 1;
  const left = Array.isArray(items)
    ? items.filter((item) => !importItem(scope, path, item))
    : items;
  if (isItself) return node;
  for (const name of boundNames({ ...node, items: left })) home.value(name);
  const bound = alias?.text ?? (items === null ? names.at(-1) : undefined);
  for (const [name, macro] of below) {
    if (bound !== undefined) home.define(bound + pathSeparator + name, macro);
    if (items === '*') home.define(name, macro);
  }
  return { ...node, items: left };
}

/** True for a macro, which is bound then. What is below an imported module comes with it. */
function importItem(scope: MacroScope, path: string, { name, alias }: ImportItem): boolean {
  const bound = (alias ?? name).text;
  const whole = path + pathSeparator + name.text;
  const macro = scope.find(whole);
  const below = scope.within(whole);
  scope.home.value(bound);
  for (const [key, one] of below) scope.home.define(bound + pathSeparator + key, one);
  if (macro !== null) scope.home.define(bound, macro);
  return macro !== null;
}

/** Notes what a module marks; `made` is the declaration after expansion, `node` as it was. */
export function exportMacros(
  scope: MacroScope,
  node: ExportDeclaration,
  made: ExportDeclaration,
): ExportDeclaration {
  if (scope.kind !== 'module') return made;
  scope.exported ??= new Set();
  if (node.declaration !== null) {
    for (const name of declaredNames(node.declaration)) scope.exported.add(name);
    return made;
  }
  const shown = (node.alias ?? node.name)?.text ?? '';
  const macro = node.name === null ? null : scope.find(node.name.text);
  scope.exported.add(shown);
  if (macro === null) return made;
  scope.define(shown, macro);
  const nothing: Item = { type: 'EmptyStatement', span: node.span };
  return { ...node, declaration: nothing, name: null, alias: null };
}

/** The names among which macros may be, those of nested modules included. */
function declaredNames(item: Item): string[] {
  if (item.type === 'ImportDeclaration') return boundNames(item);
  return item.type === 'MacroDeclaration' || item.type === 'ModuleDeclaration'
    ? [item.name.text]
    : [];
}

function boundNames({ source, alias, items }: ImportDeclaration): string[] {
  const names = Array.isArray(items) ? items.map((item) => (item.alias ?? item.name).text) : [];
  if (alias !== null) names.push(alias.text);
  else if (items === null) names.push(wholeName(source));
  return names;
}

function wholeName(source: ImportDeclaration['source']): string {
  return source.kind === 'file' ? moduleNameOf(source.name) : source.path.at(-1)!.text;
}
