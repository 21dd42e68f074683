// Functions that are mentioned before their code and their environment are there.
import { type FunctionCode, FunctionValue, type Value } from '../runtime/value.ts';

type Open = { -readonly [Field in keyof FunctionValue]: FunctionValue[Field] };

/** In the place of what will be known later. */
const unknownCode: unknown = null;

/** A function value whose code, environment and `this` are to be set. Its code is asked for a function when it is called first. */
export function promisedFunction(): FunctionValue {
  const value: FunctionValue = new FunctionValue(
    unknownCode as FunctionCode,
    null,
    null,
    (self: Value, depth: number, ...given: (Value | undefined)[]) => {
      const { code, environment, lexicalThis } = value;
      (value as Open).run = code.instantiate(environment, lexicalThis);
      return value.run(self, depth, ...given);
    },
  );
  return value;
}
