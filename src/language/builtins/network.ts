// Requests over HTTP (SPEC 9.10): arguments are looked at first, then whether the session has a network at all.
import type { Network, NetworkRequest } from '../host.ts';
import { raise, Stopped } from '../runtime/raised.ts';
import { responseValue } from '../runtime/response.ts';
import { ResponseValue, type Value } from '../runtime/value.ts';
import { shownPath } from '../shown-path.ts';
import { type Given, textArgument, wrongArgument } from './arguments.ts';
import { attempt } from './attempt.ts';
import type { Builtin, BuiltinContext, BuiltinError } from './builtin.ts';
import { parseJson } from './json-parse.ts';
import { jsonFormat, writeJson } from './json-write.ts';
import { type RequestOptions, requestOptions } from './request-options.ts';

export const network: readonly Builtin[] = [
  {
    name: 'get',
    aliases: ['fetch', '↗', '⇓', '⚡.get'],
    parameters: ['url', 'options'],
    summary:
      'Asks for a resource; the response has code, body and headers, ok, and the methods json and text. Options are headers and timeout (ms).',
    example: 'get("https://example.org/hello").body // hello',
    errors: requestErrors('get', ''),
    run: (context, url, options) => send(context, 'get', 'GET', url, undefined, options),
  },
  {
    name: 'post',
    aliases: ['↓', '⇑', '⚡.post'],
    parameters: ['url', 'data', 'options'],
    summary: 'Sends data, a text as it is and everything else as JSON; otherwise as get.',
    example: 'post("https://example.org/echo", {a: 1}).json().body // {"a":1}',
    errors: [cyclicData('post'), ...requestErrors('post', ', 1')],
    run: (context, url, data, options) => send(context, 'post', 'POST', url, data ?? null, options),
  },
  {
    name: 'put',
    parameters: ['url', 'data', 'options'],
    summary: 'Puts data in the place of a resource; otherwise as post.',
    example: 'put("https://example.org/echo", "text").json().method // PUT',
    errors: [cyclicData('put'), ...requestErrors('put', ', 1')],
    run: (context, url, data, options) => send(context, 'put', 'PUT', url, data ?? null, options),
  },
  {
    name: 'delete',
    parameters: ['url', 'options'],
    summary: 'Deletes a resource; otherwise as get.',
    example: 'delete("https://example.org/status/204").code // 204',
    errors: requestErrors('delete', ''),
    run: (context, url, options) => send(context, 'delete', 'DELETE', url, undefined, options),
  },
  {
    name: 'json',
    free: false,
    methodOf: ['response'],
    parameters: ['response'],
    summary: 'The value that the body of a response describes; ParseError if it is not JSON.',
    example: 'get("https://example.org/json").json().a // [1, 2]',
    errors: [
      {
        type: 'ParseError',
        when: 'the body is not JSON',
        example: 'get("https://example.org/hello").json()',
      },
    ],
    run: (context, given) => parseJson(context, bodyOf('json', given)),
  },
  {
    name: 'text',
    free: false,
    methodOf: ['response'],
    parameters: ['response'],
    summary: 'The body of a response.',
    example: 'get("https://example.org/hello").text() // hello',
    run: (_context, given) => bodyOf('text', given),
  },
];

/** `data`: the argument between url and options, with its comma; '' where there is none. */
function requestErrors(name: string, data: string): readonly BuiltinError[] {
  const hello = `${name}("https://example.org/hello"${data}`;
  return [
    {
      type: 'TypeError',
      when: '`headers` is no object or `timeout` no number',
      example: `${hello}, { timeout: "long" })`,
    },
    {
      type: 'RangeError',
      when: 'a header is malformed or not for programs to set, there are too many, or the timeout is not positive',
      example: `${hello}, { headers: { Host: "other" } })`,
    },
    {
      type: 'NetworkError',
      when: 'the address is not one of http or https, its host is not allowed or does not answer',
      example: `${name}("https://elsewhere.example/"${data})`,
    },
    {
      type: 'PermissionError',
      when: 'the session has no network',
      example: `${hello})`,
      without: 'network',
    },
    {
      type: 'ResourceLimitError',
      when: 'the response is too large',
      example: `${name}("https://example.org/large"${data})`,
    },
  ];
}

function cyclicData(name: string): BuiltinError {
  return {
    type: 'TypeError',
    when: 'a collection in the data contains itself',
    example: `a = []; a.push(a); ${name}("https://example.org/echo", a)`,
  };
}

/** `data` undefined: nothing is sent. */
function send(
  context: BuiltinContext,
  name: string,
  method: NetworkRequest['method'],
  given: Given,
  data: Value | undefined,
  options: Given,
): Value {
  const url = textArgument(name, 1, given);
  const chosen = requestOptions(context, name, data === undefined ? 2 : 3, options);
  const body = data === undefined ? null : bodyText(context, data, chosen);
  const open = networkOf(context);
  if (!/^https?:\/\/[^\s/?#]+[^\s]*$/i.test(url)) {
    throw raise('NetworkError', `Not an address of http or https: ${shownPath(url)}`);
  }
  const answer = attempt(() => open.request({ method, url, body, ...chosen }, context));
  if ('type' in answer) throw new Stopped(answer);
  context.allocate(answer.body.length * 2);
  return responseValue(answer);
}

/** The session's way out. PermissionError if it has none. */
function networkOf(context: BuiltinContext): Network {
  const open = context.host.network;
  if (open !== null) return open;
  throw raise('PermissionError', 'Network access is not permitted in this session');
}

/** What is sent, and in the headers what it is, unless the program says so itself. */
function bodyText(context: BuiltinContext, data: Value, { headers }: RequestOptions): string {
  const isText = typeof data === 'string';
  if (!headers.has('content-type')) {
    headers.set('content-type', isText ? 'text/plain; charset=utf-8' : 'application/json');
  }
  return isText ? data : writeJson(context, data, jsonFormat(null, null));
}

function bodyOf(name: string, given: Given): string {
  const body = given instanceof ResponseValue ? given.body : null;
  if (typeof body === 'string') return body;
  throw wrongArgument(name, 'response', 1, given);
}
