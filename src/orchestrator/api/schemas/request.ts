// What clients may send, as closed schemas: they validate, they type the handlers, and the reference is made from them.

import { type Static, Type } from 'typebox';
import { limits } from '#protocol';

const closed = { additionalProperties: false } as const;
const Count = (maximum: number) => Type.Integer({ minimum: 0, maximum });
const Milliseconds = Type.Integer({ minimum: 1, maximum: limits.executionMsMax });
const dayMs = 24 * 60 * 60 * 1000;
const IdleMilliseconds = Type.Integer({ minimum: 1000, maximum: 3650 * dayMs });
const IdleStep = (description: string) =>
  Type.Optional(Type.Union([IdleMilliseconds, Type.Null()], { description }));

export const pageLimitDefault = 50;
export const pageLimitMax = 200;
const page = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: pageLimitMax,
      description: 'At most so many; 50 without it.',
    }),
  ),
  offset: Type.Optional(Count(Number.MAX_SAFE_INTEGER)),
};

/** A name never looks like an id, so that `{id}` in an address means one thing. */
const SessionName = Type.String({
  pattern: '^(?!ses-)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  description: 'Unique among the tenant’s sessions; usable in place of the id.',
});

const Labels = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$' }),
  Type.String({ maxLength: limits.nameLengthMax }),
  { ...closed, maxProperties: 32 },
);

// SECURITY: names that change how a loader or an interpreter starts are refused, although a session's environment is
// only ever what its code reads with `env(name)`.
const Environment = Type.Record(
  Type.String({
    pattern: '^(?!LD_|DYLD_|NODE_|PYTHON|BASH_|__proto__$)[A-Za-z_][A-Za-z0-9_]{0,127}$',
  }),
  Type.String({ maxLength: limits.textLengthMax }),
  { ...closed, maxProperties: 64 },
);

export const persistencePolicies = ['none', 'hibernate', 'interval', 'execution'] as const;
const PolicyName = Type.Enum(persistencePolicies);
const Keep = Type.Union(
  [
    Type.Integer({ minimum: 1, maximum: 1000 }),
    Type.Object(
      {
        last: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
        hourly: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 1000, description: 'One of each of so many hours.' }),
        ),
        daily: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 1000, description: 'One of each of so many days.' }),
        ),
      },
      { ...closed, minProperties: 1 },
    ),
  ],
  {
    description:
      'Versions that stay of those that nobody asked for: so many of the newest, or the newest of each of so many hours and days (UTC) too. Labelled ones stay in any case.',
  },
);
export const Persistence = Type.Union([
  PolicyName,
  Type.Object(
    {
      policy: PolicyName,
      intervalMs: Type.Optional(IdleMilliseconds),
      keep: Type.Optional(Keep),
    },
    closed,
  ),
]);

/** Of a version. */
const Label = Type.String({ minLength: 1, maxLength: limits.nameLengthMax });

export const Limits = Type.Object(
  {
    memoryBytes: Type.Optional(Type.Integer({ minimum: 64 * 1024 * 1024 })),
    cpus: Type.Optional(Type.Number({ minimum: 0.05 })),
    pids: Type.Optional(Type.Integer({ minimum: 16 })),
    workspaceBytes: Type.Optional(Type.Integer({ minimum: 64 * 1024 })),
    outputBytes: Type.Optional(Type.Integer({ minimum: 1024 })),
  },
  { ...closed, description: 'Absent parts take the defaults; none may exceed the tenant’s.' },
);

const Network = Type.Object(
  {
    policy: Type.Enum(['none', 'allowlist']),
    allow: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 260 }), {
        maxItems: 100,
        description:
          'Hosts that programs may reach, with the ports of HTTP and HTTPS or with one of their own: `example.org`, `example.org:8443`, `*.example.org` for its subdomains.',
      }),
    ),
    bytesPerSecond: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Both directions and all connections together.',
      }),
    ),
    bytesTotal: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'As `statistics.networkBytes` counts, over the whole life of the session.',
      }),
    ),
  },
  {
    ...closed,
    description:
      'What programs may reach. Replaced as a whole; a change holds at once, and cuts connections that it does not allow.',
  },
);

const Idle = Type.Object(
  {
    pauseAfterMs: IdleStep('Then its processes are frozen; the next request goes on with them.'),
    hibernateAfterMs: IdleStep(
      'Then its state is stored and its container goes; the next request brings it back.',
    ),
    expireAfterMs: IdleStep('Then it is deleted, with its snapshots.'),
  },
  {
    ...closed,
    description:
      'What becomes of a session that nobody uses, each ms after its last use. Absent parts take the defaults, or stay as they are; null: never.',
  },
);

const settings = {
  timeout: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: limits.executionMsMax,
      description: 'Default time limit of an execution, ms.',
    }),
  ),
  persistence: Type.Optional(Persistence),
  limits: Type.Optional(Limits),
  network: Type.Optional(Network),
  env: Type.Optional(Environment),
  labels: Type.Optional(Labels),
  idle: Type.Optional(Idle),
};

export const SessionSettings = Type.Object(settings, closed);
export type SessionSettings = Static<typeof SessionSettings>;

export const CreateSessionBody = Type.Object(
  {
    name: Type.Optional(SessionName),
    language: Type.Optional(Type.String({ minLength: 1, maxLength: 64, default: 'anarchy' })),
    ...settings,
    from: Type.Optional(
      Type.Union([
        Type.Object(
          {
            session: Type.String({ minLength: 1, maxLength: limits.nameLengthMax }),
            version: Type.Optional(Type.Integer({ minimum: 1 })),
          },
          closed,
        ),
        Type.Object(
          { session: Type.String({ minLength: 1, maxLength: limits.nameLengthMax }), label: Label },
          closed,
        ),
        Type.Object(
          { snapshot: Type.String({ minLength: 1, maxLength: limits.nameLengthMax }) },
          closed,
        ),
      ]),
    ),
  },
  closed,
);

