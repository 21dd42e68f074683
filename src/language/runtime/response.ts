// What an answer from the network is to a program (SPEC 9.10): an object of code, body and headers that knows some more names.
import type { BuiltinMethods } from '../builtins/builtin.ts';
import type { NetworkResponse } from '../host.ts';
import { BoundMethod, encodeKey, ObjectValue, ResponseValue, type Value } from './value.ts';

export function responseValue({ status, body, headers }: NetworkResponse): ResponseValue {
  const fields = new ObjectValue();
  for (const [name, value] of headers) fields[encodeKey(name)] = value;
  const response = new ResponseValue();
  response.code = status;
  response.body = body;
  response.headers = fields;
  return response;
}

/** What `response.name` is where the object has no key of that name; null for nothing. */
export function responseMember(
  response: ResponseValue,
  name: string,
  methods: BuiltinMethods,
): Value {
  switch (name) {
    case 's':
    case 'status':
      return response.code ?? null;
    case 'b':
      return response.body ?? null;
    case 'h':
      return response.headers ?? null;
    case 'ok': {
      const { code } = response;
      return typeof code === 'number' && code >= 200 && code < 300;
    }
    default: {
      const method = methods.response.get(name) ?? methods.object.get(name);
      return method === undefined ? null : new BoundMethod(response, method);
    }
  }
}
