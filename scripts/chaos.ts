// `make chaos`: runs of CHAOS_KILLS (200) kills, each with a seed of its own from CHAOS_SEED on, until it is stopped or CHAOS_RUNS are
// over. Exit code 1 with the first broken promise.
import { chaos } from '../test/helpers/chaos/chaos.ts';

const first = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31);
const kills = Number(process.env.CHAOS_KILLS ?? 200);
const runs = Number(process.env.CHAOS_RUNS ?? Number.POSITIVE_INFINITY);
if (!Number.isInteger(first) || !Number.isInteger(kills) || kills < 1 || !(runs >= 1))
  throw new Error('CHAOS_SEED, CHAOS_KILLS and CHAOS_RUNS are whole numbers, the last two from 1');

const stop = new AbortController();
// Again is no reason to leave containers behind: a terminal or `timeout` may send the same signal twice.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
const begun = performance.now();
const progress = (text: string) =>
  console.log(`${Math.round((performance.now() - begun) / 1000)} s: ${text}`);

async function run(seed: number): Promise<void> {
  console.log(`seed ${seed}: CHAOS_SEED=${seed} CHAOS_KILLS=${kills} CHAOS_RUNS=1 make chaos`);
  const report = await chaos({ seed, kills, progress, signal: stop.signal });
  const operations = [...report.operations].map(([name, count]) => `${name} ${count}`);
  progress(`seed ${seed}: nothing is lost after ${report.kills} kills: ${operations.join(', ')}`);
}

try {
  for (let index = 0; index < runs; index++) await run(first + index);
} catch (error) {
  console.log(stop.signal.aborted ? String(stop.signal.reason) : `FAILED: ${textOf(error)}`);
  // What the sessions of a broken run still wait for does not matter any more.
  process.exit(stop.signal.aborted ? 0 : 1);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
