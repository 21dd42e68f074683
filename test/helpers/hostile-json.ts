// JSON texts that look like what a schema describes and go wrong in places: what a client sends that means harm. They are texts and not
// values, because much of it is no value of JavaScript.
import fc from 'fast-check';

type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
};

const numbers = [
  '0 -0 -1 0.5 1e-400 5e-324 1e308 1e999 -1e999 9007199254740991 9007199254740993 2147483648',
  '-2147483649 18446744073709551616 123456789012345678901234567890 0.1e1 1E0',
].flatMap((line) => line.split(' '));
const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', 'x', '0'];
const nested = (open: string, close: string, depth: number) =>
  open.repeat(depth) + close.repeat(depth);

/** Places in which something of another kind stands. */
const traps: readonly string[] = [
  ...numbers,
  ...names.map((name) => JSON.stringify(name)),
  'null true false {} [] [[]] "\\u0000" "\\ud800" "\\ud83d" "../../etc/passwd" "a/../b" "%2e%2e/"'.split(
    ' ',
  ),
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"a":1,"a":2}',
  nested('[', ']', 60),
  nested('[', ']', 70),
  nested('[', ']', 20_000),
  nested('{"a":', '1}', 5000).replace(/1}1/, '1'),
  JSON.stringify('x'.repeat(70_000)),
  JSON.stringify('\u202e\u0000\u{1f4a9}'),
  JSON.stringify("'; DROP TABLE session; --"),
].flat();

/** Texts for a schema whose references `resolve` follows. */
export function hostileJson(
  schema: Schema,
  resolve: (reference: string) => Schema,
): fc.Arbitrary<string> {
  const decent = decentJson(schema, resolve);
  return fc.oneof(
    { weight: 8, arbitrary: decent },
    { weight: 1, arbitrary: fc.constantFrom(...traps) },
  );
}

function decentJson(schema: Schema, resolve: (reference: string) => Schema): fc.Arbitrary<string> {
  const within = (part: Schema) => hostileJson(part, resolve);
  if (schema.$ref !== undefined) return within(resolve(schema.$ref));
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(within));
  if (schema.const !== undefined) return fc.constant(JSON.stringify(schema.const));
  if (schema.enum !== undefined)
    return fc.constantFrom(...schema.enum.map((value) => JSON.stringify(value)));
  switch (schema.type) {
    case 'object':
      return objects(schema, within);
    case 'array':
      return fc.array(within(schema.items ?? {}), { maxLength: 4 }).map((items) => `[${items}]`);
    case 'string':
      return fc
        .oneof(fc.constantFrom('a', 'demo', '1'), fc.string({ unit: 'binary', maxLength: 40 }))
        .map((text) => JSON.stringify(text));
    case 'integer':
    case 'number':
      return fc.oneof(fc.constantFrom(...numbers), fc.constant(String(schema.minimum ?? 1)));
    case 'boolean':
      return fc.constantFrom('true', 'false');
    default:
      return fc.constantFrom(...traps);
  }
}

function objects(
  { properties = {}, required = [], patternProperties = {} }: Schema,
  within: (part: Schema) => fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  const known = Object.entries(properties).map(([name, part]) => {
    const member = within(part).map((text) => `${JSON.stringify(name)}:${text}`);
    return fc.option(member, { nil: '', freq: required.includes(name) ? 20 : 1 });
  });
  const [ofAnyName = {}] = Object.values(patternProperties);
  const stray = fc
    .tuple(fc.constantFrom(...names, 'NODE_OPTIONS', 'LD_PRELOAD'), within(ofAnyName))
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`);
  const likely = Object.keys(patternProperties).length > 0 ? 3 : 0.2;
  const strays = fc
    .integer({ min: 0, max: 9 })
    .chain((chance) => (chance < likely * 3 ? stray : fc.constant('')));
  return fc
    .tuple(...known, strays)
    .map((members) => `{${members.filter((text) => text !== '').join(',')}}`);
}
