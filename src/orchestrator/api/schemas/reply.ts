// What clients get, as closed schemas. The reference is made from them, and the tests hold every reply against its own.

import { type Static, type TSchema, Type } from 'typebox';
import {
  DescribedValue,
  ErrorReport,
  fileTypes,
  Location,
  outputChannels,
  Variable,
} from '#protocol';
import { executionStatuses, sessionStates, snapshotReasons } from '../../registry/records.ts';
import { runtimeTiers } from '../../runtimes/runtime-tiers.ts';
import { persistencePolicies } from './request.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

function listOf<Item extends TSchema>(item: Item) {
  return Type.Object(
    { items: Type.Array(item), total: Count, limit: Count, offset: Count },
    closed,
  );
}

const SessionConfig = Type.Object(
  {
    timeout: Type.Integer({ minimum: 1 }),
    persistence: Type.Object(
      {
        policy: Type.Enum(persistencePolicies),
        intervalMs: Type.Optional(Count),
        keep: Type.Optional(
          Type.Union([
            Count,
            Type.Object(
              {
                last: Type.Optional(Count),
                hourly: Type.Optional(Count),
                daily: Type.Optional(Count),
              },
              closed,
            ),
          ]),
        ),
      },
      closed,
    ),
    limits: Type.Object(
      {
        memoryBytes: Count,
        cpus: Type.Number(),
        pids: Count,
        workspaceBytes: Count,
        outputBytes: Count,
      },
      closed,
    ),
    network: Type.Object(
      {
        policy: Type.Enum(['none', 'allowlist']),
        allow: Type.Optional(Type.Array(Type.String())),
        bytesPerSecond: Type.Optional(Count),
        bytesTotal: Type.Optional(Count),
      },
      closed,
    ),
    env: Type.Array(Type.String(), { description: 'Names only; values are never shown.' }),
    labels: Type.Record(Type.String(), Type.String()),
    idle: Type.Object(
      {
        pauseAfterMs: Type.Optional(Count),
        hibernateAfterMs: Type.Optional(Count),
        expireAfterMs: Type.Optional(Count),
      },
      closed,
    ),
  },
  closed,
);

const session = {
  id: Type.String(),
  name: orNull(Type.String()),
  tenant: Type.String(),
  language: Type.String(),
  state: Type.Enum(sessionStates),
  createdAt: Time,
  lastUsedAt: Time,
  expiresAt: Type.Union([Time, Type.Null()], {
    description:
      'When it is deleted unless it is used before; null when it never is, and while something is executed.',
  }),
  config: SessionConfig,
  statistics: Type.Object(
    {
      executions: Count,
      errors: Count,
      cpuMs: Type.Number({ minimum: 0 }),
      memoryBytes: orNull(Count),
      memoryPeakBytes: Count,
      networkBytes: Count,
      snapshots: Count,
    },
    closed,
  ),
  connections: Count,
  version: orNull(
    Type.Integer({ description: 'Newest kept version of the state; null while there is none.' }),
  ),
  sandbox: orNull(
    Type.Object(
      {
        id: Type.String({ description: 'Its container is named `cellar-` and this id.' }),
        runtime: Type.String(),
        tier: Type.Enum(runtimeTiers),
      },
      closed,
    ),
  ),
};

export const Session = Type.Object(session, { ...closed, $id: 'Session' });
export type Session = Static<typeof Session>;

const snapshot = {
  id: Type.String(),
  session: orNull(Type.String({ description: 'Null when it was imported.' })),
  version: orNull(Type.Integer({ description: 'Grows by one with each snapshot of a session.' })),
  parent: orNull(Type.Integer({ description: 'The version that the state grew from.' })),
  label: orNull(Type.String({ description: 'Unique among the versions of a session.' })),
  reason: Type.Enum(snapshotReasons),
  language: Type.String(),
  createdAt: Time,
  sizeBytes: Count,
  storedBytes: Type.Integer({
    minimum: 0,
    description: 'What it added to the store: content that was there already is not stored again.',
  }),
  checksum: Type.String({ description: 'SHA-256 of the archive before compression.' }),
};

export const Snapshot = Type.Object(snapshot, { ...closed, $id: 'Snapshot' });
export type Snapshot = Static<typeof Snapshot>;

export const SnapshotList = Type.Object(listOf(Type.Object(snapshot, closed)).properties, {
  ...closed,
  $id: 'SnapshotList',
});

const file = {
  path: Type.String({ description: 'Below the workspace.' }),
  type: Type.Enum(fileTypes),
  sizeBytes: Count,
  modifiedAt: Time,
  mode: Type.String({ description: 'Permission bits, octal: `0644`.' }),
};

