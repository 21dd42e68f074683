// Files as requests from outside change them, on a real file system, beside whatever else happens to it.
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Directory } from '../../../src/agent/workspace/directory.ts';
import { fileStatus } from '../../../src/agent/workspace/file-status.ts';
import { listFiles } from '../../../src/agent/workspace/list-files.ts';
import { OpenFile } from '../../../src/agent/workspace/open-file.ts';
import { removeFile } from '../../../src/agent/workspace/remove-file.ts';
import { replaceFile } from '../../../src/agent/workspace/replace-file.ts';
import { Workspace } from '../../../src/agent/workspace/workspace.ts';
import { collect } from '../../helpers/archives.ts';

const never = new AbortController().signal;
const secret = 'what lies outside';

let parent: string;
let workspace: Workspace;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'files-'));
  workspace = new Workspace(join(parent, 'space'));
  writeFileSync(join(parent, 'secret.txt'), secret);
  mkdirSync(join(parent, 'secrets'));
  writeFileSync(join(parent, 'secrets/inner.txt'), secret);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const at = (path: string) => join(workspace.root, path);

async function read(path: string, part?: { offset: number; length: number }): Promise<string> {
  using file = await OpenFile.open(workspace.root, path);
  const all = { offset: 0, length: file.status.sizeBytes };
  return (await collect(file.content(part ?? all))).toString();
}

const bytesOf = (...texts: string[]) =>
  (async function* () {
    for (const text of texts) yield Buffer.from(text);
  })();

const write = (path: string, content: string, expected?: string | null) =>
  replaceFile(
    workspace,
    { path, ...(expected === undefined ? {} : { expected }) },
    { bytes: bytesOf(content), isWhole: () => true },
    never,
  );
const remove = (path: string, recursive = false, expected?: string) =>
  removeFile(
    workspace,
    { path, recursive, ...(expected === undefined ? {} : { expected }) },
    never,
  );
const list = async (path = '', recursive = false, limit = 200, offset = 0) =>
  listFiles(workspace.root, { path, recursive, limit, offset });
const tagOf = async (path: string) =>
  (await fileStatus(workspace.root, { path, follow: true })).tag;
/** What is on its way and has not arrived. */
const staged = () => readdirSync(join(parent, 'space/staging'));

