// Gives a new session the history that came with the snapshot that it was made from, a few executions at a time: as much of it as any
// session keeps. Nobody knows the session yet, so nothing else is written about it meanwhile.
import type { SnapshotRecord } from '../registry/records.ts';
import { type HistoryLine, importedExecution } from './history-line.ts';
import type { SessionOptions } from './session-options.ts';

const batchLength = 20;
/** After so many the oldest go that are too many. */
const pruneEvery = 200;

type Parts = Pick<SessionOptions, 'registry' | 'snapshots' | 'limits'>;

/** Throws what reading the history throws; what was written by then goes with the session. */
export async function adoptHistory(
  sessionId: string,
  snapshot: SnapshotRecord,
  { registry, snapshots, limits }: Parts,
  signal: AbortSignal,
): Promise<void> {
  const keep = { executions: limits.historyLengthMax, bytes: limits.historyBytesMax };
  let batch: HistoryLine[] = [];
  let adopted = 0;
  const adopt = async () => {
    await registry.apply(changeOf(sessionId, batch));
    adopted += batch.length;
    batch = [];
  };
  for await (const line of snapshots.historyOf(snapshot, signal)) {
    batch.push(line);
    if (batch.length < batchLength) continue;
    await adopt();
    if (adopted % pruneEvery === 0) await registry.pruneHistory(sessionId, keep);
  }
  await adopt();
  await registry.pruneHistory(sessionId, keep);
}

function changeOf(sessionId: string, lines: readonly HistoryLine[]) {
  const executions = lines.map((line) => ({
    record: importedExecution(sessionId, line),
    output: line.output,
  }));
  return {
    sessionId,
    newExecutions: executions.map(({ record }) => record),
    importedOutput: executions.flatMap(({ record: { executionId }, output }) =>
      output.length > 0 ? [{ executionId, output }] : [],
    ),
  };
}
