// docs/reference/live-protocol.md: the messages of the live connection, both ways, and how it ends.

import { defaultBounds } from '../../src/orchestrator/api/options.ts';
import { clientMessages } from '../../src/orchestrator/api/sockets/client-messages.ts';
import { closeCodes } from '../../src/orchestrator/api/sockets/close-codes.ts';
import {
  ownMessages,
  sessionMessages,
} from '../../src/orchestrator/api/sockets/server-messages.ts';
import { generatedNote, table } from './table.ts';

export function liveProtocolReference(): string {
  const { heartbeatMs, executeBytesMax, liveMessagesPerSecondMax } = defaultBounds;
  const codes = Object.entries(closeCodes).map(([reason, { code, meaning }]) => [
    String(code),
    `\`${reason}\``,
    meaning,
  ]);
  return `${generatedNote}
# Live protocol

\`WebSocket /api/sessions/{id}/live\` shows everything that happens in a session, and takes code to run. \`{id}\` is the
session's id or its name. Every message, either way, is one JSON object in one text frame.

## Connecting

A program sends its key in the \`Authorization\` header. When it is refused, the answer is an HTTP status and a problem
document, as on every other address.

A browser cannot send that header. It asks \`POST /api/tickets\` with \`{"session": "…"}\` for a ticket, which is good for one
connection within 30 seconds, and offers two sub-protocols: \`cellar.v1\` and \`cellar.ticket.<ticket>\`. The service answers
with \`cellar.v1\`. A browser cannot see an HTTP status either, so with a ticket the connection is always accepted and, when
it is refused, closed at once with one of the codes below. Only pages of the service's own host and of the configured
origins may connect; others get 403.

With \`?since=<seq>\` the session's events after that number are sent first, then the new ones, each once and in order. Where
some of them are not kept any more, a \`gap\` says so. Without \`since\` only new events come.

Roles: a viewer may watch, inspect and subscribe; running, cancelling and \`stdin\` need a developer.

## Keeping to it

- Every message from the service has a \`seq\`. It grows with each message of the session, so a client sees numbers missing
  that went to others; that is not a loss.
- The service pings every ${heartbeatMs / 1000} seconds, and drops a client that has given no sign of life by the next time.
- A client that does not read its events is disconnected with ${closeCodes.tooSlow.code} when the buffer for it is full. What was sent before
  arrives first, so it can connect again with \`since\`.
- A message may have ${executeBytesMax} bytes; a client may send ${liveMessagesPerSecondMax} messages a second.
- A message that is not valid is answered with an \`error\` that names the fields. Binary frames, text that is not JSON and
  messages that are too long are answered with an \`error\` too; the fifth within a minute ends the connection.

## From the client

${section(clientMessages)}
## From the service, to every client of the session

Messages of type \`state\` and \`variablesChanged\` go to those only who subscribed to them.

${section(sessionMessages)}
## From the service, to one client

${section(ownMessages)}
## Close codes

${table(['Code', 'Reason', 'Meaning'], codes)}`;
}

type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
};

function section(messages: Readonly<Record<string, object>>): string {
  return Object.values(messages)
    .map((schema) => messageText(schema as Schema))
    .join('\n');
}

function messageText({ description = '', properties = {}, required = [] }: Schema): string {
  const rows = fieldRows(properties, required, '');
  return `### ${String(properties.type?.const)}

${description}

${table(['Field', 'Type', 'Needed', 'Meaning'], rows)}`;
}

function fieldRows(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  prefix: string,
): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const row = [
      `\`${prefix}${name}\``,
      typeText(field),
      required.includes(name) ? 'yes' : 'no',
      field.description ?? '',
    ];
    return [row, ...fieldRows(field.properties ?? {}, field.required ?? [], `${prefix}${name}.`)];
  });
}

function typeText(field: Schema): string {
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum) return field.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (field.anyOf) return field.anyOf.map(typeText).join(' or ');
  if (field.items) return `list of ${typeText(field.items)}`;
  const { type = 'any JSON', minimum, maximum, maxLength } = field;
  if (maxLength !== undefined) return `${type}, at most ${maxLength} long`;
  if (minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) {
    return `${type}, ${minimum} to ${maximum}`;
  }
  return type;
}
