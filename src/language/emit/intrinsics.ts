// Functions of numbers that V8 computes with an instruction or two: where a name still means the built-in and the arguments
// are numbers, emitted code does what the built-in would do, without the call.

export type Intrinsic = {
  readonly compute: (...numbers: number[]) => number;
  /** It takes one number up to that many. */
  readonly argumentsMax: number;
};

/** Built-in by `BuiltinValue.name` → what it computes for numbers. */
export const intrinsics: ReadonlyMap<string, Intrinsic> = new Map([
  ['sqrt', { compute: Math.sqrt, argumentsMax: 1 }],
  ['abs', { compute: Math.abs, argumentsMax: 1 }],
  ['floor', { compute: Math.floor, argumentsMax: 1 }],
  ['ceil', { compute: Math.ceil, argumentsMax: 1 }],
  ['trunc', { compute: Math.trunc, argumentsMax: 1 }],
  ['sin', { compute: Math.sin, argumentsMax: 1 }],
  ['cos', { compute: Math.cos, argumentsMax: 1 }],
  ['min', { compute: Math.min, argumentsMax: 4 }],
  ['max', { compute: Math.max, argumentsMax: 4 }],
]);
