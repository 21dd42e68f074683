// Where the time of one execution went, as the agent says it: tables that refer to one another by index. What the indices mean is
// checked by whoever uses them; here they are bounded.
import { type Static, Type } from 'typebox';
import { limits } from './limits.ts';

const closed = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: limits.nameLengthMax });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** Of all calls together. */
const Milliseconds = Type.Number({ minimum: 0, maximum: limits.executionMsMax * 2 });
const Line = Type.Integer({ minimum: 1, maximum: limits.codeLengthMax + 1 });
const Index = (count: number) => Type.Integer({ minimum: 0, maximum: count - 1 });

export const ProfiledFunction = Type.Object(
  {
    name: Name,
    /** Where it begins. */
    line: Line,
    /** Of a module in a file. */
    file: Type.Optional(Name),
    /** Of code that was executed in the session before: its lines are lines of that. */
    earlier: Type.Optional(Type.Literal(true)),
    /** Built-ins that it calls included. */
    selfMs: Milliseconds,
    totalMs: Milliseconds,
    samples: Count,
    /** Itself and in built-ins that it calls, about; what was collected since included. */
    allocatedBytes: Count,
  },
  closed,
);

export const ProfiledLine = Type.Object(
  {
    function: Index(limits.profileFunctionsMax),
    line: Line,
    selfMs: Milliseconds,
    totalMs: Milliseconds,
    samples: Count,
  },
  closed,
);

/** One way to a line. Callers come before what they call. */
export const ProfiledNode = Type.Object(
  {
    /** -1 for none. */
    parent: Type.Integer({ minimum: -1, maximum: limits.profileNodesMax - 1 }),
    line: Index(limits.profileLinesMax),
    selfMs: Milliseconds,
    samples: Count,
  },
  closed,
);

export const ExecutionProfile = Type.Object(
  {
    /** Between two samples, where nothing holds the sampling up. */
    intervalMs: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }),
    samples: Count,
    /** In code of programs, built-ins that they call included. */
    programMs: Milliseconds,
    garbageCollectionMs: Milliseconds,
    /** In the engine itself: compiling, describing the result. */
    otherMs: Milliseconds,
    /** Some functions, lines or ways of calls are missing, or what was allocated. */
    truncated: Type.Boolean(),
    /** The engine went with its program: what came last is missing. */
    partial: Type.Boolean(),
    functions: Type.Array(ProfiledFunction, { maxItems: limits.profileFunctionsMax }),
    lines: Type.Array(ProfiledLine, { maxItems: limits.profileLinesMax }),
    nodes: Type.Array(ProfiledNode, { maxItems: limits.profileNodesMax }),
  },
  closed,
);
export type ExecutionProfile = Static<typeof ExecutionProfile>;
