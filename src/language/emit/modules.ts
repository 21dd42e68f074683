// Modules and imports (SPEC 6). What a module shows is known when it is compiled; what an import finds, when it runs.
import { moduleNameOf } from '../file-module.ts';
import type { Scope, Variable } from '../scope.ts';
import type { ImportDeclaration, Item, ModuleDeclaration, Name } from '../syntax.ts';
import { code, mark } from './code.ts';
import type { FunctionEmission } from './function-emission.ts';
import { literal } from './literal.ts';
import { declareName, readName } from './variables.ts';

/** Makes the module, binds it, then runs its members. */
export function moduleStatement(f: FunctionEmission, node: ModuleDeclaration): string {
  const scope = f.unit.resolved.scopes.get(node)!;
  const { members, exported } = visibleMembers(scope, node.members);
  const plan = f.unit.module(node, {
    name: node.name.text,
    version: node.version,
    members,
    exported,
  });
  const { completion } = f;
  f.completion = null;
  const content = f.items(node.members, scope);
  f.completion = completion;
  const value = `${f.helper('module')}(${plan},e${scope.index})`;
  // `items` begins with the environment: the module is bound directly after it, visible to its own members.
  const split = content.indexOf(';') + 1;
  return `${content.slice(0, split)}${bindModule(f, node, value)};${content.slice(split)}`;
}

function bindModule(f: FunctionEmission, node: ModuleDeclaration, value: string): string {
  if (node === f.unit.root) return `K.loaded=${value}`;
  const variable = f.unit.resolved.declarations.get(node.name) ?? null;
  return declareName(f, variable, node.name.text, code(value));
}

function visibleMembers(
  scope: Scope,
  items: readonly Item[],
): { members: Map<string, number>; exported: Set<string> | null } {
  const members = new Map<string, number>();
  for (const variable of scope.variables.values()) members.set(variable.name, variable.slot);
  const exported = new Set<string>();
  let marked = false;
  for (const item of items) {
    if (item.type !== 'ExportDeclaration') continue;
    marked = true;
    if (item.declaration !== null) {
      for (const name of declaredNames(item.declaration)) exported.add(name);
    } else if (item.name !== null) {
      const shown = (item.alias ?? item.name).text;
      const slot = members.get(item.name.text);
      if (slot !== undefined) members.set(shown, slot);
      exported.add(shown);
    }
  }
  return { members, exported: marked ? exported : null };
}

function declaredNames(item: Item): string[] {
  switch (item.type) {
    case 'FunctionDeclaration':
    case 'ModuleDeclaration':
      return [item.name.text];
    case 'VariableDeclaration':
      return item.bindings.map((binding) => binding.name.text);
    case 'ExpressionStatement': {
      const { expression } = item;
      const isName = expression.type === 'Assignment' && expression.target.type === 'Identifier';
      return isName && expression.target.type === 'Identifier' ? [expression.target.name] : [];
    }
    case 'ImportDeclaration':
      return importedNames(item).map(({ bound }) => bound.text);
    default:
      return [];
  }
}

type Imported = {
  readonly from: Name | null;
  readonly bound: { readonly text: string };
  /** Of the declaration. */
  readonly key: object;
};

/** What an import binds: `from` null is the whole of what the path names. */
function importedNames(node: ImportDeclaration): Imported[] {
  const names: Imported[] = [];
  if (node.items !== null && node.items !== '*') {
    for (const { name, alias } of node.items) {
      names.push({ from: name, bound: alias ?? name, key: name });
    }
  }
  if (node.alias !== null) names.push({ from: null, bound: node.alias, key: node.alias });
  else if (node.items === null && node.source.kind === 'path' && node.source.path.length > 1) {
    const last = node.source.path.at(-1)!;
    names.push({ from: null, bound: last, key: last });
  } else if (node.items === null && node.source.kind === 'file') {
    const bound = { text: moduleNameOf(node.source.name) };
    names.push({ from: null, bound, key: node.source });
  }
  return names;
}

export function importStatement(f: FunctionEmission, node: ImportDeclaration): string {
  const at = mark(node.span.start);
  const found = f.acquire();
  let text = `${found}=${at}${importSource(f, node)};`;
  for (const { from, bound, key } of importedNames(node)) {
    const value =
      from === null
        ? found
        : `${mark(from.span.start)}${f.helper('importItem')}(${found},${literal(from.text)})`;
    const variable = f.unit.resolved.declarations.get(key) ?? null;
    text += `${declareName(f, variable, bound.text, code(value))};`;
  }
  if (node.items === '*') {
    const star: Variable | null = f.unit.resolved.declarations.get(node) ?? null;
    const module = `${at}${f.helper('requireModule')}(${found})`;
    text +=
      star === null ? `${at}${f.helper('importAll')}(${found});` : `${f.location(star)}=${module};`;
  }
  f.release(found);
  return text;
}

/** What the import takes from. */
function importSource(f: FunctionEmission, { source, version }: ImportDeclaration): string {
  const wanted = version === null ? 'null' : literal(version);
  if (source.kind === 'file') {
    return `${f.helper('importFile')}(${literal(source.name)},${wanted},d+1)`;
  }
  const [first, ...rest] = source.path;
  const resolution = f.unit.resolved.resolutions.get(first!)!;
  const root = readName(f, resolution, first!.span.start, 'undefined').text;
  const path = rest.map(({ text }) => literal(text)).join(',');
  return `${f.helper('importPath')}(${root},${literal(first!.text)},[${path}],${wanted})`;
}
