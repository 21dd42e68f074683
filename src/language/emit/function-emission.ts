// The state of emitting one function: its temporaries, the locals known to have a value, and where completion values go.
import type { FunctionInfo, Scope, Variable } from '../scope.ts';
import type { Block, Expression, FunctionBody, Item, Statement } from '../syntax.ts';
import { bothEffects, type Code, code, type Effects, type Kind, outlives } from './code.ts';
import type { HelperName } from './helpers.ts';
import type { NumericLoop } from './numeric-loop.ts';
import type { UnitEmission } from './unit-emission.ts';

/** The parts of the emitter that need one another, so that their files need not. */
export type Emitters = {
  expression(f: FunctionEmission, node: Expression): Code;
  items(
    f: FunctionEmission,
    items: readonly Item[],
    scope: Scope | null,
    afterEach?: string,
  ): string;
  block(f: FunctionEmission, block: Block): string;
  body(f: FunctionEmission, body: Statement): string;
  functionValue(f: FunctionEmission, body: FunctionBody): string;
};

export class FunctionEmission {
  readonly unit: UnitEmission;
  readonly info: FunctionInfo;
  readonly #emitters: Emitters;
  readonly #free: string[] = [];
  #temporaries = 0;
  /** Everything that the function declares with `let`. */
  readonly locals = new Set<string>();
  /** Scopes of enclosing functions whose environments it uses. */
  readonly outerScopes = new Set<Scope>();
  readonly assigned = new Assigned();
  /** Locals that some read found possibly without a value. */
  readonly checked = new Set<Variable>();
  /** The local that takes the value of each statement; null where nobody asks. */
  completion: string | null = null;
  /** Emitting a loop over locals that hold the numbers of session variables (see numeric-loops.ts). */
  numericLoop: NumericLoop | null = null;
  /** Emitting the inside of a block expression: jumps out of it must be thrown (see block-conditional.ts). */
  insideArrow = false;
  /** Loops around, within the arrow if in one. */
  loopDepth = 0;
  /** A jump out of a block expression was emitted in the statement at hand. */
  exitUsed = false;
  /** An assumption about a local proved wrong: emit again. */
  retry = false;
  /** The statement emitted last never reaches the one after it. */
  jumped = false;

  constructor(unit: UnitEmission, info: FunctionInfo, emitters: Emitters) {
    this.unit = unit;
    this.info = info;
    this.#emitters = emitters;
  }

  get isMain(): boolean {
    return this.info.parent === null;
  }

  expression(node: Expression): Code {
    return this.#emitters.expression(this, node);
  }
  items(items: readonly Item[], scope: Scope | null, afterEach = ''): string {
    return this.#emitters.items(this, items, scope, afterEach);
  }
  block(block: Block): string {
    return this.#emitters.block(this, block);
  }
  body(body: Statement): string {
    return this.#emitters.body(this, body);
  }
  functionValue(body: FunctionBody): string {
    return this.#emitters.functionValue(this, body);
  }

  helper(name: HelperName): string {
    return this.unit.helper(name);
  }

  /** A local for an intermediate value; give it back when the text that reads it is complete. */
  acquire(): string {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const name = `t${this.#temporaries++}`;
    this.locals.add(name);
    return name;
  }

  release(...names: readonly string[]): void {
    this.#free.push(...names);
  }

  /**
   * Two expressions evaluated one after the other, each then usable as often as wanted through its text. `setup` comes
   * first, ends with a comma, and may be empty.
   */
  pair(emitLeft: () => Code, emitRight: () => Code): Held {
    const left = emitLeft();
    // Reserved while the right side is emitted: it must not use the same one.
    const leftName = left.stability === 3 ? null : this.acquire();
    const right = emitRight();
    let setup = '';
    const used: string[] = [];
    let leftText = left.text;
    if (leftName !== null) {
      if (outlives(left.stability, right.effects)) this.release(leftName);
      else {
        setup += `${leftName}=${left.text},`;
        leftText = leftName;
        used.push(leftName);
      }
    }
    let rightText = right.text;
    if (right.stability === 0) {
      rightText = this.acquire();
      setup += `${rightText}=${right.text},`;
      used.push(rightText);
    }
    return {
      setup,
      left: { ...left, text: leftText },
      right: { ...right, text: rightText },
      effects: bothEffects(left.effects, right.effects),
      release: () => this.release(...used),
    };
  }

  /** One expression, usable as often as wanted while what has `later` effects runs. */
  hold(value: Code, later: Effects = 0): { setup: string; text: string; release(): void } {
    if (outlives(value.stability, later)) {
      return { setup: '', text: value.text, release: () => undefined };
    }
    const name = this.acquire();
    return { setup: `${name}=${value.text},`, text: name, release: () => this.release(name) };
  }

  /** The environment of a scope as emitted code reaches it from this function. */
  environment(scope: Scope): string {
    if (scope.owner === this.info) return `e${scope.index}`;
    this.outerScopes.add(scope);
    return `x${scope.index}`;
  }

  /** Where a variable lives. */
  location(variable: Variable): string {
    if (variable.captured) return `${this.environment(variable.scope)}.s${variable.slot}`;
    if (variable.kind !== 'parameter') this.locals.add(`v${variable.index}`);
    return `v${variable.index}`;
  }

  /** Reading the variable needs no check: it surely has a value here. */
  surelyAssigned(variable: Variable): boolean {
    return variable.certain || (!variable.captured && this.assigned.has(variable));
  }

  /** What a local that surely has a value is known to hold. */
  kindOf(variable: Variable): Kind {
    const isOwn = !variable.captured && !variable.certain;
    return isOwn && variable.assumed !== null ? (variable.assumed as Kind) : 'value';
  }

  /** The variable takes a value of that kind. */
  holds(variable: Variable, kind: Kind): void {
    if (variable.assumed === null) variable.assumed = kind;
    else if (variable.assumed !== kind && variable.assumed !== 'value') {
      // What was emitted so far may rely on the former kind.
      variable.assumed = 'value';
      this.retry = true;
    }
  }

  get thisText(): string {
    if (this.isMain) return 'null';
    return this.info.lexicalThis ? 'T' : 's';
  }
}

export type Held = {
  readonly setup: string;
  readonly left: Code;
  readonly right: Code;
  readonly effects: Effects;
  release(): void;
};

/** Which locals surely have a value, along the path of execution that is being emitted. */
export class Assigned {
  readonly #variables = new Set<Variable>();
  readonly #log: Variable[] = [];

  has(variable: Variable): boolean {
    return this.#variables.has(variable);
  }

  add(variable: Variable): void {
    if (variable.captured || this.#variables.has(variable)) return;
    this.#variables.add(variable);
    this.#log.push(variable);
  }

  /** Begins a part that may not be executed. */
  branch(): number {
    return this.#log.length;
  }

  /** Ends it: forgets what it assigned, and says what that was. */
  merge(branch: number): Variable[] {
    const added = this.#log.splice(branch);
    for (const variable of added) this.#variables.delete(variable);
    return added;
  }
}

/** An expression that cannot be repeated and may run other functions. */
export function calling(text: string): Code {
  return code(text, 'value', 1);
}
