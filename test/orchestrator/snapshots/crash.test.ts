import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { openDirectoryStore } from '../../../src/orchestrator/snapshots/directory/directory-store.ts';
import { collected, pieces, sessionContent } from '../../helpers/snapshot-content.ts';

const writer = join(import.meta.dirname, '../../helpers/snapshot-writer.ts');
const signal = AbortSignal.timeout(600_000);

describe('the snapshots of a process that dies', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-snapshots-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Kills a writing process without warning once it has said that line; gives all it said. */
  async function killAt(line: string): Promise<string[]> {
    const child = spawn(process.execPath, [writer, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const said: string[] = [];
    for await (const text of createInterface({ input: child.stdout })) {
      said.push(text);
      if (text === line) child.kill('SIGKILL');
    }
    expect(await exited).toEqual([null, 'SIGKILL']);
    return said;
  }

  it.each(['pulled 0', 'stored 0', 'half 2', 'pulled 3', 'stored 3', 'deleted 2', 'pulled 7'])(
    'are those it acknowledged, each wholly, killed at “%s”',
    async (line) => {
      const said = await killAt(line);
      const last = (word: string) =>
        Math.max(
          ...said.filter((text) => text.startsWith(word)).map((text) => +text.split(' ')[1]!),
        );
      const store = await openDirectoryStore({ directory, clock: systemClock, reserveBytes: 0 });
      const snapshots = store.of('red');

      const numbers = (await snapshots.list()).map((id) => +id.slice('snap-'.length));
      const promised = [last('stored') - 1, last('stored')].filter((number) => number >= 0);
      // What it was about to do may be done too.
      expect(numbers).toEqual(expect.arrayContaining(promised.slice(-1)));
      if (last('deleted') < last('stored') - 2)
        expect(numbers).toEqual(expect.arrayContaining(promised));
      for (const number of numbers) expect(number).toBeGreaterThan(last('deleted'));

      const expectWhole = async () => {
        for (const number of numbers) {
          const content = await collected(snapshots.open(`snap-${number}`, signal));
          expect(content.equals(sessionContent(number))).toBe(true);
        }
      };
      await expectWhole();
      await store.collect(0, signal);
      await expectWhole();
      expect(await store.collect(0, signal)).toMatchObject({ filesRemoved: 0, damaged: [] });
      const files = await readdir(directory, { recursive: true });
      expect(files.filter((file) => file.includes('temporary'))).toEqual([]);
      if (numbers.length === 0) expect(files.filter((file) => file.endsWith('.pack'))).toEqual([]);

      const next = sessionContent(9);
      await snapshots.put('snap-9', pieces(next), { sizeBytesMax: 2 ** 30, signal });
      expect((await collected(snapshots.open('snap-9', signal))).equals(next)).toBe(true);
    },
  );
});
