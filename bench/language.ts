// How fast the language is: programs beside the same in JavaScript and Python, compiling, heap images, stopping, and profiles. Needs neither the
// service nor containers: programs run in the agent's own engine, with its worker thread and its safe points.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { measureCancel } from './support/cancel-latency.ts';
import { measureCompile } from './support/compile-speed.ts';
import { measureImage } from './support/image-speed.ts';
import { measureProfile } from './support/profile-cost.ts';
import { type Language, runProgram } from './support/program-runs.ts';
import { type Findings, type Table, type Verdict, verdict } from './support/report.ts';
import { geometricMean, median } from './support/statistics.ts';

const programs = join(import.meta.dirname, 'programs');
const languages: readonly Language[] = ['anarchy', 'javascript', 'python'];

await runBenchmark({
  name: 'language',
  title: 'Speed of Anarchy Inference',
  rounds: 1,
  secondsMax: 60,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  const compile = await measureCompile(run);
  const cancel = await measureCancel(run);
  const image = await measureImage(run);
  const speed = await measurePrograms(run);
  const profile = await measureProfile(run);
  const parts = [speed, compile, image, cancel, profile];
  return {
    verdicts: parts.flatMap(({ verdicts }) => verdicts),
    tables: parts.flatMap(({ tables }) => tables),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

type Measured = { readonly name: string; readonly ms: Readonly<Record<Language, number>> };

async function measurePrograms(run: BenchmarkRun): Promise<Findings> {
  const names = (await readdir(programs)).sort();
  const samples = new Map(names.map((name) => [name, emptySamples()]));
  for (const _round of run.rounds()) {
    for (const name of names) {
      for (const language of languages) {
        run.signal.throwIfAborted();
        run.progress(`${name}, ${language}`);
        samples.get(name)![language].push(...(await samplesOf(name, language, run.signal)));
      }
    }
  }
  const measured = [...samples].map(
    ([name, { anarchy, javascript, python }]): Measured => ({
      name,
      ms: {
        anarchy: median(anarchy),
        javascript: median(javascript),
        python: median(python),
      },
    }),
  );
  return {
    verdicts: verdicts(measured),
    tables: [programTable(measured)],
    notes: [
      `${names.length} programs, each written as one would in that language, and each with the same output in all three. A fresh process per ` +
        'language and program warms up and then runs it several times; the median counts. ' +
        'Anarchy Inference runs in the agent’s engine, from handing over the code to the whole outcome.',
      'No program does anything outside of its own session.',
    ],
  };
}

function emptySamples(): Record<Language, number[]> {
  return { anarchy: [], javascript: [], python: [] };
}

/** Throws when the program did not write what it should: then the numbers would compare different work. */
async function samplesOf(
  name: string,
  language: Language,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const folder = join(programs, name);
  const expected = await readFile(join(folder, 'expected.txt'), 'utf8');
  const { outputs, samples } = await runProgram(language, folder, signal);
  if (outputs.length !== 1 || outputs[0] !== expected)
    throw new Error(`${name} in ${language} wrote ${JSON.stringify(outputs)}`);
  return samples.map(({ wallMs }) => wallMs);
}

function besideJavascript({ ms }: Measured): number {
  return ms.anarchy / ms.javascript;
}

function besidePython({ ms }: Measured): number {
  return ms.anarchy / ms.python;
}

function verdicts(measured: readonly Measured[]): Verdict[] {
  return [
    verdict('programs beside JavaScript', geometricMean(measured.map(besideJavascript)), 3, '×'),
    verdict('programs beside Python', geometricMean(measured.map(besidePython)), 1 / 4, '×'),
    verdict('slowest program beside Python', Math.max(...measured.map(besidePython)), 1, '×'),
  ];
}

function programTable(measured: readonly Measured[]): Table {
  const ratio = (value: number) => `${value.toPrecision(3)} ×`;
  const rows = measured.map((one) => [
    one.name,
    ...languages.map((language) => one.ms[language]),
    ratio(besideJavascript(one)),
    ratio(1 / besidePython(one)),
  ]);
  const mean = (of: (one: Measured) => number) => geometricMean(measured.map(of));
  return {
    title: 'Milliseconds per run of a program, median',
    columns: [
      '',
      'Anarchy Inference',
      'JavaScript',
      'Python',
      'time beside JavaScript',
      'times as fast as Python',
    ],
    rows: [
      ...rows,
      ['geometric mean', '', '', '', ratio(mean(besideJavascript)), ratio(1 / mean(besidePython))],
    ],
  };
}
