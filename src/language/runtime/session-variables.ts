// The session's variables. Emitted code holds the cells of the names it mentions, so that a session variable costs a field
// access and no look-up.
import { writtenName } from '../renamed.ts';
import { type Raised, raise } from './raised.ts';
import { ModuleValue, type Value } from './value.ts';

/** One name of the session. */
export class Cell {
  readonly name: string;
  /** The user's value, else the built-in of that name, else undefined. */
  value: Value | undefined;
  /** What the name means while the user has no such variable. */
  builtin: Value | undefined;
  /** 0: not the user's; 1: a variable; 2: a constant. */
  state: 0 | 1 | 2 = 0;

  constructor(name: string, builtin: Value | undefined) {
    this.name = name;
    this.value = builtin;
    this.builtin = builtin;
  }
}

export type VariableChanges = {
  readonly added: string[];
  readonly changed: string[];
  readonly removed: string[];
};

export class SessionVariables {
  readonly #cells = new Map<string, Cell>();

  /** The cell of a name; made when the name is mentioned first. */
  cell(name: string): Cell {
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = new Cell(name, undefined);
      this.#cells.set(name, cell);
    }
    return cell;
  }

  /** What a name means when the user has no variable of that name. */
  setBuiltin(name: string, value: Value): void {
    const cell = this.cell(name);
    cell.builtin = value;
    if (cell.state === 0) cell.value = value;
  }

  /** `x = value` where the cell is no ordinary variable. TypeError on a constant. */
  assign(cell: Cell, value: Value): Value {
    if (cell.state === 2) throw raise('TypeError', `Assignment to constant '${cell.name}'`);
    return this.define(cell, value);
  }

  /** `x += value`: there must be a variable. */
  update(cell: Cell, value: Value): Value {
    if (cell.state === 0) throw notDefined(cell);
    return this.assign(cell, value);
  }

  /** A declaration: replaces whatever had the name. */
  define(cell: Cell, value: Value, state: 1 | 2 = 1): Value {
    cell.state = state;
    cell.value = value;
    return value;
  }

  /** Deletes the user's variable; a built-in of that name comes back. False if there was none. */
  remove(name: string): boolean {
    const cell = this.#cells.get(name);
    if (cell === undefined || cell.state === 0) return false;
    cell.state = 0;
    cell.value = cell.builtin;
    return true;
  }

  /** The user's variables, sorted by name. */
  defined(): Cell[] {
    return [...this.#cells.values()]
      .filter((cell) => cell.state !== 0)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Everything that a name can mean here, the user's names first. */
  names(): string[] {
    const names = this.defined().map(({ name }) => name);
    for (const { name, builtin } of this.#cells.values())
      if (builtin !== undefined) names.push(name);
    return names;
  }

  modules(): string[] {
    return this.defined().flatMap(({ name, value }) => (value instanceof ModuleValue ? name : []));
  }

  find(name: string): Cell | null {
    const cell = this.#cells.get(name);
    return cell === undefined || cell.state === 0 ? null : cell;
  }

  /** The present values, for `changesSince`. */
  snapshot(): readonly (Value | undefined)[] {
    const values: (Value | undefined)[] = [];
    for (const cell of this.#cells.values()) values.push(ownValue(cell));
    return values;
  }

  /** What was made, set to another value, or removed since; each sorted. */
  changesSince(before: readonly (Value | undefined)[]): VariableChanges {
    const changes: VariableChanges = { added: [], changed: [], removed: [] };
    // Cells are never deleted, so that they stand where they stood.
    let place = 0;
    for (const cell of this.#cells.values()) {
      const was = before[place++];
      const is = ownValue(cell);
      if (Object.is(was, is)) continue;
      if (was === undefined) changes.added.push(cell.name);
      else if (is === undefined) changes.removed.push(cell.name);
      else changes.changed.push(cell.name);
    }
    for (const names of Object.values(changes)) names.sort();
    return changes;
  }
}

/** ReferenceError for a name that means nothing. */
export function notDefined({ name }: Cell): Raised {
  const written = writtenName(name);
  return raise('ReferenceError', `${written} is not defined`, {
    name: written,
    among: 'variables',
  });
}

/** The user's value of a name; undefined where the user has none. */
function ownValue(cell: Cell): Value | undefined {
  return cell.state === 0 ? undefined : cell.value;
}
