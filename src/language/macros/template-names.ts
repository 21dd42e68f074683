// Hygiene: the names that a template declares itself get new ones at each expansion, so that they cannot meet those of the caller.
import type { Block, Expression, Item, Statement } from '../syntax.ts';

/** New names within an expansion, from inside out. */
export class Renames {
  readonly #parent: Renames | null;
  readonly #names: ReadonlyMap<string, string>;

  constructor(parent: Renames | null, names: ReadonlyMap<string, string>) {
    this.#parent = parent;
    this.#names = names;
  }

  get size(): number {
    return this.#names.size;
  }

  find(name: string): string | null {
    for (let renames: Renames | null = this; renames !== null; renames = renames.#parent) {
      const renamed = renames.#names.get(name);
      if (renamed !== undefined) return renamed;
    }
    return null;
  }
}

/** What `let` and `const` declare directly among some items. */
export function blockNames(items: readonly Item[]): string[] {
  return items.flatMap((item) =>
    item.type === 'VariableDeclaration' && (item.kind === 'let' || item.kind === 'const')
      ? item.bindings.map(({ name }) => name.text)
      : [],
  );
}

/**
 * What a template or the body of a function declares for all of itself: `var`, type marks, loop variables, functions. Does not
 * look into functions. Symbols keep their meaning: a function named by one redefines it.
 */
export function homeNames(root: Statement | Expression | Block): string[] {
  const names: string[] = [];
  const parts: unknown[] = [root];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (typeof part !== 'object' || part === null) continue;
    if (!Array.isArray(part)) {
      if ('thisMode' in part) continue;
      const node = part as Item | Expression;
      if (node.type === 'MacroDeclaration' || node.type === 'ModuleDeclaration') continue;
      names.push(...declared(node));
    }
    parts.push(...Object.values(part));
  }
  return names;
}

function declared(node: Item | Expression): string[] {
  switch (node.type) {
    case 'VariableDeclaration':
      if (node.kind === 'let' || node.kind === 'const') return [];
      return node.bindings.map(({ name }) => name.text);
    case 'FunctionDeclaration':
      return node.name.symbol ? [] : [node.name.text];
    case 'ForIn':
      return node.kind === 'let' || node.kind === 'const' ? [] : [node.name.text];
    case 'For':
      return node.init !== null && !('type' in node.init) ? node.init.flatMap(assigned) : [];
    default:
      return [];
  }
}

/** SPEC 5.1 rule 2: what the head of a loop assigns. */
function assigned(expression: Expression): string[] {
  const names: string[] = [];
  for (let current = expression; current.type === 'Assignment'; current = current.value) {
    if (current.target.type === 'Identifier') names.push(current.target.name);
  }
  return names;
}
