// Functions of numbers that V8 computes with one instruction: where a name still means the built-in and the argument is a
// number, emitted code does what the built-in would do, without the call.

/** Built-in by `BuiltinValue.name` → what it computes for a number. */
export const intrinsics: ReadonlyMap<string, (value: number) => number> = new Map([
  ['sqrt', Math.sqrt],
  ['abs', Math.abs],
  ['floor', Math.floor],
  ['ceil', Math.ceil],
  ['trunc', Math.trunc],
  ['sin', Math.sin],
  ['cos', Math.cos],
]);
