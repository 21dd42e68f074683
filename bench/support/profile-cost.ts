// What a profile costs the execution that it is of: the same programs with one and without, in the same session.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchmarkRun } from './benchmark.ts';
import { EngineSession } from './engine-session.ts';
import type { Findings } from './report.ts';
import { geometricMean, median } from './statistics.ts';

const programs = join(import.meta.dirname, '..', 'programs');
const names = ['binary-trees', 'loop', 'quicksort', 'word-count'] as const;
const samplesCount = 5;
/** A program is repeated until one execution takes about so long: what a profile costs once shall not be all of it. */
const executionMs = 1_000;

type Cost = { readonly name: string; readonly plainMs: number; readonly profiledMs: number };

export async function measureProfile(run: BenchmarkRun): Promise<Findings> {
  const startMs = await measure(run, 'nothing', '1', 1);
  const costs: Cost[] = [];
  for (const name of names) {
    const code = await readFile(join(programs, name, 'program.ai'), 'utf8');
    costs.push(await measure(run, name, code, executionMs));
  }
  const ratio = (value: number) => `${value.toPrecision(3)} ×`;
  const ratioOf = ({ plainMs, profiledMs }: Cost) => profiledMs / plainMs;
  return {
    verdicts: [],
    tables: [
      {
        title: 'Milliseconds of an execution, with a profile and without',
        columns: ['', 'without', 'with', 'with beside without'],
        rows: [
          [startMs.name, startMs.plainMs, startMs.profiledMs, ''],
          ...costs.map((cost) => [cost.name, cost.plainMs, cost.profiledMs, ratio(ratioOf(cost))]),
          ['geometric mean', '', '', ratio(geometricMean(costs.map(ratioOf)))],
        ],
      },
    ],
    notes: [
      `Profiles: programs repeated until an execution takes about ${executionMs / 1000} s, in the agent’s engine; median of ${samplesCount} executions each, by turns.`,
    ],
  };
}

async function measure(
  run: BenchmarkRun,
  name: string,
  code: string,
  targetMs: number,
): Promise<Cost> {
  run.progress(`profile of ${name}`);
  await using session = new EngineSession();
  // What it defines and does once; then it is done again and again by its main, or as a whole.
  await executedMs(session, code, false);
  const again = /^main\(\)/m.test(code) ? 'main()' : code;
  await executedMs(session, again, false);
  const onceMs = await executedMs(session, again, false);
  const times = Math.max(1, Math.round(targetMs / onceMs));
  const repeated =
    times === 1 ? again : `for (round = 0; round < ${times}; round++) {\n${again}\n}`;
  const plain: number[] = [];
  const profiled: number[] = [];
  for (let i = 0; i < samplesCount; i++) {
    run.signal.throwIfAborted();
    plain.push(await executedMs(session, repeated, false));
    profiled.push(await executedMs(session, repeated, true));
  }
  return { name, plainMs: median(plain), profiledMs: median(profiled) };
}

async function executedMs(session: EngineSession, code: string, profile: boolean): Promise<number> {
  const startedAt = performance.now();
  const outcome = await session.execute(code, () => {}, profile ? { profile: true } : {});
  if (outcome.status !== 'success') throw new Error(JSON.stringify(outcome.error));
  session.takeOutput();
  return performance.now() - startedAt;
}
