// Checks what came from outside against its schema, for HTTP and for WebSockets alike, and says which fields are wrong.
// It never changes what it checks: nothing is dropped, filled in or converted (query strings excepted, see coerceQuery).
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** An offending part: a JSON pointer into the body, and what is wrong with it. */
export type Field = { readonly field: string; readonly message: string };

export class Checker<Schema extends TSchema> {
  readonly #schema: ReturnType<typeof Compile>;

  constructor(schema: Schema) {
    this.#schema = Compile(schema);
  }

  /** True when the value is what the schema says. */
  accepts(value: unknown): value is Static<Schema> {
    return this.#schema.Check(value);
  }

  /** What is wrong with a value that was not accepted; at most a handful of fields, so that a reply stays small. */
  fields(value: unknown): Field[] {
    const found = new Map<string, string>();
    for (const error of this.#schema.Errors(value)) {
      for (const { field, message } of describe(error)) {
        if (!found.has(field) && found.size < fieldsMax) found.set(field, message);
      }
    }
    return [...found].map(([field, message]) => ({ field, message }));
  }
}

const fieldsMax = 16;
const fieldLengthMax = 200;

type SchemaError = { keyword: string; instancePath: string; message: string; params: object };

function describe({ keyword, instancePath, message, params }: SchemaError): Field[] {
  const below = (names: unknown, text: string): Field[] =>
    (Array.isArray(names) ? names : []).slice(0, fieldsMax).map((name) => ({
      field: `${instancePath}/${escapePointer(String(name))}`.slice(0, fieldLengthMax),
      message: text,
    }));
  switch (keyword) {
    // The closed part of an object reports each unknown name twice; once is enough.
    case 'boolean':
      return [];
    case 'additionalProperties':
      return below(Reflect.get(params, 'additionalProperties'), 'is not known here');
    case 'required':
      return below(Reflect.get(params, 'requiredProperties'), 'is required');
    case 'enum': {
      const allowed: unknown = Reflect.get(params, 'allowedValues');
      const list = Array.isArray(allowed) ? allowed.join(', ') : '';
      return [{ field: instancePath, message: `must be one of: ${list}` }];
    }
    default:
      return [{ field: instancePath.slice(0, fieldLengthMax), message }];
  }
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Query values arrive as text: those whose schema is an integer or a boolean are read as one, all else stays as it is. */
export function coerceQuery(schema: TSchema, query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query;
  const properties: unknown = Reflect.get(schema, 'properties');
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, coerce(typeOf(properties, name), value)]),
  );
}

function typeOf(properties: unknown, name: string): unknown {
  if (typeof properties !== 'object' || properties === null) return undefined;
  if (!Object.hasOwn(properties, name)) return undefined;
  const property: unknown = Reflect.get(properties, name);
  return typeof property === 'object' && property !== null
    ? Reflect.get(property, 'type')
    : undefined;
}

function coerce(type: unknown, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'integer' && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
