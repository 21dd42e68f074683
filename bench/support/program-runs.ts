// How often a program is run and what is told of it, the same for all languages. Each has a script that takes the program's
// file, the milliseconds to warm up, the milliseconds to measure and the number of runs at most, and answers with JSON.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type Sample = { readonly wallMs: number; readonly cpuMs: number };

export type ProgramRuns = {
  /** What the runs wrote: one text, if they all wrote the same. */
  readonly outputs: readonly string[];
  readonly samples: readonly Sample[];
};

export type Language = 'anarchy' | 'javascript' | 'python';

const commands: Readonly<Record<Language, readonly [string, string, string]>> = {
  anarchy: [process.execPath, 'run-anarchy.ts', 'program.ai'],
  javascript: [process.execPath, 'run-javascript.ts', 'program.js'],
  python: ['python3', 'run-python.py', 'program.py'],
};
/** Enough for V8 to have optimised what it will, and for Python to have specialised its bytecode. */
const warmUpMs = 200;
const samplesMs = 150;
const runsMax = 200;

/** Runs the program of a folder in a fresh process. Throws when it fails. */
export async function runProgram(
  language: Language,
  folder: string,
  signal: AbortSignal,
): Promise<ProgramRuns> {
  const [command, script, file] = commands[language];
  const { stdout } = await promisify(execFile)(
    command,
    [
      join(import.meta.dirname, script),
      join(folder, file),
      ...[warmUpMs, samplesMs, runsMax].map(String),
    ],
    { signal, maxBuffer: 16 * 1024 * 1024 },
  );
  return JSON.parse(stdout) as ProgramRuns;
}

/** The other side of `runProgram`: warms up, measures, answers on standard output. */
export async function answerRuns(run: () => Promise<Sample & { output: string }>): Promise<void> {
  const [warmUp, samplesMs, most] = process.argv.slice(3).map(Number);
  const repeat = async (least: number, totalMs: number) => {
    const runs = [];
    const begun = performance.now();
    while (runs.length < least || (performance.now() - begun < totalMs && runs.length < most!)) {
      runs.push(await run());
    }
    return runs;
  };
  const warmedUp = await repeat(1, warmUp!);
  const measured = await repeat(3, samplesMs!);
  const outputs = [...new Set([...warmedUp, ...measured].map(({ output }) => output))];
  const samples = measured.map(({ wallMs, cpuMs }) => ({ wallMs, cpuMs }));
  console.log(JSON.stringify({ outputs, samples } satisfies ProgramRuns));
}
