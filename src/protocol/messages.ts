// Every request, command, event and reply on the link as a schema; the types come from it. Both sides validate.
import { type Static, Type } from 'typebox';
import { limits } from './limits.ts';
import { ExecutionProfile } from './profile.ts';

const closed = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: limits.nameLengthMax });
const Text = Type.String({ maxLength: limits.textLengthMax });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Elapsed = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Milliseconds = Type.Integer({ minimum: 1, maximum: limits.executionMsMax });

/** 1-based line and column in UTF-16 units; `file` where they are of a module's file and not of the executed code. */
const place = {
  line: Type.Integer({ minimum: 1 }),
  column: Type.Integer({ minimum: 1 }),
  file: Type.Optional(Name),
};
export const Location = Type.Object(place, closed);
export type Location = Static<typeof Location>;

/**
 * A value as clients see it. `value` is plain JSON, cut at `limits.valueDepthMax` and `limits.valueNodesMax`, cycles as
 * `{"$ref": path}`; it is absent where a value has no JSON form (functions, modules ...). `preview` is a display form of bounded length.
 */
export const DescribedValue = Type.Object(
  { type: Name, value: Type.Optional(Type.Unknown()), preview: Text },
  closed,
);
export type DescribedValue = Static<typeof DescribedValue>;

export const ErrorReport = Type.Object(
  {
    type: Name,
    message: Text,
    /** What was perhaps meant: "Did you mean 'print'?" */
    hint: Type.Optional(Text),
    location: Type.Optional(Location),
    /** Two lines: the source line at the location, cut to a bounded length, and a caret below the place. */
    preview: Type.Optional(Text),
    stack: Type.Optional(
      Type.Array(Type.Object({ function: Name, ...place }, closed), {
        maxItems: limits.stackFramesMax,
      }),
    ),
    /** The code is a valid beginning: a terminal may ask for another line. */
    incomplete: Type.Optional(Type.Literal(true)),
  },
  closed,
);
export type ErrorReport = Static<typeof ErrorReport>;

// --- hello and configure -------------------------------------------------------------------------------------

export const HelloRequest = Type.Object(
  {
    protocolVersion: Type.Integer({ minimum: 1 }),
    /** Events up to here are stored on the host; the agent may forget them. */
    acknowledgedSeq: Count,
  },
  closed,
);
export type HelloRequest = Static<typeof HelloRequest>;

export const HelloReply = Type.Object(
  {
    protocolVersion: Type.Integer({ minimum: 1 }),
    /** The sandbox's token, from its environment: proves which container dialled this socket. */
    token: Name,
    agentVersion: Name,
    languages: Type.Array(Name, { maxItems: 16 }),
    /** The session this agent was configured for, if it was. */
    sessionId: Type.Union([Name, Type.Null()]),
    /** Seq of the newest event it ever made. */
    lastSeq: Count,
    /** Executions it holds: queued, running, or ended with an end event that was not acknowledged. */
    executions: Type.Array(Name, {
      maxItems: limits.unacknowledgedEventsMax + limits.queueLengthMax + 1,
    }),
    /** It takes a `traceparent` with programs; agents of earlier versions break off the link at one. */
    traces: Type.Optional(Type.Literal(true)),
  },
  closed,
);
export type HelloReply = Static<typeof HelloReply>;