export type CreateSessionBody = Static<typeof CreateSessionBody>;

export const SessionParams = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: limits.nameLengthMax, description: 'Id or name.' }),
  },
  closed,
);

export const SnapshotParams = Type.Object(
  { id: SessionParams.properties.id, version: Type.Integer({ minimum: 1 }) },
  closed,
);

export const SnapshotBody = Type.Optional(
  Type.Object(
    { label: Type.Optional(Label) },
    { ...closed, description: 'A snapshot with a label is kept until it is deleted.' },
  ),
);

export const RollbackBody = Type.Object(
  { version: Type.Optional(Type.Integer({ minimum: 1 })), label: Type.Optional(Label) },
  { ...closed, description: 'Exactly one of the two.' },
);
export type RollbackBody = Static<typeof RollbackBody>;

export const LabelBody = Type.Object(
  { label: Type.Union([Label, Type.Null()]) },
  {
    ...closed,
    description: 'Null takes the label away. Another version of the session that has it loses it.',
  },
);

export const PageQuery = Type.Object(page, closed);

export const SnapshotIdParams = Type.Object(
  { snapshot: Type.String({ minLength: 1, maxLength: limits.nameLengthMax }) },
  closed,
);

export const ImportQuery = Type.Object(
  {
    language: Type.Optional(Type.String({ minLength: 1, maxLength: 64, default: 'anarchy' })),
    label: Type.Optional(Label),
  },
  closed,
);

export const ExecutionParams = Type.Object(
  { ...SessionParams.properties, executionId: Type.String({ minLength: 1, maxLength: 64 }) },
  closed,
);

export const VariableParams = Type.Object(
  {
    ...SessionParams.properties,
    name: Type.String({ minLength: 1, maxLength: limits.nameLengthMax }),
  },
  closed,
);

export const ListSessionsQuery = Type.Object(
  {
    filter: Type.Optional(
      Type.String({
        maxLength: 1024,
        description:
          'Terms that must all hold, such as `state:idle name:demo* label.team:blue`; a value with blanks goes in double quotes.',
      }),
    ),
    ...page,
  },
  closed,
);

export const GetSessionQuery = Type.Object(
  {
    includeState: Type.Optional(Type.Boolean({ description: 'Adds `variables`.' })),
    includeHistory: Type.Optional(Type.Boolean({ description: 'Adds `history`, newest first.' })),
  },
  closed,
);

export const DeleteSessionQuery = Type.Object(
  {
    force: Type.Optional(Type.Boolean({ description: 'Also while an execution runs.' })),
    keepSnapshots: Type.Optional(
      Type.Boolean({ description: 'Its snapshots stay; sessions can be made from them.' }),
    ),
  },
  closed,
);

export const ExecuteBody = Type.Object(
  {
    code: Type.String({ maxLength: limits.codeLengthMax }),
    timeout: Type.Optional(Milliseconds),
    captureOutput: Type.Optional(
      Type.Boolean({ default: true, description: 'False: output is counted and dropped.' }),
    ),
    stdin: Type.Optional(
      Type.String({ maxLength: limits.stdinLengthMax, description: 'What `input` reads.' }),
    ),
    profile: Type.Optional(
      Type.Boolean({
        description:
          'Measures where its time goes, by line; `GET /api/sessions/{id}/executions/{executionId}/profile` tells.',
      }),
    ),
  },
  closed,
);
export type ExecuteBody = Static<typeof ExecuteBody>;

export const VariablesQuery = Type.Object(
  {
    filter: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: limits.nameLengthMax,
        description: 'A name, or a pattern with `*`.',
      }),
    ),
    includeValues: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** Depth of an inspection when the caller names none. */
export const inspectDepthDefault = 2;

export const InspectQuery = Type.Object(
  {
    depth: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.valueDepthMax })),
    path: Type.Optional(
      Type.String({
        maxLength: 4096,
        description: 'The keys and indices to the part of interest as a JSON array: `["users",0]`.',
      }),
    ),
  },
  closed,
);

export const InspectPath = Type.Array(
  Type.Union([
    Type.String({ minLength: 1, maxLength: limits.nameLengthMax }),
    Count(Number.MAX_SAFE_INTEGER),
  ]),
  { maxItems: 64 },
);
export type InspectPath = Static<typeof InspectPath>;

export const HistoryQuery = Type.Object(
  {
    ...page,
    includeResults: Type.Optional(
      Type.Boolean({ description: 'With `result`, `error` and `output`.' }),
    ),
  },
  closed,
);

export const TicketBody = Type.Object(
  {
    session: Type.String({
      minLength: 1,
      maxLength: limits.nameLengthMax,
      description: 'Id or name of the session that the ticket opens.',
    }),
  },
  closed,
);

/** Headers are open (clients send many); those that we read are checked. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,255}$',
      description: 'The same key and body gives the same answer for 24 h.',
    }),
  ),
});

export const ImportHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,255}$',
      description:
        'The same key gives the same answer for 24 h, where language, label and size of the archive are the same; its content is not compared.',
    }),
  ),
});

export const ExecuteHeaders = Type.Object({
  ...IdempotencyHeaders.properties,
  prefer: Type.Optional(
    Type.String({ maxLength: 256, description: '`respond-async`: 202 at once.' }),
  ),
  'last-event-id': Type.Optional(
    Type.String({ pattern: '^\\d{1,15}$', description: 'Resumes an event stream after this seq.' }),
  ),
});

export const StreamHeaders = Type.Object({
  'last-event-id': ExecuteHeaders.properties['last-event-id'],
});
