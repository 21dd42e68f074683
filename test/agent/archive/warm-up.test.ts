import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { warmUpArchives } from '../../../src/agent/archive/warm-up.ts';

afterEach(() => vi.unstubAllEnvs());

it('takes a state there and back, and leaves nothing behind', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cellar-warm-up-'));
  vi.stubEnv('TMPDIR', directory);
  await warmUpArchives();
  expect(await readdir(directory)).toEqual([]);
  await rm(directory, { recursive: true });
});