export const ConfigureRequest = Type.Object(
  {
    sessionId: Name,
    language: Name,
    /** Environment map of the session, what `env(name)` sees. Never the host's, never the agent process's. */
    environment: Type.Record(Type.String({ maxLength: limits.nameLengthMax }), Text),
    /** Bytes of output per execution, all channels; past them output is dropped and the execution says `truncated`. */
    outputBytesMax: Type.Integer({ minimum: 1 }),
    /** Memory the engine's heap may use before an execution ends with ResourceLimitError. */
    heapBytesMax: Type.Integer({ minimum: 1 }),
    /** Programs may ask other hosts, through the proxy that the host has put beside the link; absent: nobody. */
    network: Type.Optional(
      Type.Object(
        {
          /** Certificate authorities that are trusted beside the well-known ones, PEM. */
          certificates: Type.Optional(Type.String({ maxLength: limits.certificatesLengthMax })),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type ConfigureRequest = Static<typeof ConfigureRequest>;

// --- commands: orchestrator to agent, on the channel -----------------------------------------------------------

export const ExecuteCommand = Type.Object(
  {
    type: Type.Literal('execute'),
    executionId: Name,
    code: Type.String({ maxLength: limits.codeLengthMax }),
    /** Counted from the start of the run, not from queueing. */
    timeoutMs: Milliseconds,
    /** False: output is counted and dropped in the agent. */
    captureOutput: Type.Boolean(),
    /** True: the value of each top-level statement is reported as an `intermediateResult` event. */
    intermediateResults: Type.Boolean(),
    /** Lines for `input()`. Without it, and without `interactive`, reading is an IOError. */
    stdin: Type.Optional(Type.String({ maxLength: limits.stdinLengthMax })),
    /** True: the end comes with a profile. */
    profile: Type.Optional(Type.Literal(true)),
    /** Someone is there to answer an `inputRequest`. */
    interactive: Type.Boolean(),
    /** W3C Trace Context of the host's span that this is a part of: the `ended` event then has its `times`. For agents that said `traces`. */
    traceparent: Type.Optional(Type.String({ pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-01$' })),
  },
  closed,
);
export type ExecuteCommand = Static<typeof ExecuteCommand>;

export const Command = Type.Union([
  ExecuteCommand,
  Type.Object({ type: Type.Literal('cancel'), executionId: Name }, closed),
  /** Text for a waiting `input()`; may hold several lines or a part of one. */
  Type.Object(
    {
      type: Type.Literal('stdin'),
      executionId: Name,
      content: Type.String({ maxLength: limits.stdinLengthMax }),
    },
    closed,
  ),
  /** Everything up to `seq` is stored on the host. */
  Type.Object({ type: Type.Literal('acknowledge'), seq: Count }, closed),
]);
export type Command = Static<typeof Command>;

// --- events: agent to orchestrator, on the channel; numbered without gaps from 1 ---------------------------------

export const outputChannels = ['stdout', 'stderr', 'display'] as const;
export type OutputChannel = (typeof outputChannels)[number];

/** How an execution can end as the agent sees it. `lost` is the orchestrator's word for one that never ended, and for an engine that died under it. */
export const endStatuses = ['success', 'error', 'timeout', 'cancelled'] as const;
export type EndStatus = (typeof endStatuses)[number];

const Names = Type.Array(Name, { maxItems: limits.changedNamesMax });

export const AgentEvent = Type.Union([
  Type.Object({ seq: Count, type: Type.Literal('started'), executionId: Name }, closed),
  Type.Object(
    {
      seq: Count,
      type: Type.Literal('output'),
      executionId: Name,
      channel: Type.Enum(outputChannels),
      content: Type.String({ maxLength: limits.outputChunkLengthMax }),
    },
    closed,
  ),
  Type.Object(
    {
      seq: Count,
      type: Type.Literal('intermediateResult'),
      executionId: Name,
      result: DescribedValue,
    },
    closed,
  ),
  Type.Object(
    {
      seq: Count,
      type: Type.Literal('progress'),
      executionId: Name,
      value: Type.Number(),
      of: Type.Optional(Type.Number()),
    },
    closed,
  ),
  Type.Object(
    { seq: Count, type: Type.Literal('inputRequest'), executionId: Name, prompt: Text },
    closed,
  ),
  Type.Object(
    {
      seq: Count,
      type: Type.Literal('ended'),
      executionId: Name,
      status: Type.Enum(endStatuses),
      result: Type.Optional(DescribedValue),
      error: Type.Optional(ErrorReport),
      truncated: Type.Boolean(),
      /** What the agent measured; for the user's eyes, never for billing. */
      usage: Type.Object(
        { cpuMs: Type.Number({ minimum: 0 }), memoryPeakBytes: Count, outputBytes: Count },
        closed,
      ),
      warnings: Type.Array(
        Type.Object({ message: Text, location: Type.Optional(Location) }, closed),
        {
          maxItems: limits.warningsMax,
        },
      ),
      variables: Type.Object({ added: Names, changed: Names, removed: Names }, closed),
      /** The engine had to be killed and rebuilt: the session's variables are gone. */
      stateLost: Type.Boolean(),
      /** Only where it was asked for, and not in any case then. */
      profile: Type.Optional(ExecutionProfile),
      /** Where a `traceparent` came with the program: when the engine began and ended, milliseconds after it came. */
      times: Type.Optional(Type.Object({ begunMs: Elapsed, endedMs: Elapsed }, closed)),
    },
    closed,
  ),
]);
export type AgentEvent = Static<typeof AgentEvent>;
export type EndedEvent = Extract<AgentEvent, { type: 'ended' }>;

// --- questions about the live session; served while code runs -----------------------------------------------------

export const variableKinds = ['variable', 'function', 'module'] as const;

export const VariablesRequest = Type.Object(
  {
    /** Name or pattern with `*`. */
    filter: Type.Optional(Name),
    includeValues: Type.Boolean(),
  },
  closed,
);
export type VariablesRequest = Static<typeof VariablesRequest>;

export const Variable = Type.Object(
  {
    name: Name,
    type: Name,
    value: Type.Optional(Type.Unknown()),
    preview: Text,
    /** Length of a string or array, number of keys of an object, 1 otherwise. */
    size: Count,
    kind: Type.Enum(variableKinds),
    mutable: Type.Boolean(),
  },
  closed,
);
export type Variable = Static<typeof Variable>;

export const VariablesReply = Type.Object(
  { items: Type.Array(Variable, { maxItems: limits.variablesMax }), truncated: Type.Boolean() },
  closed,
);
export type VariablesReply = Static<typeof VariablesReply>;

export const InspectRequest = Type.Object(
  {
    variable: Name,
    /** Keys and indices from the variable to the part of interest. */
    path: Type.Array(Type.Union([Name, Count]), { maxItems: 64 }),
    depth: Type.Integer({ minimum: 0, maximum: limits.valueDepthMax }),
  },
  closed,
);
export type InspectRequest = Static<typeof InspectRequest>;

/** One node of an inspected value. `children` is absent below `depth`, and for values without parts; `size` says how many there are. */
export const InspectedNode = Type.Cyclic(
  {
    Node: Type.Object(
      {
        type: Name,
        preview: Text,
        size: Count,
        /** Set when this node was already shown: the path where. */
        reference: Type.Optional(Text),
        children: Type.Optional(
          Type.Array(
            Type.Object({ key: Type.Union([Text, Count]), node: Type.Ref('Node') }, closed),
            {
              maxItems: limits.valueNodesMax,
            },
          ),
        ),
        /** True when children were left out to keep the answer bounded. */
        truncated: Type.Optional(Type.Literal(true)),
      },
      closed,
    ),
  },
  'Node',
);
export type InspectedNode = {
  type: string;
  preview: string;
  size: number;
  reference?: string;
  children?: { key: string | number; node: InspectedNode }[];
  truncated?: true;
};

// --- files of the workspace ------------------------------------------------------------------------------------------

const FilePath = Type.String({ minLength: 1, maxLength: limits.filePathBytesMax });

export const fileTypes = ['file', 'directory', 'symlink'] as const;

const fileFacts = {
  type: Type.Enum(fileTypes),
  sizeBytes: Count,
  /** Milliseconds since 1970. */
  modifiedMs: Count,
  /** Permission bits. */
  mode: Type.Integer({ minimum: 0, maximum: 0o777 }),
};

/** `tag` is made of a file's content: another one whenever that is another one, and the same in every container that has it. */
export const FileStatus = Type.Object({ ...fileFacts, tag: Name }, closed);
export type FileStatus = Static<typeof FileStatus>;

export const FileEntry = Type.Object({ path: FilePath, ...fileFacts }, closed);
export type FileEntry = Static<typeof FileEntry>;

export const FilesRequest = Type.Object(
  {
    /** A directory; empty for the workspace itself. */
    path: Type.String({ maxLength: limits.filePathBytesMax }),
    recursive: Type.Boolean(),
    limit: Type.Integer({ minimum: 1, maximum: limits.fileEntriesMax }),
    offset: Count,
  },
  closed,
);
export type FilesRequest = Static<typeof FilesRequest>;

/** Directories before what is in them, names in the order of their bytes. May hold fewer items than asked for, never none where there are some. */
export const FilesReply = Type.Object(
  { items: Type.Array(FileEntry, { maxItems: limits.fileEntriesMax }), total: Count },
  closed,
);
export type FilesReply = Static<typeof FilesReply>;

export const FileStatusRequest = Type.Object(
  {
    path: FilePath,
    /** True: of what a link at the end leads to. */
    follow: Type.Boolean(),
  },
  closed,
);
export type FileStatusRequest = Static<typeof FileStatusRequest>;

export const FileReadRequest = Type.Object({ path: FilePath }, closed);
export type FileReadRequest = Static<typeof FileReadRequest>;

/** The second line of a read: the bytes that are wanted. */
export const FilePart = Type.Object({ offset: Count, length: Count }, closed);
export type FilePart = Static<typeof FilePart>;

/** The tag that there must be when the change is made, null for no file; absent: whatever there is. */
const Expected = Type.Optional(Type.Union([Name, Type.Null()]));

export const FileWriteRequest = Type.Object({ path: FilePath, expected: Expected }, closed);
export type FileWriteRequest = Static<typeof FileWriteRequest>;

export const FileWriteReply = Type.Object({ created: Type.Boolean(), status: FileStatus }, closed);
export type FileWriteReply = Static<typeof FileWriteReply>;

export const FileRemoveRequest = Type.Object(
  {
    path: FilePath,
    /** A directory with all that is in it. */
    recursive: Type.Boolean(),
    expected: Expected,
  },
  closed,
);
export type FileRemoveRequest = Static<typeof FileRemoveRequest>;
