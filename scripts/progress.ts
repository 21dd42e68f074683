// What the set-up tells the person who waits: a line when a long step begins, one when it is done.
import { type SpawnOptions, spawn } from 'node:child_process';

/** The set-up cannot go on, and the person at the keyboard is told why in one message. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** Runs a step that takes long enough to be announced. */
export async function step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  console.log(`setup: ${title} …`);
  const result = await work();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`setup: ${title}: done (${seconds} s)`);
  return result;
}

/** Runs a program without input; its output is shown only when it fails. Throws SetupError. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: SpawnOptions = {},
): Promise<void> {
  const child = spawn(program, parameters, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  const outcome = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? null : `exit ${signal ?? code}`));
  });
  if (outcome !== null) {
    throw new SetupError(`${program} ${parameters.join(' ')} failed (${outcome})\n${output}`);
  }
}
