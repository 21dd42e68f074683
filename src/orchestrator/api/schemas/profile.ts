// The profile of an execution as clients ask for it and get it.
import { type Static, Type } from 'typebox';
import { executionStatuses } from '../../registry/records.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Line = Type.Integer({ minimum: 1 });
const Milliseconds = Type.Number({ minimum: 0 });
const Time = Type.String({ format: 'date-time' });
const TimeOrNull = Type.Union([Time, Type.Null()]);

export const profileFormats = ['json', 'speedscope', 'pprof'] as const;

export const ProfileQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Enum(profileFormats, {
        description:
          '`json`, which is the default; `speedscope`, a file for https://www.speedscope.app; `pprof`, a file for `go tool pprof`.',
      }),
    ),
  },
  closed,
);

const where = {
  file: Type.Optional(Type.String({ description: 'Of a module in a file.' })),
  earlier: Type.Optional(
    Type.Literal(true, {
      description: 'Of code that was executed in the session before: the line is one of that.',
    }),
  ),
};

const times = {
  selfMs: Type.Number({ minimum: 0, description: 'Built-ins that are called there included.' }),
  totalMs: Type.Number({ minimum: 0, description: 'With the functions that are called there.' }),
  samples: Type.Integer({ minimum: 0, description: 'That `selfMs` was counted from.' }),
};

export const Profile = Type.Object(
  {
    executionId: Type.String(),
    sessionId: Type.String(),
    status: Type.Enum(executionStatuses),
    timeline: Type.Object(
      {
        queuedAt: Time,
        startedAt: TimeOrNull,
        firstOutputAt: TimeOrNull,
        endedAt: TimeOrNull,
        storedAt: Time,
      },
      closed,
    ),
    intervalMs: Type.Number({ minimum: 0, description: 'Between two samples.' }),
    samples: Count,
    programMs: Type.Number({ minimum: 0, description: 'In lines of programs.' }),
    garbageCollectionMs: Milliseconds,
    otherMs: Type.Number({
      minimum: 0,
      description: 'In the engine: compiling, for the most part.',
    }),
    truncated: Type.Boolean({
      description: 'Some functions, lines or calls are missing, or what was allocated.',
    }),
    partial: Type.Boolean({
      description: 'The engine was ended together with the program: what came last is missing.',
    }),
    lines: Type.Array(
      Type.Object({ line: Line, function: Type.String(), ...where, ...times }, closed),
      { description: 'Most `selfMs` first.' },
    ),
    functions: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          line: Type.Integer({ minimum: 1, description: 'Where it begins.' }),
          ...where,
          ...times,
          allocatedBytes: Type.Integer({
            minimum: 0,
            description: 'By the function and by built-ins that it calls, from samples.',
          }),
        },
        closed,
      ),
      { description: 'Most `selfMs` first.' },
    ),
  },
  { ...closed, $id: 'Profile' },
);
export type Profile = Static<typeof Profile>;
