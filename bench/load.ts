// The load generator: bursts of new sessions, then arrivals at random times in an open loop, against a running service (`--url`) or
// one that it starts. Tells how long each way to a first result takes. No target of ours: a tool to find out what a machine bears.
import { parseArgs } from 'node:util';
import { startService } from '../test/helpers/start-service.ts';
import { interruptionSignal } from './support/benchmark.ts';
import { LoadClient } from './support/load-client.ts';
import { planArrivals, randomOf } from './support/load-plan.ts';
import { type LoadResults, LoadRun, paths } from './support/load-run.ts';
import type { Report } from './support/report.ts';
import { summarise } from './support/statistics.ts';
import { reportAsText } from './support/table.ts';

const usage = `usage: node bench/load.ts [options]
  --url URL        a running service; without it one is started
  --key KEY        a key for it, one for each tenant; may be given several times
  --burst N        sessions created at once at the start (10)
  --rate N         arrivals per second after that, on average (5)
  --seconds N      for as long (30)
  --sessions N     sessions that are used in turns (8)
  --create-share N which part of the arrivals create a session, 0 to 1 (0.1)
  --think-ms N     at least so long between two uses of a session (500)
  --seed N         the same seed, the same arrivals (1)
  --json           the report as JSON
`;

const meanings = {
  create: 'new session → first result',
  live: 'execution in a session that lives',
  resume: 'hibernated session → first result',
  rollback: 'rollback → first result',
} as const;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    key: { type: 'string', multiple: true, default: [] },
    burst: { type: 'string', default: '10' },
    rate: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '30' },
    sessions: { type: 'string', default: '8' },
    'create-share': { type: 'string', default: '0.1' },
    'think-ms': { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const shape = {
  burst: Number(values.burst),
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  createShare: Number(values['create-share']),
  seed: Number(values.seed),
};
const settings = { sessions: Number(values.sessions), thinkMs: Number(values['think-ms']) };
const isWrong =
  [...Object.values(shape), ...Object.values(settings)].some((value) => !(value >= 0)) ||
  shape.createShare > 1 ||
  ![shape.burst, settings.sessions].every(Number.isInteger) ||
  (values.url === undefined) !== (values.key.length === 0);
const signal = interruptionSignal();
let shownAt = 0;
if (values.help || isWrong) {
  console.error(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  try {
    const report = await generate();
    console.log(values.json ? JSON.stringify(report) : reportAsText(report));
  } catch (error) {
    process.exitCode = signal.aborted ? 130 : 1;
    console.error('load:', signal.aborted ? 'interrupted' : error);
  }
}

async function generate(): Promise<Report> {
  await using owned = new AsyncDisposableStack();
  const begun = performance.now();
  const { url, keys } = values.url ? { url: values.url, keys: values.key } : await startOwn(owned);
  const arrivals = planArrivals(shape);
  const clients = keys.map((key) => owned.use(new LoadClient(url, key)));
  console.error(`load: preparing ${settings.sessions} sessions`);
  const results = await new LoadRun({
    ...settings,
    clients,
    arrivals,
    // Not the numbers that the arrivals were made of.
    random: randomOf(shape.seed + 1),
    signal,
    progress: (done, underWay) => showProgress(done, arrivals.length, underWay),
  }).run();
  return {
    name: 'load',
    title: `Load: ${shape.burst} sessions at once, then ${shape.rate} arrivals per second for ${shape.seconds} s`,
    measuredAt: new Date().toISOString(),
    durationMs: performance.now() - begun,
    verdicts: [],
    ...described(results, arrivals.length),
  };
}

async function startOwn(owned: AsyncDisposableStack) {
  const service = owned.use(await startService({ CELLAR_LOG_LEVEL: 'warn' }));
  return { url: service.url, keys: [service.key] };
}

function described({ samplesMs, failures, atOnceMax, lateMsMax }: LoadResults, planned: number) {
  const failed = Object.entries(failures).map(([status, count]) => `${count} with ${status}`);
  return {
    tables: [
      {
        title: 'Milliseconds from the moment at which it was meant to begin, to the first result',
        columns: ['', 'p50', 'p90', 'p99', 'worst', 'samples'],
        rows: paths
          .filter((path) => samplesMs[path].length > 0)
          .map((path) => {
            const { p50, p90, p99, count } = summarise(samplesMs[path]);
            return [meanings[path], p50, p90, p99, Math.max(...samplesMs[path]), String(count)];
          }),
      },
    ],
    notes: [
      `${planned} arrivals, at most ${atOnceMax} under way at once. Failed: ${failed.join(', ') || 'none'}.`,
      `The generator itself was late by ${lateMsMax.toFixed(1)} ms at most.`,
      'A tenth of the uses of a session hibernate it first, a tenth roll it back.',
      'Resume counts from the end of the hibernation that precedes it.',
      'A new session may be given a sandbox that waited for it: to see both ways, run it with the pool on and off.',
    ],
  };
}

function showProgress(done: number, count: number, underWay: number): void {
  const now = performance.now();
  if (done < count && now - shownAt < 500) return;
  shownAt = now;
  const width = 30;
  const filled = Math.round((done / count) * width);
  const bar = '#'.repeat(filled).padEnd(width, '.');
  const end = process.stderr.isTTY && done < count ? '\r' : '\n';
  process.stderr.write(`load: [${bar}] ${done}/${count}, ${underWay} under way${end}`);
}
