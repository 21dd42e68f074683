// What a client may send over a live connection: one closed schema a message, found by its type.

import { type Static, Type } from 'typebox';
import { limits } from '#protocol';
import type { ErrorCode } from '../../foundation/errors.ts';
import { Checker, type Field } from '../schemas/checker.ts';
import { InspectPath } from '../schemas/request.ts';

const closed = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: limits.nameLengthMax });
const id = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: limits.nameLengthMax,
    description: 'Of the client’s choice; comes back as `requestId`.',
  }),
);

const Execute = Type.Object(
  {
    type: Type.Literal('execute'),
    code: Type.String({ maxLength: limits.codeLengthMax }),
    id,
    options: Type.Optional(
      Type.Object(
        {
          timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.executionMsMax })),
          captureOutput: Type.Optional(Type.Boolean()),
          intermediateResults: Type.Optional(Type.Boolean()),
          profile: Type.Optional(
            Type.Boolean({ description: 'As in `POST /api/sessions/{id}/execute`.' }),
          ),
          stdin: Type.Optional(Type.String({ maxLength: limits.stdinLengthMax })),
        },
        closed,
      ),
    ),
    traceparent: Type.Optional(
      Type.String({
        maxLength: 128,
        description:
          'W3C Trace Context, where requests are traced; without it that of the request which opened the connection.',
      }),
    ),
  },
  {
    ...closed,
    description:
      'Runs code. Answered by `executionStart` with the `requestId`, events, and one `executionResult`; by an `error` when it cannot be queued. Without `options.stdin` the program’s questions come as `inputRequest`.',
  },
);

const Cancel = Type.Object(
  { type: Type.Literal('cancel'), executionId: Name, id },
  { ...closed, description: 'Stops an execution; it ends with status `cancelled`.' },
);

const Inspect = Type.Object(
  {
    type: Type.Literal('inspect'),
    variable: Name,
    depth: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.valueDepthMax })),
    path: Type.Optional(InspectPath),
    id,
  },
  {
    ...closed,
    description:
      'Looks into a variable, also while code runs. `path` leads to a part of it. Answered by `inspectionResult`.',
  },
);

const Stdin = Type.Object(
  {
    type: Type.Literal('stdin'),
    executionId: Name,
    content: Type.String({ maxLength: limits.stdinLengthMax }),
    id,
  },
  { ...closed, description: 'Text for a program that reads; several lines or a part of one.' },
);

const Variables = Type.Object(
  {
    type: Type.Literal('variables'),
    id,
    filter: Type.Optional(Name),
    includeValues: Type.Optional(Type.Boolean()),
  },
  { ...closed, description: 'Asks for the session’s variables. Answered by `variables`.' },
);

export const subscribableEvents = ['metrics', 'state', 'variables'] as const;
export type SubscribableEvent = (typeof subscribableEvents)[number];

const Subscribe = Type.Object(
  {
    type: Type.Literal('subscribe'),
    events: Type.Array(Type.Enum(subscribableEvents), { maxItems: 16 }),
    id,
  },
  {
    ...closed,
    description:
      'From now on exactly these: `metrics` each second, `state` changes, `variables` for `variablesChanged`. An empty list ends them.',
  },
);

const Ping = Type.Object(
  { type: Type.Literal('ping'), id },
  { ...closed, description: 'Answered by `pong`.' },
);

/** By type. */
export const clientMessages = {
  execute: Execute,
  cancel: Cancel,
  inspect: Inspect,
  stdin: Stdin,
  variables: Variables,
  subscribe: Subscribe,
  ping: Ping,
} as const;

export type ClientMessage = {
  [Type in keyof typeof clientMessages]: Static<(typeof clientMessages)[Type]>;
}[keyof typeof clientMessages];

export type Refusal = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fields: Field[];
  readonly requestId: string | undefined;
};

const checkers = new Map(
  Object.entries(clientMessages).map(([type, schema]) => [type, new Checker(schema)]),
);

/** The message in parsed JSON, or what is wrong with it. */
export function readClientMessage(value: unknown): ClientMessage | { refusal: Refusal } {
  const requestId = textOf(value, 'id');
  const type = textOf(value, 'type');
  const checker = type === undefined ? undefined : checkers.get(type);
  if (!checker) {
    const message = `must be one of: ${[...checkers.keys()].join(', ')}`;
    return {
      refusal: {
        code: 'invalid_request',
        message: 'There is no message of this type.',
        fields: [{ field: '/type', message }],
        requestId,
      },
    };
  }
  if (checker.accepts(value)) return value;
  return {
    refusal: {
      code: 'invalid_request',
      message: `This ${type} message is not valid.`,
      fields: checker.fields(value),
      requestId,
    },
  };
}

function textOf(value: unknown, name: 'id' | 'type'): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const text: unknown = Reflect.get(value, name);
  return typeof text === 'string' && text.length <= limits.nameLengthMax ? text : undefined;
}
