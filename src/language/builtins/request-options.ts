// The last argument of requests: `{headers, timeout}` (SPEC 9.10).
import { display, typeName } from '../runtime/display.ts';
import { type Raised, raise } from '../runtime/raised.ts';
import { settled } from '../runtime/undecided.ts';
import { decodeKey, ObjectValue, type Value } from '../runtime/value.ts';
import { shownPath } from '../shown-path.ts';
import { type Given, isMissing, objectArgument } from './arguments.ts';
import type { BuiltinContext } from './builtin.ts';

export type RequestOptions = {
  readonly headers: Map<string, string>;
  readonly timeoutMs: number | null;
};

const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;
const headersMax = 100;
/** SECURITY: they say to whom a request goes and where it ends, which is the session's to say. */
const reservedHeaders: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'te', 'trailer'],
  ...['expect', 'keep-alive', 'proxy-authorization', 'proxy-connection'],
]);

export function requestOptions(
  context: BuiltinContext,
  name: string,
  position: number,
  given: Given,
): RequestOptions {
  const options = isMissing(given) ? new ObjectValue() : objectArgument(name, position, given);
  return {
    headers: headersOf(context, name, options.headers ?? null),
    timeoutMs: timeoutOf(name, options.timeout ?? null),
  };
}

function headersOf(context: BuiltinContext, name: string, given: Value): Map<string, string> {
  const headers = new Map<string, string>();
  if (given === null) return headers;
  const fields = settled(given);
  if (!(fields instanceof ObjectValue)) throw wrongOption(name, 'object', 'headers', given);
  for (const [key, value] of Object.entries(fields)) {
    context.step(1);
    const field = decodeKey(key).toLowerCase();
    const text = display(value ?? null, context);
    if (!headerName.test(field) || !headerValue.test(text)) {
      throw raise('RangeError', `${name}: invalid header ${shownPath(decodeKey(key))}`);
    }
    if (reservedHeaders.has(field)) {
      throw raise('RangeError', `${name}: the header '${field}' is set by the session`);
    }
    headers.set(field, text);
    if (headers.size > headersMax) throw raise('RangeError', `${name}: too many headers`);
  }
  return headers;
}

function timeoutOf(name: string, given: Value): number | null {
  if (given === null) return null;
  if (typeof given !== 'number') throw wrongOption(name, 'number', 'timeout', given);
  if (given > 0) return given;
  throw raise('RangeError', `${name}: the timeout must be positive`);
}

function wrongOption(name: string, expected: string, option: string, given: Value): Raised {
  return raise('TypeError', `${name}: expected ${expected} for ${option}, got ${typeName(given)}`);
}
