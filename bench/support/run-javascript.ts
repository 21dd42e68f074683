// Runs one program in JavaScript again and again, in a process of its own: as a CommonJS module, which Node wraps in a
// function, too. Arguments and answer: see `program-runs.ts`.
import { readFile } from 'node:fs/promises';
import { Script } from 'node:vm';
import { answerRuns } from './program-runs.ts';

type Module = (console: { log(...values: unknown[]): void }) => (() => void) | null;

const text = await readFile(process.argv[2]!, 'utf8');
const end = '\nreturn typeof main === "function" ? main : null;';
const script = new Script(`(function (console) {${text}${end}})`);
const module = script.runInThisContext() as Module;
let output = '';
const log = (...values: unknown[]) => {
  output += `${values.join(' ')}\n`;
};

/** A program runs its `main` by itself. */
let main: ReturnType<Module> | undefined;
await answerRuns(async () => {
  output = '';
  const cpuAtStart = process.threadCpuUsage();
  const startedAt = performance.now();
  if (main) main();
  else main = module({ log });
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.threadCpuUsage(cpuAtStart);
  return { wallMs, cpuMs: (user + system) / 1000, output };
});
