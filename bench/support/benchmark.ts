// What every benchmark does around its measuring: options, progress, a bound on rounds and time, an orderly end on
// Ctrl-C, and the report as text or JSON. Standard output carries the report only.
import { parseArgs } from 'node:util';
import type { Findings, Report } from './report.ts';
import { reportAsText } from './table.ts';

export type Benchmark = {
  readonly name: string;
  readonly title: string;
  /** Default of `--rounds`. */
  readonly rounds: number;
  /** No round begins after this. */
  readonly secondsMax: number;
  readonly measure: (run: BenchmarkRun) => Promise<Findings>;
};

export interface BenchmarkRun {
  /** Fires on Ctrl-C. Whatever waits takes it; what was started is disposed of on the way out. */
  readonly signal: AbortSignal;
  /** Told on standard error. */
  progress(text: string): void;
  /** Numbers of the rounds from 0, as many as were asked for and as time allows, but at least one. */
  rounds(): Iterable<number>;
}

/** Runs the benchmark for the command line of this process. Exit status 1 when it fails, 130 when interrupted. */
export async function runBenchmark(benchmark: Benchmark): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: String(benchmark.rounds) },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (values.help || !Number.isInteger(rounds) || rounds < 1) {
    console.error(`usage: node bench/${benchmark.name}.ts [--json] [--rounds ${benchmark.rounds}]`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }

  const interruption = interruptionSignal();
  const startedAt = performance.now();
  try {
    const findings = await benchmark.measure({
      signal: interruption,
      progress: (text) => console.error(`${benchmark.name}: ${text}`),
      rounds: () => boundedRounds(benchmark, rounds, interruption),
    });
    const report: Report = {
      name: benchmark.name,
      title: benchmark.title,
      measuredAt: new Date().toISOString(),
      durationMs: performance.now() - startedAt,
      ...findings,
    };
    console.log(values.json ? JSON.stringify(report) : reportAsText(report));
  } catch (error) {
    process.exitCode = interruption.aborted ? 130 : 1;
    console.error(`${benchmark.name}:`, interruption.aborted ? 'interrupted' : error);
  }
}

/** Fires at the first Ctrl-C or SIGTERM. The second one ends the process as usual, cleaned up or not. */
export function interruptionSignal(): AbortSignal {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
  return interruption.signal;
}

function* boundedRounds(
  benchmark: Benchmark,
  rounds: number,
  signal: AbortSignal,
): Generator<number> {
  const deadline = performance.now() + benchmark.secondsMax * 1000;
  let reportedAt = performance.now();
  for (let round = 0; round < rounds; round++) {
    signal.throwIfAborted();
    const now = performance.now();
    if (round > 0 && now > deadline) {
      console.error(`${benchmark.name}: out of time after ${round} of ${rounds} rounds`);
      return;
    }
    if (round === 0 || now - reportedAt > 2000) {
      reportedAt = now;
      console.error(`${benchmark.name}: round ${round + 1} of ${rounds}`);
    }
    yield round;
  }
}
