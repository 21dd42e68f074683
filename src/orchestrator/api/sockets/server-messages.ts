// What a client is sent over a live connection, as schemas: the reference is made from them, and the types of the
// messages for one client alone. The session's own events come as text from the layer below, in this shape.

import { type Static, type TProperties, Type } from 'typebox';
import { DescribedValue, ErrorReport, endStatuses, outputChannels, Variable } from '#protocol';
import { sessionStates } from '../../registry/records.ts';
import { type LiveMessage, restoredFiles } from '../../sessions/live-messages.ts';

const closed = { additionalProperties: false } as const;
const executionId = Type.String();
const seq = Type.Integer({ minimum: 1, description: 'Grows with every message of the session.' });
const timestamp = Type.Integer({ description: 'Milliseconds since 1970.' });
const requestId = Type.Optional(Type.String({ description: 'The `id` of the request.' }));
const Count = Type.Integer({ minimum: 0 });
const Names = Type.Array(Type.String());

function message<Name extends string, Properties extends TProperties>(
  type: Name,
  properties: Properties,
  description: string,
) {
  return Type.Object({ type: Type.Literal(type), ...properties, seq }, { ...closed, description });
}

/** Sent to every client of the session, some of them only to those who subscribed. */
export const sessionMessages = {
  executionStart: message(
    'executionStart',
    { id: executionId, requestId, timestamp },
    'An execution begins; `id` is its id. `requestId` is there when its request had an `id`.',
  ),
  output: message(
    'output',
    { executionId, content: Type.String(), channel: Type.Enum(outputChannels), timestamp },
    'A piece of what a program wrote.',
  ),
  intermediateResult: message(
    'intermediateResult',
    { executionId, result: DescribedValue },
    'The value of one top-level statement, when asked for with `options.intermediateResults`.',
  ),
  progress: message(
    'progress',
    { executionId, value: Type.Number(), of: Type.Optional(Type.Number()) },
    'How far a program says it has come.',
  ),
  inputRequest: message(
    'inputRequest',
    { executionId, prompt: Type.String() },
    'A program waits for `stdin`. The prompt is in its output, too.',
  ),
  error: message(
    'error',
    { executionId, error: ErrorReport },
    'A program failed; an `executionResult` with the status follows.',
  ),
  executionResult: message(
    'executionResult',
    {
      executionId,
      result: Type.Optional(DescribedValue),
      duration: Type.Number({ minimum: 0, description: 'ms' }),
      status: Type.Enum([...endStatuses, 'lost']),
      truncated: Type.Boolean({ description: 'Output past the limit was dropped.' }),
      usage: Type.Optional(
        Type.Object(
          { cpuMs: Type.Number({ minimum: 0 }), memoryPeakBytes: Count, outputBytes: Count },
          closed,
        ),
      ),
    },
    'The one end of an execution.',
  ),
  variablesChanged: message(
    'variablesChanged',
    { executionId, added: Names, changed: Names, removed: Names },
    'What an execution did to the session’s variables. For subscribers of `variables`.',
  ),
  state: message(
    'state',
    {
      from: Type.Enum(sessionStates),
      to: Type.Enum(sessionStates),
      reason: Type.String(),
      version: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
      files: Type.Optional(
        Type.Enum(restoredFiles, {
          description:
            'After a restart: those that it had (`present`), those of `version` since its sandbox gave no answer, or none.',
        }),
      ),
    },
    'The session’s state changed. `version`: the one that its variables and files are those of now; null for none. For subscribers of `state`.',
  ),
  gap: message(
    'gap',
    { since: Count, resumesAfter: Count },
    'Events after `since` and up to `resumesAfter` are not kept any more.',
  ),
} as const satisfies Record<LiveMessage['type'], object>;

/** Sent to one client alone. */
export const ownMessages = {
  inspectionResult: message(
    'inspectionResult',
    {
      requestId,
      variable: Type.String(),
      value: Type.Unknown({
        description:
          'A tree of nodes `{type, preview, size, children?: [{key, node}], reference?, truncated?}`.',
      }),
    },
    'The answer to `inspect`.',
  ),
  variables: message(
    'variables',
    { requestId, items: Type.Array(Variable), truncated: Type.Boolean() },
    'The answer to `variables`. `truncated` says that there are more.',
  ),
  metrics: message(
    'metrics',
    {
      timestamp,
      cpuPercent: Type.Number({ minimum: 0, description: '100 is one whole processor.' }),
      memoryBytes: Count,
      pids: Count,
    },
    'Measured on the host, each second. For subscribers of `metrics`.',
  ),
  pong: message('pong', { requestId, timestamp }, 'The answer to `ping`.'),
  protocolError: message(
    'error',
    {
      requestId,
      code: Type.String({ description: 'As in the reference of errors.' }),
      message: Type.String(),
      fields: Type.Optional(
        Type.Array(Type.Object({ field: Type.String(), message: Type.String() }, closed)),
      ),
    },
    'A message could not be read, or a request failed. It has `code` and no `executionId`.',
  ),
} as const;

type Own = Static<(typeof ownMessages)[keyof typeof ownMessages]>;
type WithoutSeq<Message> = Message extends unknown ? Omit<Message, 'seq'> : never;

/** A message for one client, before it has its number. */
export type OwnMessage = WithoutSeq<Own>;
