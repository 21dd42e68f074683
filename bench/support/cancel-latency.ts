// From asking the engine to cancel a program that is in a tight loop to its outcome.
import type { BenchmarkRun } from './benchmark.ts';
import { EngineSession } from './engine-session.ts';
import { type Findings, verdict } from './report.ts';
import { summarise } from './statistics.ts';

const samplesCount = 60;
/** The loop gets hot first; different moments hit different places of it. */
const runningMs = 10;
const limitMs = 10;

const loops: Readonly<Record<string, string>> = {
  'an empty loop': 'print("here"); main(){ while (true) {} }',
  arithmetic: 'print("here"); main(){ n = 1; while (true) { n = (n * 7 + 3) % 1009; } }',
  'a built-in function':
    'print("here"); main(){ xs = range(300000); while (true) { xs.sort((a, b) => b - a); } }',
};

export async function measureCancel(run: BenchmarkRun): Promise<Findings> {
  run.progress('cancelling');
  const rows: (string | number)[][] = [];
  const all: number[] = [];
  for (const [name, code] of Object.entries(loops)) {
    await using session = new EngineSession();
    const samplesMs: number[] = [];
    for (let i = 0; i < samplesCount / Object.keys(loops).length; i++) {
      run.signal.throwIfAborted();
      samplesMs.push(await cancelMs(session, code, runningMs + (i % 7)));
    }
    const { p50, p90, p99, count } = summarise(samplesMs);
    rows.push([name, p50, p90, p99, String(count)]);
    all.push(...samplesMs);
  }
  return {
    verdicts: [verdict('from cancel to cancelled, median', summarise(all).p50, limitMs, 'ms')],
    tables: [
      {
        title: 'Milliseconds from cancel to cancelled',
        columns: ['in', 'p50', 'p90', 'p99', 'samples'],
        rows,
      },
    ],
    notes: ['Cancelling: asked of the agent’s engine, from the call to the outcome.'],
  };
}

async function cancelMs(session: EngineSession, code: string, afterMs: number): Promise<number> {
  const { promise: started, resolve: hasStarted } = Promise.withResolvers<void>();
  const outcome = session.execute(code, hasStarted);
  await started;
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const cancelledAt = performance.now();
  session.cancel();
  const { status } = await outcome;
  const elapsedMs = performance.now() - cancelledAt;
  if (status !== 'cancelled') throw new Error(`${status} instead of cancelled`);
  return elapsedMs;
}
