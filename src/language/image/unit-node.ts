// A unit of code as a node of an image: what is needed to compile it again.
import type { CodeUnit, FunctionValue, Value } from '../runtime/value.ts';
import type { ContextValues } from './compile-contexts.ts';

/** A unit as it comes out of an image. No program may ever hold one. */
export class UnitNode {
  /** As `unitFields` gives them. */
  fields: readonly Value[] = [];
  /** Values that are to get their code from it. */
  readonly functions: { readonly value: FunctionValue; readonly index: number }[] = [];
}

export const unitFieldCount = 6;

/** Source, number of functions, digest of the layout, macros, features, file. */
export function unitFields(
  { source, layout, context }: CodeUnit,
  contexts: ContextValues,
): readonly Value[] {
  const { functions, digest } = layout;
  const macros = contexts.ofMacros(context.macros);
  const features = contexts.ofFeatures(context.features);
  return [source, functions.length, digest, macros, features, context.file];
}

export function isCodeUnit(node: object): node is CodeUnit {
  return 'codes' in node;
}
