// How much source the language compiles in a second, and which part takes how long.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyContext } from '../../src/language/compile.ts';
import { createLinker } from '../../src/language/create-linker.ts';
import { emit } from '../../src/language/emitter.ts';
import type { Linker } from '../../src/language/link.ts';
import { expand } from '../../src/language/macros/expand.ts';
import { parse } from '../../src/language/parser.ts';
import { resolve } from '../../src/language/resolver.ts';
import { Runtime } from '../../src/language/runtime/runtime.ts';
import { layoutOf } from '../../src/language/unit-layout.ts';
import { RecordingHost } from '../../test/doubles/recording-host.ts';
import type { BenchmarkRun } from './benchmark.ts';
import { type Findings, verdictAtLeast } from './report.ts';
import { median } from './statistics.ts';

const goldens = join(import.meta.dirname, '../../test/programs');
const programs = join(import.meta.dirname, '../programs');
const largeCharacters = 250_000;
const passes = 5;
/** V8 has then optimised the compiler; the very first pass is told beside. */
const warmUpPasses = 6;
const limitMegabytesPerSecond = 1;

type Phase = 'parse' | 'resolve' | 'emit' | 'link';
type Times = Record<Phase, number>;
const phases: readonly Phase[] = ['parse', 'resolve', 'emit', 'link'];

export async function measureCompile(run: BenchmarkRun): Promise<Findings> {
  run.progress('compiling');
  const small = await sourcesIn(goldens);
  const large = [largeSource(await sourcesIn(programs))];
  const corpora = [
    { name: `${small.length} small programs`, ...measureCorpus(small, run) },
    { name: 'one large program', ...measureCorpus(large, run) },
  ];
  // The time of a small program is mostly V8's for making a script of anything, however short.
  const { bytes, times } = corpora[1]!;
  const speed = bytes / 1000 / totalMs(times);
  return {
    verdicts: [
      verdictAtLeast('compiling, one large program', speed, limitMegabytesPerSecond, 'MB/s'),
    ],
    tables: [
      {
        title: 'Compiling, megabytes (10⁶ bytes) of source per second',
        columns: ['', 'kB', ...phases, 'all', 'all, first pass', 'emitted per byte'],
        rows: corpora.map(({ name, bytes, times, first, emittedBytes }) => [
          name,
          bytes / 1000,
          ...phases.map((phase) => bytes / 1000 / times[phase]),
          bytes / 1000 / totalMs(times),
          bytes / 1000 / totalMs(first),
          emittedBytes / bytes,
        ]),
      },
    ],
    notes: [
      'Compiling: the small programs are those of the tests; the large one is made of the programs ' +
        'measured here, under ever new names. Parsing includes cutting into tokens, linking what V8 does with the ' +
        'emitted text before it runs. Median of ' +
        `${passes} passes after ${warmUpPasses} that warm up, as in a session that has compiled some 2 MB; the first of them is shown too.`,
    ],
  };
}

function totalMs(times: Times): number {
  return phases.reduce((sum, phase) => sum + times[phase], 0);
}

async function sourcesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  // What a macro expands to is a text of its own, many times the program's.
  const files = names.filter((name) => name.endsWith('.ai') && !name.startsWith('macros/')).sort();
  return Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
}

/** The functions of programs over and over, each time with other names. */
function largeSource(sources: readonly string[]): string {
  const parts: string[] = [];
  let length = 0;
  for (let copy = 0; length < largeCharacters; copy++) {
    for (const source of sources) {
      const names = [...source.matchAll(/^([a-zA-Z]\w*)\(.*\{/gm)].map(([, name]) => name);
      const renamed = source.replace(
        new RegExp(`\\b(?:${[...names, 'main'].join('|')})\\b(?=\\()`, 'g'),
        (name) => `${name}${copy}`,
      );
      parts.push(renamed);
      length += renamed.length;
    }
  }
  return parts.join('\n');
}

function measureCorpus(
  sources: readonly string[],
  run: BenchmarkRun,
): { bytes: number; times: Times; first: Times; emittedBytes: number } {
  // One session for all: V8 keeps what it made of a text, and only another number of the unit makes it another text.
  const runtime = new Runtime(new RecordingHost());
  const linker = createLinker(runtime);
  const all: Times[] = [];
  let emittedBytes = 0;
  for (let pass = 0; pass < warmUpPasses + passes; pass++) {
    run.signal.throwIfAborted();
    const times: Times = { parse: 0, resolve: 0, emit: 0, link: 0 };
    emittedBytes = 0;
    for (const source of sources) emittedBytes += compileOne(source, linker, times);
    all.push(times);
  }
  const times = Object.fromEntries(
    phases.map((phase) => [phase, median(all.slice(warmUpPasses).map((one) => one[phase]))]),
  ) as Times;
  return { bytes: Buffer.byteLength(sources.join('')), times, first: all[0]!, emittedBytes };
}

/** Adds to `times`; gives the length of what is emitted. Programs that are wrong on purpose stop where that is noticed. */
function compileOne(source: string, linker: Linker, times: Times): number {
  const timed = <Result>(phase: Phase, work: () => Result): Result => {
    const startedAt = performance.now();
    const result = work();
    times[phase] += performance.now() - startedAt;
    return result;
  };
  const isError = ({ severity }: { severity: string }) => severity === 'error';
  const { program, diagnostics } = timed('parse', () => parse(source));
  if (diagnostics.some(isError)) return 0;
  const expanded = timed('resolve', () => expand(program, source, emptyContext));
  if ('severity' in expanded) return 0;
  const { text, macros, written } = expanded;
  const { resolved, diagnostics: unresolved } = timed('resolve', () => resolve(expanded.program));
  if (unresolved.some(isError)) return 0;
  const emitted = timed('emit', () =>
    emit(expanded.program, resolved, { source, written, root: null }),
  );
  const layout = timed('resolve', () => layoutOf(resolved));
  const context = emptyContext;
  const compiled = { source, text, context, macros, emitted, layout, diagnostics: [] };
  timed('link', () => linker.link(compiled));
  return emitted.script.length;
}