describe('a file', () => {
  it('is made with the directories on its way, and read whole or in part', async () => {
    expect(await write('a/b/c.txt', 'content')).toMatchObject({
      created: true,
      status: { type: 'file', sizeBytes: 7, mode: 0o644 },
    });
    expect(await read('a/b/c.txt')).toBe('content');
    expect(await read('a/b/c.txt', { offset: 3, length: 2 })).toBe('te');
    expect(staged()).toEqual([]);
  });

  it('keeps its permissions and gets another tag when it is replaced', async () => {
    await write('run.sh', 'one');
    chmodSync(at('run.sh'), 0o755);
    const before = await tagOf('run.sh');
    const { created, status } = await write('run.sh', 'two');
    expect(created).toBe(false);
    expect(status).toMatchObject({ mode: 0o755 });
    expect(status.tag).not.toBe(before);
    expect(status.tag).toBe(await tagOf('run.sh'));
  });

  it('has the same tag for the same content, wherever and whenever that was written', async () => {
    const { status } = await write('a', 'content');
    const elsewhere = new Workspace(join(parent, 'another container'));
    writeFileSync(join(elsewhere.root, 'b'), 'content');
    const { tag } = await fileStatus(elsewhere.root, { path: 'b', follow: true });
    expect(tag).toBe(status.tag);
    await write('a', 'CONTENT');
    await write('a', 'content', await tagOf('a'));
    expect(await tagOf('a')).toBe(status.tag);
  });

  it('has another tag for another content, in whatever time and of whatever size', async () => {
    const long = 'x'.repeat(600_000);
    const contents = ['', '1', '2', long, `${long.slice(1)}y`, `y${long.slice(1)}`];
    const time = new Date(1_000_000);
    const tags = new Set<string>();
    for (const content of contents) {
      writeFileSync(at('a'), content);
      utimesSync(at('a'), time, time);
      // Asked twice: it is not remembered for longer than it is true.
      expect(await tagOf('a')).toBe(await tagOf('a'));
      tags.add(await tagOf('a'));
    }
    expect(tags.size).toBe(contents.length);
  });

  it('that is rewritten while it is read for its tag does not get that of the former content', async () => {
    writeFileSync(at('a'), 'x'.repeat(1_000_000));
    const before = await tagOf('a');
    const asked = tagOf('a');
    writeFileSync(at('a'), 'y'.repeat(1_000_000));
    expect(await asked).not.toBe(before);
    expect(await tagOf('a')).not.toBe(before);
  });

  it('is read as it was opened, whatever takes its place', async () => {
    await write('a', 'x'.repeat(1_000_000));
    using file = await OpenFile.open(workspace.root, 'a');
    await write('a', 'y');
    const content = await collect(file.content({ offset: 0, length: 1_000_000 }));
    expect(content.toString()).toBe('x'.repeat(1_000_000));
  });

  it('that becomes shorter while it is read is broken off, not made up', async () => {
    await write('a', 'x'.repeat(1_000_000));
    using file = await OpenFile.open(workspace.root, 'a');
    writeFileSync(at('a'), 'short');
    await expect(collect(file.content({ offset: 0, length: 1_000_000 }))).rejects.toThrow(
      'shorter',
    );
  });

  it('is as it was when its new content does not come whole', async () => {
    await write('a', 'old');
    const cut = { bytes: bytesOf('new, but'), isWhole: () => false };
    await expect(replaceFile(workspace, { path: 'a' }, cut, never)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const failing = async function* () {
      yield Buffer.from('new, but');
      throw new Error('the sender is gone');
    };
    await expect(
      replaceFile(workspace, { path: 'a' }, { bytes: failing(), isWhole: () => true }, never),
    ).rejects.toThrow('gone');
    expect(await read('a')).toBe('old');
    expect(staged()).toEqual([]);
  });

  it('is only replaced when it is the expected one', async () => {
    const { status } = await write('a', '1', null);
    await expect(write('a', '2', null)).rejects.toMatchObject({ code: 'file_changed' });
    await expect(write('b', '2', status.tag)).rejects.toMatchObject({ code: 'file_changed' });
    await write('a', '3', status.tag);
    await expect(write('a', '4', status.tag)).rejects.toMatchObject({ code: 'file_changed' });
    await expect(remove('a', false, status.tag)).rejects.toMatchObject({ code: 'file_changed' });
    expect(await read('a')).toBe('3');
  });

  it('is looked at again when its content has come', async () => {
    const { status } = await write('a', 'old');
    const meanwhile = async function* () {
      yield Buffer.from('late');
      await write('a', 'in between');
    };
    const late = { bytes: meanwhile(), isWhole: () => true };
    await expect(
      replaceFile(workspace, { path: 'a', expected: status.tag }, late, never),
    ).rejects.toMatchObject({ code: 'file_changed' });
    expect(await read('a')).toBe('in between');
  });

  it('comes and goes only when nobody wants the files to stand still', async () => {
    await write('gone', 'x');
    const still = Promise.withResolvers<void>();
    const holding = workspace.whileStill(() => still.promise);
    const removing = remove('gone');
    expect(existsSync(at('gone'))).toBe(true);
    const writing = write('a', 'x');
    await expect.poll(() => staged().length).toBe(1);
    expect(existsSync(at('a'))).toBe(false);
    still.resolve();
    await Promise.all([holding, removing, writing]);
    expect(existsSync(at('gone'))).toBe(false);
    expect(await read('a')).toBe('x');
  });

  it('is not made any more when nobody waits for it', async () => {
    const controller = new AbortController();
    const still = Promise.withResolvers<void>();
    const holding = workspace.whileStill(() => still.promise);
    const content = { bytes: bytesOf('x'), isWhole: () => true };
    const writing = replaceFile(workspace, { path: 'a' }, content, controller.signal);
    await expect.poll(() => staged().length).toBe(1);
    controller.abort(new Error('gone'));
    still.resolve();
    await expect(writing).rejects.toThrow('gone');
    await holding;
    expect(existsSync(at('a'))).toBe(false);
    expect(staged()).toEqual([]);
  });

  it.each([
    ['where a directory is', () => write('d', 'x'), 'is_directory'],
    ['below a file', () => write('f/x', 'x'), 'not_directory'],
    ['that is not there', () => read('none'), 'unknown_file'],
    ['in a directory that is not there', () => read('none/x'), 'unknown_file'],
    ['that is a directory', () => read('d'), 'is_directory'],
    ['that is a pipe', () => read('pipe'), 'file_unusable'],
    ['whose permissions shut it', () => read('shut'), 'file_unusable'],
    ['with too long a name', () => write('x'.repeat(300), 'x'), 'path_refused'],
  ])('%s is refused', async (_, ask, code) => {
    mkdirSync(at('d'));
    writeFileSync(at('f'), '');
    writeFileSync(at('shut'), '', { mode: 0o000 });
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [at('pipe')]);
    // Nothing is shut to root.
    if (code === 'file_unusable' && process.getuid?.() === 0) rmSync(at('shut'));
    const wanted = process.getuid?.() === 0 && _.startsWith('whose') ? 'unknown_file' : code;
    await expect(ask()).rejects.toMatchObject({ code: wanted });
  });
});

