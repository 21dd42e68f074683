import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  listLinkDirectories,
  makeLinkDirectory,
  removeLinkDirectory,
} from '../../../src/orchestrator/sandbox/link-directory.ts';

let root = '';
let runDirectory = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cellar-'));
  runDirectory = join(root, 'run');
});
afterEach(() => rm(root, { recursive: true }));

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

it('makes a directory that the sandbox can enter below one that nobody else can', async () => {
  const umask = process.umask(0o077);
  try {
    const directory = await makeLinkDirectory(runDirectory, 'sbx-1');
    expect(await mode(directory)).toBe('755');
    expect(await mode(runDirectory)).toBe('700');
  } finally {
    process.umask(umask);
  }
});

it('closes a run directory that was open', async () => {
  await mkdir(runDirectory, { mode: 0o755 });
  await makeLinkDirectory(runDirectory, 'sbx-1');
  expect(await mode(runDirectory)).toBe('700');
});

it('refuses a directory that exists', async () => {
  await makeLinkDirectory(runDirectory, 'sbx-1');
  await expect(makeLinkDirectory(runDirectory, 'sbx-1')).rejects.toThrow('EEXIST');
});

it('says when a path is too long for a socket', async () => {
  const deep = join(root, 'x'.repeat(100));
  await expect(makeLinkDirectory(deep, 'sbx-1')).rejects.toThrow('too long for a socket');
});

it('lists link directories and nothing else', async () => {
  expect(await listLinkDirectories(runDirectory)).toEqual([]);
  const before = Date.now();
  await makeLinkDirectory(runDirectory, 'sbx-1');
  await mkdir(join(runDirectory, 'other'));
  await writeFile(join(runDirectory, 'sbx-file'), '');
  const [listed, ...others] = await listLinkDirectories(runDirectory);
  expect(others).toEqual([]);
  expect(listed?.sandboxId).toBe('sbx-1');
  expect(listed?.createdAt).toBeGreaterThan(before - 2_000);
});

it('removes a directory with what is in it, and does not mind that it is gone', async () => {
  const directory = await makeLinkDirectory(runDirectory, 'sbx-1');
  await writeFile(join(directory, 'agent.sock'), '');
  await removeLinkDirectory(runDirectory, 'sbx-1');
  await removeLinkDirectory(runDirectory, 'sbx-1');
  expect(await listLinkDirectories(runDirectory)).toEqual([]);
});
