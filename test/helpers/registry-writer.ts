// A process that opens a registry and writes to it, for tests that kill it or take its disk away. Says on standard
// output what happened, a line each.
import { execFileSync } from 'node:child_process';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { AppError } from '../../src/orchestrator/foundation/errors.ts';
import { SqliteRegistry } from '../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { executionRecord, outputEvent, sessionRecord } from './records.ts';

const [directory = '', task] = process.argv.slice(2);
const registry = await SqliteRegistry.open({ directory, clock: systemClock });
let written = 0;

/** One execution with its event; said only when it is on the disk. */
async function writeOne(content: string): Promise<void> {
  const executionId = `exec-${written + 1}`;
  await registry.apply({
    sessionId: 'ses-1',
    session: { agentSeq: written + 1 },
    newExecutions: [executionRecord({ executionId })],
    events: [outputEvent(written + 1, executionId, content)],
  });
  await registry.durable();
  written += 1;
}

async function writeForEver(): Promise<void> {
  for (;;) {
    await writeOne('x'.repeat(500));
    process.stdout.write(`${written}\n`);
  }
}

/** Writes until the disk is full, then gets room, and goes on. */
async function writeUntilFull(): Promise<void> {
  try {
    for (;;) await writeOne('x'.repeat(10_000));
  } catch (error) {
    process.stdout.write(`${error instanceof AppError ? error.code : error}\n`);
  }
  const { total } = await registry.listExecutions('ses-1', { limit: 1, offset: 0 });
  process.stdout.write(`${total === written}\n`);
  execFileSync('prlimit', [`--pid=${process.pid}`, '--fsize=unlimited']);
  await writeOne('more');
  await registry.check();
  process.stdout.write('recovered\n');
  await registry.close();
}

await registry.createSession(sessionRecord());
await (task === 'full' ? writeUntilFull() : writeForEver());
