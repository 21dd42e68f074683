import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

const writer = join(import.meta.dirname, '../../helpers/registry-writer.ts');

describe('the registry of a process that dies', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-registry-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Kills a writing process without warning once it has acknowledged so many; gives the last number it said. */
  async function killAfter(acknowledged: number): Promise<number> {
    const child = spawn(process.execPath, [writer, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let last = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      if (last === acknowledged) child.kill('SIGKILL');
    }
    await exited;
    return last;
  }

  // 700 is past the first checkpoint.
  it.each([1, 50, 700])('has everything it acknowledged, killed after %i', async (count) => {
    const last = await killAfter(count);
    expect(last).toBeGreaterThanOrEqual(count);
    const registry = await SqliteRegistry.open({ directory, clock: new FakeClock() });
    const { items, total } = await registry.listExecutions('ses-1', { limit: 10_000, offset: 0 });
    // What it was about to acknowledge may be there too, but whole.
    expect(total - last).toBeOneOf([0, 1]);
    expect(items.map((item) => item.executionId)).toEqual(
      Array.from({ length: total }, (_, i) => `exec-${total - i}`),
    );
    expect(await registry.eventsSince('ses-1', 0, 10_000)).toHaveLength(total);
    expect((await registry.findSession('default', 'ses-1'))?.agentSeq).toBe(total);
    await registry.close();
  });

  it('refuses writes while the disk is full, goes on reading, and recovers by itself', async () => {
    const command = 'ulimit -Sf 400 && exec "$0" "$@"';
    const child = await promisify(execFile)('bash', [
      '-c',
      command,
      process.execPath,
      writer,
      directory,
      'full',
    ]);
    expect(child.stdout.split('\n')).toEqual(['registry_unavailable', 'true', 'recovered', '']);
  });
});
