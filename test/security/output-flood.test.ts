// Programs that write more than anybody wants, with the output that a session may have by default: the service keeps its memory and
// goes on with the others.
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Service, startService } from '../helpers/start-service.ts';

const MiB = 2 ** 20;

let service: Service;
beforeEach(async () => {
  service = await startService({
    CELLAR_LOG_LEVEL: 'warn',
  });
});
afterEach(() => service[Symbol.asyncDispose]());

/** Of the service's process, from /proc: `VmRSS` now, `VmHWM` at most since the last `forgetPeak`. */
async function memoryBytes(field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${service.pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
}

function forgetPeak(): Promise<void> {
  return writeFile(`/proc/${service.pid}/clear_refs`, '5');
}

describe('a program that prints without end', () => {
  const growthBytesMax = 50 * MiB;
  /** A line of 64 KiB. */
  const line = 'line = "x"; for (let i = 0; i < 16; i = i + 1) { line = line + line };';
  const outputBytes = MiB;
  const limits = { outputBytes };
  let other: string;
  beforeEach(async () => {
    other = (await service.createSession()).id;
    // What comes once is no growth.
    const first = (await service.createSession({ limits })).id;
    await service.execute(first, `${line} for (let i = 0; i < 300; i = i + 1) { print(line) }`);
  });

  it('a gigabyte is cut off, and the service holds none of it', async () => {
    const { id } = await service.createSession({ limits });
    await forgetPeak();
    const before = await memoryBytes('VmRSS');
    const live = await service.live(id);
    const [, ...messages] = await live.execute(
      `${line} for (let i = 0; i < 16384; i = i + 1) { print(line) }`,
      { timeout: 100_000 },
    );
    // So far over the limit it is stopped; its beginning is kept.
    expect(messages.at(-1)).toMatchObject({ status: 'error', truncated: true });
    const lengths = messages.map(({ content }) => content?.length ?? 0);
    const written = lengths.reduce((sum, length) => sum + length, 0);
    expect(written).toBeGreaterThan(outputBytes * 0.9);
    expect(written).toBeLessThanOrEqual(outputBytes);
    expect((await memoryBytes('VmHWM')) - before).toBeLessThan(growthBytesMax);
  });

  it('keeps nobody else from executing', async () => {
    const { id } = await service.createSession({ limits });
    const live = await service.live(id);
    const floods = Array.from({ length: 5 }, () =>
      live.execute(`${line} while (true) { print(line) }`, { timeout: 100_000 }),
    );
    await live.wait(({ type }) => type === 'output');
    for (let i = 0; i < 50; i++) {
      const run = await service.execute(other, `${i} + 1`);
      expect(run).toMatchObject({ status: 'success', result: { value: i + 1 } });
    }
    for (const messages of await Promise.all(floods))
      expect(messages.at(-1)).toMatchObject({ status: 'error', truncated: true });
  });
});
