// One execution of a history that travels, as a line of JSON. SECURITY: one that comes from elsewhere is a claim: its shape and sizes
// are checked, and what becomes of it says that it was imported.
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  DescribedValue,
  ErrorReport,
  encodeLine,
  LineDecoder,
  LineError,
  Location,
  limits,
  outputChannels,
} from '#protocol';
import type { AppError } from '../foundation/errors.ts';
import { newId } from '../foundation/id.ts';
import type { ExecutionRecord, OutputRecord } from '../registry/records.ts';
import { refusal } from './archive-refusal.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const orNull = <Schema extends Parameters<typeof Type.Optional>[0]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

const HistoryLine = Type.Object(
  {
    code: Type.String({ maxLength: limits.codeLengthMax }),
    status: Type.Enum(['success', 'error', 'timeout', 'cancelled', 'lost']),
    result: orNull(DescribedValue),
    error: orNull(ErrorReport),
    output: Type.Array(
      Type.Object(
        {
          channel: Type.Enum(outputChannels),
          content: Type.String({ maxLength: limits.outputChunkLengthMax }),
          at: Count,
        },
        closed,
      ),
    ),
    truncated: Type.Boolean(),
    timeoutMs: Type.Integer({ minimum: 1, maximum: limits.executionMsMax }),
    /** Milliseconds since 1970, as the others. */
    queuedAt: Count,
    startedAt: Count,
    endedAt: Count,
    durationMs: Type.Number({ minimum: 0 }),
    usage: orNull(
      Type.Object(
        { cpuMs: Type.Number({ minimum: 0 }), memoryPeakBytes: Count, outputBytes: Count },
        closed,
      ),
    ),
    warnings: Type.Array(
      Type.Object(
        {
          message: Type.String({ maxLength: limits.textLengthMax }),
          location: Type.Optional(Location),
        },
        closed,
      ),
      { maxItems: limits.warningsMax + 1 },
    ),
  },
  closed,
);
export type HistoryLine = Static<typeof HistoryLine>;

const shape = Compile(HistoryLine);
/** Left for output in a line, in bytes of JSON: code, result and the rest have come in lines of their own. */
const outputBytesMax = limits.lineBytesMax / 4;

/** An ended execution as a line. Output that does not fit is left out, and the line says `truncated`. */
export function encodeHistory(record: ExecutionRecord, output: readonly OutputRecord[]): Buffer {
  const line = lineOf(record);
  let outputBytes = 0;
  for (const piece of output) {
    outputBytes += Buffer.byteLength(JSON.stringify(piece));
    if (outputBytes > outputBytesMax) {
      line.truncated = true;
      break;
    }
    line.output.push({ ...piece });
  }
  try {
    return encodeLine(line);
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    return encodeLine({ ...line, result: null, output: [], truncated: true });
  }
}

/** The lines in bytes that anybody may have written. Throws AppError `snapshot_refused`. */
export async function* decodeHistory(bytes: AsyncIterable<Uint8Array>): AsyncIterable<HistoryLine> {
  const decoder = new LineDecoder();
  let endsLine = true;
  for await (const chunk of bytes) {
    if (chunk.byteLength === 0) continue;
    yield* linesIn(decoder, chunk);
    endsLine = chunk.at(-1) === 0x0a;
  }
  if (!endsLine) throw malformed();
}

/** The execution in the history of another session. */
export function importedExecution(sessionId: string, line: HistoryLine): ExecutionRecord {
  const { output: _, ...facts } = line;
  return {
    ...facts,
    executionId: newId('exec'),
    sessionId,
    requestId: null,
    captureOutput: true,
    intermediateResults: false,
    interactive: false,
    profiled: false,
    stdin: null,
    imported: true,
    storedBytes: encodeLine(line).byteLength,
  };
}

function lineOf(record: ExecutionRecord): HistoryLine {
  const { code, status, result, error, truncated, timeoutMs, queuedAt, usage, warnings } = record;
  const startedAt = record.startedAt ?? queuedAt;
  return {
    code,
    status: status as HistoryLine['status'],
    result,
    error,
    output: [],
    truncated,
    timeoutMs,
    queuedAt,
    startedAt,
    endedAt: record.endedAt ?? startedAt,
    durationMs: record.durationMs ?? 0,
    usage,
    warnings: warnings.map((warning) => ({ ...warning })),
  };
}

function* linesIn(decoder: LineDecoder, chunk: Uint8Array): Iterable<HistoryLine> {
  let messages: unknown[];
  try {
    messages = decoder.push(chunk);
  } catch (cause) {
    throw malformed(cause);
  }
  for (const message of messages) {
    if (!shape.Check(message)) throw malformed();
    yield message;
  }
}

function malformed(cause?: unknown): AppError {
  return refusal('history_malformed', cause);
}
