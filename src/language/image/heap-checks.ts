// What has to hold between the nodes of an image: looked at once all of them are there, before any program sees one.
//
// SECURITY: emitted code reads variables through the chain of environments without looking whether they are there.
import {
  BoundMethod,
  type Environment,
  ErrorValue,
  FunctionValue,
  ModuleValue,
  type Slot,
  type Value,
} from '../runtime/value.ts';
import type { ScopeLayout } from '../unit-layout.ts';
import { slotCount } from './environment-node.ts';
import { damaged } from './image-error.ts';
import type { Node } from './node-fillers.ts';

/** Throws ImageError where the nodes do not fit together. */
export function checkHeap(nodes: readonly Node[], step: (steps: number) => void): void {
  const layouts = new Map<Environment, ScopeLayout>();
  const acyclic = new Set<Value>();
  for (const node of nodes) {
    step(1);
    if (node instanceof FunctionValue) checkEnvironment(node, layouts);
    if (node instanceof ModuleValue) checkMembers(node);
    if (isWrapper(node)) checkWrapper(node, acyclic);
  }
}

/** Members are variables of the module. */
function checkMembers({ members, environment }: ModuleValue): void {
  for (const slot of members.values()) {
    // `p` leads to the environment around, which is no value.
    if ((slot as string) === 'p' || !Object.hasOwn(environment, slot)) {
      throw damaged('a module has a member that is nowhere');
    }
  }
}

/** Each environment belongs to one scope of one unit, and is as wide as that. */
function checkEnvironment(value: FunctionValue, layouts: Map<Environment, ScopeLayout>): void {
  let layout = value.code.unit.layout.functions[value.code.index]!.environment;
  let { environment } = value;
  while (layout !== null && environment !== null) {
    const former = layouts.get(environment);
    if (former === layout) return;
    if (former !== undefined || slotCount(environment) !== layout.certain.length) break;
    layouts.set(environment, layout);
    fillCertain(environment, layout);
    layout = layout.parent;
    environment = environment.p;
  }
  if (layout !== null || environment !== null) {
    throw damaged('a function has the wrong environment');
  }
}

/** Emitted code does not look whether these have a value. */
function fillCertain(environment: Environment, { certain }: ScopeLayout): void {
  for (const [index, isCertain] of certain.entries()) {
    const slot: Slot = `s${index}`;
    if (isCertain) environment[slot] ??= null;
  }
}

/** Values made around one other value, which so cannot hang on them by this way. */
type Wrapper = FunctionValue | BoundMethod | ErrorValue;

function isWrapper(value: unknown): value is Wrapper {
  return (
    value instanceof FunctionValue || value instanceof BoundMethod || value instanceof ErrorValue
  );
}

function checkWrapper(start: Wrapper, acyclic: Set<Value>): void {
  const path = new Set<Value>();
  for (let value: Value = start; isWrapper(value) && !acyclic.has(value); value = inside(value)) {
    if (path.has(value)) throw damaged('a value is made of itself');
    path.add(value);
  }
  for (const value of path) acyclic.add(value);
}

function inside(wrapper: Wrapper): Value {
  if (wrapper instanceof FunctionValue) return wrapper.lexicalThis;
  return wrapper instanceof BoundMethod ? wrapper.receiver : wrapper.value;
}
