// What collecting the metrics costs with a thousand sessions that have sandboxes, of as many tenants. Beside it ten.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLog } from '../src/orchestrator/foundation/log.ts';
import { ControlGroups } from '../src/orchestrator/metrics/control-groups.ts';
import { Metrics } from '../src/orchestrator/metrics/metrics.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { type Findings, verdict } from './support/report.ts';
import { median, summarise } from './support/statistics.ts';

const sandboxesMany = 1000;
const sandboxesFew = 10;
const scrapesEach = 20;
/** Past the age at which a reading is taken anew. */
const betweenMs = 5_000;

const limitTimeRatio = 4;
const limitTextRatio = 1.5;

type Scraped = { readonly scrapeMs: number[]; textBytes: number };

await runBenchmark({
  name: 'scrape',
  title: 'Collecting the metrics',
  rounds: 10,
  secondsMax: 60,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  const directory = await mkdtemp('/dev/shm/cellar-scrape-');
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  run.progress(`laying out the groups of ${sandboxesMany} containers`);
  const few = await sandboxes(directory, sandboxesFew);
  const many = await sandboxes(directory, sandboxesMany);
  for (const _round of run.rounds())
    for (let i = 0; i < scrapesEach; i++)
      for (const one of [few, many]) {
        run.signal.throwIfAborted();
        await one.scrape();
      }

  const [fewScraped, manyScraped] = [few.scraped, many.scraped];
  return {
    verdicts: [
      verdict(
        `collecting with ${sandboxesMany} sandboxes, beside ${sandboxesFew} (medians)`,
        median(manyScraped.scrapeMs) / median(fewScraped.scrapeMs),
        limitTimeRatio,
        '×',
      ),
      verdict(
        'size of what is collected, the same',
        manyScraped.textBytes / fewScraped.textBytes,
        limitTextRatio,
        '×',
      ),
    ],
    tables: [
      {
        title: 'One scrape',
        columns: ['', 'p50, ms', 'p90, ms', 'size, kB'],
        rows: [
          [`${sandboxesFew} sandboxes`, ...figuresOf(fewScraped)],
          [`${sandboxesMany} sandboxes`, ...figuresOf(manyScraped)],
        ],
      },
    ],
    notes: [
      'Within the process, without HTTP. All that a scrape does is in it: looking at control groups, adding up by tenant, writing the text.',
      'The groups are files laid out as the kernel’s, version 2. The kernel takes longer to write one than a disk in memory; reading stops after six milliseconds ' +
        'whatever a file takes, and goes on with the others next time.',
      `${manyScraped.scrapeMs.length} scrapes of each, in turns; each sandbox is of a tenant of its own, of which twenty have series.`,
    ],
  };
}

/** A service's metrics with so many sandboxes, all of them in use. */
async function sandboxes(directory: string, count: number) {
  const root = join(directory, String(count));
  await mkdir(join(root, 'docker'), { recursive: true });
  await writeFile(join(root, 'cgroup.controllers'), 'cpu memory pids\n');
  const log = createLog('silent');
  let passedMs = 0;
  const clock = {
    now: () => Date.now(),
    monotonic: () => performance.now() + passedMs,
    after: () => () => {},
  };
  const metrics = new Metrics({ version: '0', groups: new ControlGroups(root), clock, log });
  for (let i = 0; i < count; i++) {
    const runtimeId = i.toString(16).padStart(64, '0');
    await layOut(join(root, 'docker', runtimeId));
    const [tenant, sessionId] = [`tenant-${i}`, `ses-${i}`];
    metrics.observe({ type: 'sandboxTaken', tenant, sessionId, runtimeId });
  }
  const scraped: Scraped = { scrapeMs: [], textBytes: 0 };
  return {
    scraped,
    async scrape(): Promise<void> {
      passedMs += betweenMs;
      const begun = performance.now();
      const { text } = await metrics.read();
      scraped.scrapeMs.push(performance.now() - begun);
      scraped.textBytes = Buffer.byteLength(text);
    },
  };
}

/** As a sandbox that has run for a while has it. */
async function layOut(group: string): Promise<void> {
  await mkdir(group);
  const files = {
    'cpu.stat':
      'usage_usec 7318211\nuser_usec 5523800\nsystem_usec 1794411\nnr_periods 812\nnr_throttled 31\nthrottled_usec 901777\nnr_bursts 0\nburst_usec 0\n',
    'memory.current': '41205760\n',
    'memory.stat': `${Array.from({ length: 45 }, (_, i) => `counter_${i} ${i * 4096}`).join('\n')}\ninactive_file 3145728\n`,
    'pids.current': '13\n',
    'pids.events': 'max 0\n',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(group, name), content);
}

function figuresOf({ scrapeMs, textBytes }: Scraped): [number, number, number] {
  const { p50, p90 } = summarise(scrapeMs);
  return [p50, p90, textBytes / 1000];
}
