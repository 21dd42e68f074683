// How many values a heap image takes up and gives back in a second.
import { createInterpreter } from '#language';
import { RecordingHost } from '../../test/doubles/recording-host.ts';
import type { BenchmarkRun } from './benchmark.ts';
import { type Findings, verdictAtLeast } from './report.ts';
import { median } from './statistics.ts';

const bytesMax = 1024 * 1024 * 1024;
const passes = 5;
const limitPerSecond = 1_000_000;

/** A program that fills a session, and how many values it then holds: collections, what is in them, variables of closures. */
const states: readonly { name: string; code: string; values: number }[] = [
  {
    name: 'records',
    code: 'xs = range(50000).map(i => {id: i, name: "item " + i, tags: ["a", i / 7]});',
    values: 50_000 * 6,
  },
  { name: 'numbers', code: 'xs = range(300000).map(i => i * 1.1);', values: 300_000 },
  { name: 'texts', code: 'xs = range(100000).map(i => "text number " + i);', values: 100_000 },
  {
    name: 'closures',
    code: 'counter(n){ c = n; return () => { c += 1; return c; }; } xs = range(30000).map(counter);',
    values: 30_000 * 3,
  },
];

type Rate = { readonly savedPerSecond: number; readonly loadedPerSecond: number };

export async function measureImage(run: BenchmarkRun): Promise<Findings> {
  const rows: (string | number)[][] = [];
  let values = 0;
  let saveSeconds = 0;
  let loadSeconds = 0;
  for (const state of states) {
    run.signal.throwIfAborted();
    run.progress(`image of ${state.name}`);
    const { savedPerSecond, loadedPerSecond, bytes } = measureState(state);
    rows.push([
      state.name,
      state.values,
      savedPerSecond / 1e6,
      loadedPerSecond / 1e6,
      bytes / state.values,
    ]);
    values += state.values;
    saveSeconds += state.values / savedPerSecond;
    loadSeconds += state.values / loadedPerSecond;
  }
  return {
    verdicts: [
      verdictAtLeast('saving a heap image', values / saveSeconds, limitPerSecond, 'values/s'),
      verdictAtLeast('loading a heap image', values / loadSeconds, limitPerSecond, 'values/s'),
    ],
    tables: [
      {
        title: 'Heap image, million values per second',
        columns: ['', 'values', 'saved', 'loaded', 'bytes per value'],
        rows,
      },
    ],
    notes: [
      `Heap image: in memory, without compression or a file. Median of ${passes} passes after one that warms up.`,
    ],
  };
}

function measureState({ code, values }: (typeof states)[number]): Rate & { bytes: number } {
  const host = new RecordingHost();
  const interpreter = createInterpreter(host);
  const { error } = interpreter.execute(code);
  if (error !== undefined) throw new Error(error.message);
  const saveSeconds: number[] = [];
  const loadSeconds: number[] = [];
  let bytes = 0;
  for (let pass = 0; pass <= passes; pass++) {
    const chunks: Uint8Array[] = [];
    const saved = timed(() => interpreter.save((chunk) => chunks.push(chunk.slice()), bytesMax));
    const loaded = timed(() => {
      const load = createInterpreter(host).load(bytesMax);
      for (const chunk of chunks) if (load.write(chunk) !== null) break;
      return load.end();
    });
    bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    if (pass === 0) continue;
    saveSeconds.push(saved);
    loadSeconds.push(loaded);
  }
  return {
    savedPerSecond: values / median(saveSeconds),
    loadedPerSecond: values / median(loadSeconds),
    bytes,
  };
}

/** Seconds. Throws when the work fails. */
function timed(work: () => { readonly message: string } | null): number {
  const startedAt = performance.now();
  const failure = work();
  if (failure !== null) throw new Error(failure.message);
  return (performance.now() - startedAt) / 1000;
}