describe('a path', () => {
  const paths = [
    '..',
    '../secret.txt',
    'a/../../secret.txt',
    'd/..',
    './a',
    '.',
    '/etc/passwd',
    '/',
    'a//b',
    'a/',
    'a\0b',
    'a\0/../../secret.txt',
    '\ud800',
    'x'.repeat(5000),
    Array(200).fill('d').join('/'),
    'd/./a',
  ];

  it.each(paths)('like %j is refused, whatever it is for', async (path) => {
    mkdirSync(at('d'));
    const refusal = { code: 'path_refused' };
    await expect(read(path)).rejects.toMatchObject(refusal);
    await expect(write(path, 'x')).rejects.toMatchObject(refusal);
    await expect(remove(path, true)).rejects.toMatchObject(refusal);
    await expect(list(path)).rejects.toMatchObject(refusal);
    await expect(fileStatus(workspace.root, { path, follow: true })).rejects.toThrow();
    expectUntouched();
  });

  it.each([
    ['a file outside', '../../secret.txt', 'out'],
    ['an absolute place', '/etc/passwd', 'out'],
    ['its own absolute place', () => at('x'), 'out'],
    ['a directory outside', '../../secrets', 'out/inner.txt'],
    ['the top and further', 'd/../../../secrets', 'out/inner.txt'],
    ['itself', 'out', 'out'],
  ])('through a link to %s is refused', async (_, target, path) => {
    mkdirSync(at('d'));
    symlinkSync(typeof target === 'string' ? target : target(), at('out'));
    const refusal = { code: 'path_refused' };
    await expect(read(path)).rejects.toMatchObject(refusal);
    await expect(write(path, 'x')).rejects.toMatchObject(refusal);
    if (path !== 'out') await expect(remove(path)).rejects.toMatchObject(refusal);
    expectUntouched();
  });

  it('through a link inside leads where the link does', async () => {
    await write('d/e/a', 'inside');
    symlinkSync('d/e', at('way'));
    symlinkSync('../way/a', at('d/again'));
    symlinkSync('way/new', at('dangling'));
    expect(await read('way/a')).toBe('inside');
    expect(await read('d/again')).toBe('inside');
    await write('dangling', 'made');
    expect(await read('d/e/new')).toBe('made');
    await remove('d/again');
    expect(await read('d/e/a')).toBe('inside');
    expect((await list('way')).items.map(({ path }) => path)).toEqual(['way/a', 'way/new']);
  });

  it('goes on from where it is when a link takes the place of that', () => {
    mkdirSync(at('d'));
    writeFileSync(at('d/inner.txt'), 'inside');
    using root = Directory.root(workspace.root);
    using directory = root.open('d');
    renameSync(at('d'), at('aside'));
    symlinkSync(join(parent, 'secrets'), at('d'));
    expect(readFileSync(directory.at('inner.txt'), 'utf8')).toBe('inside');
    expect(() => root.open('d')).toThrow('ENOTDIR');
  });

  it('never leads out while somebody puts links in the place of directories', async () => {
    await write('swap/inner.txt', 'inside');
    const swapper = new Worker(swapperSource, {
      eval: true,
      workerData: { path: at('swap'), aside: at('aside'), target: join(parent, 'secrets') },
    });
    const seen = new Set<string>();
    try {
      for (let i = 0; i < 500 || !(seen.has('inside') && seen.has('path_refused')); i++) {
        seen.add(await read('swap/inner.txt').catch(({ code }) => code));
        await write('swap/planted.txt', 'x').catch(() => {});
        await remove('swap/inner.none').catch(() => {});
        const listed = await list('swap').catch(() => null);
        for (const { path } of listed?.items ?? []) seen.add(path);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      await swapper.terminate();
    }
    expect(seen).not.toContain(secret);
    expectUntouched();
  });
});

describe('a list', () => {
  it('tells type, size, time and permissions, in an order that stays', async () => {
    await write('b.txt', '12345');
    await write('a/z', '1');
    symlinkSync('b.txt', at('link'));
    const { items, total } = await list();
    expect(total).toBe(3);
    expect(items.map(({ path, type }) => [path, type])).toEqual([
      ['a', 'directory'],
      ['b.txt', 'file'],
      ['link', 'symlink'],
    ]);
    expect(items[1]).toEqual({
      path: 'b.txt',
      type: 'file',
      sizeBytes: 5,
      modifiedMs: Math.floor(statSync(at('b.txt')).mtimeMs),
      mode: 0o644,
    });
  });

  it('goes into directories when it is to, and through no link', async () => {
    await write('a/b/c', '1');
    await write('a/d', '1');
    await write('e', '1');
    symlinkSync('a', at('again'));
    const { items } = await list('', true);
    expect(items.map(({ path }) => path)).toEqual(['a', 'again', 'e', 'a/b', 'a/d', 'a/b/c']);
    expect((await list('a', true)).items.map(({ path }) => path)).toEqual(['a/b', 'a/d', 'a/b/c']);
  });

  it('comes in pages', async () => {
    for (let i = 0; i < 10; i++) await write(`f${i}`, '');
    const { items, total } = await list('', false, 3, 8);
    expect(items.map(({ path }) => path)).toEqual(['f8', 'f9']);
    expect(total).toBe(10);
  });

  it('leaves out what has no name in text, and what is no file', async () => {
    await write('good', '');
    writeFileSync(Buffer.concat([Buffer.from(`${workspace.root}/`), Buffer.from([0xff])]), '');
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [at('pipe')]);
    expect(await list()).toMatchObject({ items: [{ path: 'good' }], total: 1 });
  });

  it('of a file, or of nothing, is refused', async () => {
    await write('f', '');
    await expect(list('f')).rejects.toMatchObject({ code: 'not_directory' });
    await expect(list('none')).rejects.toMatchObject({ code: 'unknown_file' });
  });
});

