// Runs one program in Anarchy Inference again and again, in a process of its own. Arguments and answer: see `program-runs.ts`.
import { readFile } from 'node:fs/promises';
import { EngineSession } from './engine-session.ts';
import { answerRuns } from './program-runs.ts';

const code = await readFile(process.argv[2]!, 'utf8');
const again = /^main\(\)/m.test(code) ? 'main();' : code;
await using session = new EngineSession();

/** A program runs its `main` by itself. */
let next = code;
await answerRuns(async () => {
  const startedAt = performance.now();
  const { status, error, usage } = await session.execute(next);
  const wallMs = performance.now() - startedAt;
  if (status !== 'success') throw new Error(`${status}: ${JSON.stringify(error)}`);
  next = again;
  return { wallMs, cpuMs: usage.cpuMs, output: session.takeOutput() };
});