export const FileItem = Type.Object(file, { ...closed, $id: 'File' });
export type FileItem = Static<typeof FileItem>;

export const FileList = Type.Object(listOf(Type.Object(file, closed)).properties, {
  ...closed,
  $id: 'FileList',
});

const execution = {
  executionId: Type.String(),
  sessionId: Type.String(),
  requestId: Type.Optional(Type.String()),
  code: Type.String(),
  status: Type.Enum(executionStatuses),
  result: Type.Optional(DescribedValue),
  error: Type.Optional(ErrorReport),
  output: Type.Optional(
    Type.Array(
      Type.Object({ channel: Type.Enum(outputChannels), content: Type.String(), at: Time }, closed),
    ),
  ),
  truncated: Type.Boolean({ description: 'Output past the limit was dropped.' }),
  imported: Type.Optional(
    Type.Literal(true, { description: 'It came with an archive, and was not executed here.' }),
  ),
  startedAt: orNull(Time),
  duration: orNull(Type.Number({ minimum: 0, description: 'ms' })),
  usage: orNull(
    Type.Object(
      { cpuMs: Type.Number({ minimum: 0 }), memoryPeakBytes: Count, outputBytes: Count },
      closed,
    ),
  ),
  warnings: Type.Array(
    Type.Object({ message: Type.String(), location: Type.Optional(Location) }, closed),
  ),
};

export const Execution = Type.Object(execution, { ...closed, $id: 'Execution' });
export type Execution = Static<typeof Execution>;

const HistoryItem = Type.Object(execution, closed);

export const SessionList = Type.Object(listOf(Type.Object(session, closed)).properties, {
  ...closed,
  $id: 'SessionList',
});
export const ExecutionList = Type.Object(
  {
    ...listOf(HistoryItem).properties,
    next: orNull(
      Type.Integer({
        minimum: 1,
        description:
          'The offset of the next page, null after the last one. Large executions make a page shorter than `limit`.',
      }),
    ),
  },
  { ...closed, $id: 'ExecutionList' },
);

export const SessionDetails = Type.Object(
  {
    ...session,
    variables: Type.Optional(
      orNull(
        Type.Array(Variable, {
          description:
            'Asked for with `includeState`; null when the session did not answer in time.',
        }),
      ),
    ),
    history: Type.Optional(Type.Array(HistoryItem)),
  },
  { ...closed, $id: 'SessionDetails' },
);
export type SessionDetails = Static<typeof SessionDetails>;

export const VariableList = Type.Object(
  { items: Type.Array(Variable), truncated: Type.Boolean({ description: 'There are more.' }) },
  { ...closed, $id: 'VariableList' },
);

/** `InspectedNode` of the link: a tree; the schema language of the reference names its own node. */
export const Inspection = Type.Object(
  {
    variable: Type.String(),
    value: Type.Unknown({
      description:
        'A tree of nodes `{type, preview, size, children?: [{key, node}], reference?, truncated?}`.',
    }),
  },
  { ...closed, $id: 'Inspection' },
);

export const Ticket = Type.Object(
  { ticket: Type.String(), session: Type.String(), expiresAt: Time },
  { ...closed, $id: 'Ticket' },
);

export const Caller = Type.Object(
  { tenant: Type.String(), role: Type.String(), keyId: Type.String() },
  { ...closed, $id: 'Caller' },
);

export const Version = Type.Object(
  { name: Type.String(), version: Type.String(), api: Type.String(), node: Type.String() },
  { ...closed, $id: 'Version' },
);

export const Health = Type.Object({ status: Type.Literal('ok') }, { ...closed, $id: 'Health' });

export const Readiness = Type.Object(
  {
    status: Type.Enum(['ready', 'unready']),
    checks: Type.Record(
      Type.String(),
      Type.Object(
        { status: Type.Enum(['ok', 'failed']), code: Type.Optional(Type.String()) },
        closed,
      ),
    ),
  },
  { ...closed, $id: 'Readiness' },
);

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ description: 'Stable; listed in the reference of errors.' }),
    requestId: Type.String(),
    reason: Type.Optional(
      Type.String({ description: 'Stable too: which of the faults that a code stands for.' }),
    ),
    fields: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), message: Type.String() }, closed)),
    ),
  },
  { ...closed, $id: 'Problem', description: 'RFC 9457 problem document.' },
);
export type Problem = Static<typeof Problem>;

/** Shared by reference in the OpenAPI document, under these names. */
export const sharedSchemas = [
  Session,
  SessionDetails,
  SessionList,
  Snapshot,
  SnapshotList,
  FileItem,
  FileList,
  Execution,
  ExecutionList,
  VariableList,
  Inspection,
  Ticket,
  Caller,
  Version,
  Health,
  Readiness,
  Problem,
] as const;