describe('what is removed', () => {
  it('is a file, a link alone, or an empty directory', async () => {
    await write('d/a', 'x');
    symlinkSync('d', at('link'));
    await remove('link');
    await expect(remove('d')).rejects.toMatchObject({ code: 'directory_not_empty' });
    await remove('d/a');
    await remove('d');
    expect((await list()).total).toBe(0);
    await expect(remove('d')).rejects.toMatchObject({ code: 'unknown_file' });
  });

  it('is a directory with all that is in it, when it is to be', async () => {
    await write('d/e/f/a', 'x');
    symlinkSync(join(parent, 'secrets'), at('d/out'));
    linkSync(join(parent, 'secret.txt'), at('d/e/hard'));
    chmodSync(at('d/e'), 0o000);
    await remove('d', true);
    expect((await list()).total).toBe(0);
    expect(staged()).toEqual([]);
    expectUntouched();
  });
});

it('a workspace that begins removes what was on its way', () => {
  writeFileSync(workspace.stagingPath(), 'half of a file');
  expect(staged()).toHaveLength(1);
  new Workspace(join(parent, 'space'));
  expect(staged()).toEqual([]);
});

function expectUntouched(): void {
  expect(readFileSync(join(parent, 'secret.txt'), 'utf8')).toBe(secret);
  expect(readdirSync(join(parent, 'secrets'))).toEqual(['inner.txt']);
  expect(readFileSync(join(parent, 'secrets/inner.txt'), 'utf8')).toBe(secret);
  expect(readdirSync(parent).sort()).toEqual(['secret.txt', 'secrets', 'space']);
  expect(readdirSync(join(parent, 'space')).sort()).toEqual(['files', 'staging']);
}

/** Puts a link in the place of a directory, and the directory back, over and over. */
const swapperSource = `
  const { renameSync, rmSync, symlinkSync } = require('node:fs');
  const { path, aside, target } = require('node:worker_threads').workerData;
  for (;;) {
    renameSync(path, aside);
    try { symlinkSync(target, path); } catch {}
    // A directory may have been made here meanwhile.
    for (let back = false; !back; ) {
      try {
        rmSync(path, { recursive: true, force: true });
        renameSync(aside, path);
        back = true;
      } catch {}
    }
  }
`;
