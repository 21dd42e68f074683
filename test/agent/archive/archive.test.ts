import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArchiveSummary } from '../../../src/agent/archive/archive-format.ts';
import { readArchive } from '../../../src/agent/archive/read-archive.ts';
import { writeArchive } from '../../../src/agent/archive/write-archive.ts';
import {
  archiveOf,
  collect,
  inPieces,
  type MadeEntry,
  manifestEntry,
  tarOf,
} from '../../helpers/archives.ts';

const limits = { entriesMax: 100, fileBytesMax: 10_000_000, heapBytesMax: 4_000_000 };
const manifest = { format: 2, language: 'anarchy', languageVersion: 1, engine: 'test' };

let top: string;
let source: string;
let target: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'cellar-archive-'));
  source = join(top, 'source');
  target = join(top, 'target');
  await mkdir(source);
  await mkdir(target);
});
afterEach(() => rm(top, { recursive: true, force: true }));

async function write(heap: readonly Uint8Array[] = [Buffer.from('image')]): Promise<Buffer> {
  const image = async function* () {
    yield* heap;
  };
  return collect(writeArchive({ root: source, manifest, heap: image(), limits }));
}

type Read = { summary: ArchiveSummary; heap: Buffer };

async function read(archive: Buffer, changes: Partial<typeof limits> = {}): Promise<Read> {
  let heap: Buffer = Buffer.alloc(0);
  const summary = await readArchive(inPieces(archive), {
    root: target,
    accept: () => {},
    load: async (image) => {
      heap = await collect(image);
    },
    limits: { ...limits, ...changes },
  });
  return { summary, heap };
}

describe('an archive', () => {
  it('brings files, directories, links, modes, times and the image back as they were', async () => {
    await mkdir(join(source, 'd/inner'), { recursive: true });
    await writeFile(join(source, 'd/x'), 'text');
    await writeFile(join(source, 'empty'), '');
    await writeFile(join(source, 'ünï 😀'), 'u');
    await writeFile(join(source, 'n'.repeat(255)), 'long');
    const big = randomBytes(3_000_000);
    await writeFile(join(source, 'big'), big);
    await symlink('../x', join(source, 'd/inner/link'));
    await chmod(join(source, 'd/x'), 0o640);
    await utimes(join(source, 'd/x'), 1_234_567.891, 1_234_567.891);
    await utimes(join(source, 'd/inner'), 1_000.5, 1_000.5);
    await chmod(join(source, 'd'), 0o500);
    const heap = randomBytes(2_500_000);

    const { summary, heap: loaded } = await read(
      await write([heap.subarray(0, 1_700_000), heap.subarray(1_700_000)]),
    );

    expect(summary).toMatchObject({ files: 5, directories: 2, links: 1, omitted: 0 });
    expect(loaded.equals(heap)).toBe(true);
    expect((await readFile(join(target, 'big'))).equals(big)).toBe(true);
    expect((await readdir(target)).sort()).toEqual((await readdir(source)).sort());
    expect(await readlink(join(target, 'd/inner/link'))).toBe('../x');
    for (const path of ['d', 'd/x', 'd/inner', 'big', 'empty']) {
      const [was, is] = [await lstat(join(source, path)), await lstat(join(target, path))];
      expect([path, is.mode, Math.floor(is.mtimeMs)]).toEqual([
        path,
        was.mode,
        Math.floor(was.mtimeMs),
      ]);
    }
  });

  it('is the same bytes for the same state, and for a state that was brought back', async () => {
    await mkdir(join(source, 'd'));
    for (const name of ['b', 'a', 'd/c']) await writeFile(join(source, name), name);
    const first = await write();
    expect((await write()).equals(first)).toBe(true);
    await read(first);
    source = target;
    expect((await write()).equals(first)).toBe(true);
  });

  it('leaves out what is no file, and links that leave the workspace', async () => {
    await writeFile(join(source, 'kept'), '');
    await symlink('/etc/passwd', join(source, 'absolute'));
    await symlink('../outside', join(source, 'climbing'));
    await promisify(execFile)('mkfifo', [join(source, 'pipe')]);
    const { summary } = await read(await write());
    expect(summary).toMatchObject({ files: 1, links: 0, omitted: 3 });
    expect(await readdir(target)).toEqual(['kept']);
  });

  it('is not made of more than the limits allow', async () => {
    await writeFile(join(source, 'big'), Buffer.alloc(limits.fileBytesMax + 1));
    await expect(write()).rejects.toMatchObject({ code: 'archive_too_large' });
    await rm(join(source, 'big'));
    for (let i = 0; i <= limits.entriesMax; i++) await writeFile(join(source, String(i)), '');
    await expect(write()).rejects.toMatchObject({ code: 'archive_too_large' });
  });

  it('fails with what the engine failed with', async () => {
    const heap = async function* () {
      yield Buffer.from('begun');
      throw new Error('the engine is gone');
    };
    const archive = writeArchive({ root: source, manifest, heap: heap(), limits });
    await expect(collect(archive)).rejects.toThrow('the engine is gone');
  });

  it('that is whole is refused when the engine refuses its image', async () => {
    const archive = inPieces(await write([randomBytes(3_000_000)]));
    const reading = readArchive(archive, {
      root: target,
      accept: () => {},
      load: async () => {
        throw new Error('no image of mine');
      },
      limits,
    });
    await expect(reading).rejects.toThrow('no image of mine');
  });

  it('hands its image over only when all of it has proved whole', async () => {
    const archive = await archiveOf([{ name: 'heap/000000', content: 'image' }], { digest: 'no' });
    let ended = false;
    const reading = readArchive(inPieces(archive), {
      root: target,
      accept: () => {},
      load: async (image) => {
        for await (const _ of image);
        ended = true;
      },
      limits,
    });
    await expect(reading).rejects.toMatchObject({ code: 'archive_malformed' });
    expect(ended).toBe(false);
  });
});

const file = (name: string, content = ''): MadeEntry => ({ name: `workspace/${name}`, content });
const directory = (name: string): MadeEntry => ({ name: `workspace/${name}`, type: 'directory' });
const link = (name: string, linkname: string): MadeEntry => ({
  name: `workspace/${name}`,
  type: 'symlink',
  linkname,
});

describe('a hostile archive', () => {
  it.each<[string, string, readonly MadeEntry[]]>([
    ['a name that climbs', 'entry_outside_workspace', [file('../escaped')]],
    [
      'a name that climbs in the middle',
      'entry_outside_workspace',
      [directory('a'), file('a/../../escaped')],
    ],
    ['an absolute name', 'entry_outside_workspace', [file('/tmp/escaped')]],
    ['a name outside', 'entry_unknown', [{ name: '/etc/passwd', content: 'x' }]],
    ['a name of nothing', 'entry_unknown', [directory('')]],
    ['a name with dots alone', 'entry_outside_workspace', [file('./x')]],
    ['a name that is too long', 'entry_name_too_long', [file('n'.repeat(300))]],
    ['a name that is too deep', 'entry_name_too_long', [file(`${'d/'.repeat(200)}x`)]],
    ['a file in a directory that is missing', 'entry_without_directory', [file('missing/x')]],
    ['a file in a file', 'entry_without_directory', [file('x'), file('x/y')]],
    ['a name twice', 'entry_duplicate', [file('x', 'first'), file('x', 'second')]],
    ['a directory twice', 'entry_duplicate', [directory('d'), directory('d')]],
    ['a link to an absolute path', 'link_outside_workspace', [link('l', '/etc/passwd')]],
    ['a link that climbs out', 'link_outside_workspace', [link('l', '../outside')]],
    [
      'a link that climbs after a name',
      'link_outside_workspace',
      [directory('d'), link('l', 'd/../../x')],
    ],
    ['a link to nothing', 'link_outside_workspace', [link('l', '')]],
    ['a file after a link', 'out_of_order', [directory('d'), link('l', 'd'), file('l/x')]],
    ['a hard link', 'entry_kind_refused', [{ ...link('l', '/etc/passwd'), type: 'link' }]],
    ['a device', 'entry_kind_refused', [{ ...file('d'), type: 'character-device', devmajor: 1 }]],
    ['a pipe', 'entry_kind_refused', [{ ...file('p'), type: 'fifo' }]],
    ['a contiguous file', 'entry_kind_refused', [{ ...file('c'), type: 'contiguous-file' }]],
    [
      'a sparse file',
      'entry_extension_refused',
      [{ ...file('s'), pax: { 'GNU.sparse.size': '10000000000' } }],
    ],
    ['an impossible time', 'entry_attributes_refused', [{ ...file('t'), pax: { mtime: '1e99' } }]],
    ['files over the limit', 'files_too_large', [file('x', 'x'.repeat(limits.fileBytesMax + 1))]],
    ['too many files', 'too_many_entries', range(101).map((i) => file(`f${i}`))],
    ['values over the limit', 'values_too_large', range(5).map((i) => piece(i, 1_000_000))],
    ['a missing piece of the values', 'heap_piece_missing', [piece(1, 10)]],
    ['files after the values', 'out_of_order', [piece(0, 10), file('x')]],
    ['a second manifest', 'out_of_order', [manifestEntry]],
    ['something else', 'entry_unknown', [{ name: 'extra.json', content: '{}' }]],
  ])('with %s is refused, and nothing is written outside', async (_, fault, entries) => {
    await expect(read(await archiveOf(entries))).rejects.toMatchObject({ fault });
    expect(await readdir(top)).toEqual(['source', 'target']);
    expect(existsSync('/tmp/escaped')).toBe(false);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['counts that are not true', { files: 7 }],
    ['a digest that is not true', { digest: 'ab'.repeat(32) }],
    ['no counts', { files: 'many' }],
  ])('with %s in its summary is refused', async (_, summary) => {
    const archive = await archiveOf([file('x', 'content')], summary);
    const fault =
      'files' in summary && typeof summary.files === 'string'
        ? 'document_malformed'
        : 'contents_differ';
    await expect(read(archive)).rejects.toMatchObject({ code: 'archive_malformed', fault });
  });

  it.each([
    ['of a newer format', { ...manifest, format: 3 }, 'format_newer'],
    ['without a format', { ...manifest, format: undefined }, 'document_malformed'],
    ['of a format that never was', { ...manifest, format: 0 }, 'document_malformed'],
    ['without its language', { ...manifest, language: undefined }, 'document_malformed'],
    [
      'without the language’s version',
      { ...manifest, languageVersion: undefined },
      'document_malformed',
    ],
    ['with no such version', { ...manifest, languageVersion: 1.5 }, 'document_malformed'],
    ['that is no object', 7, 'document_malformed'],
  ])('with a manifest %s is refused', async (_, content, fault) => {
    const archive = await tarOf([{ name: 'manifest.json', content: JSON.stringify(content) }]);
    await expect(read(archive)).rejects.toMatchObject({ fault });
  });

  it('without a manifest is refused', async () => {
    await expect(read(await tarOf([file('x')]))).rejects.toMatchObject({
      fault: 'manifest_missing',
    });
  });

  it('that was cut off anywhere is refused', async () => {
    const archive = await archiveOf([file('x', 'content'), piece(0, 2000)]);
    const end = archive.indexOf('summary.json');
    for (let length = 0; length < end; length += 509) {
      await rm(target, { recursive: true });
      await mkdir(target);
      await expect(read(archive.subarray(0, length))).rejects.toMatchObject({
        code: 'archive_malformed',
      });
    }
  });

  it('with any bit turned is refused, or brings back just the same', async () => {
    const archive = await archiveOf([file('x', 'content'), piece(0, 100)]);
    const outcomes = new Set<string>();
    for (let place = 0; place < archive.byteLength; place += 37) {
      const damaged = Buffer.from(archive);
      damaged[place]! ^= 1 << (place % 8);
      await rm(target, { recursive: true });
      await mkdir(target);
      const outcome = await read(damaged).then(
        ({ heap }) => (heap.equals(pieceContent(100)) ? 'the same' : 'another'),
        (error) => error.code,
      );
      outcomes.add(outcome);
      if (outcome === 'the same') expect(await readFile(join(target, 'x'), 'utf8')).toBe('content');
    }
    expect(outcomes).not.toContain('another');
    expect(outcomes).toContain('archive_malformed');
  });

  it('that is no archive is refused', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(4096), randomBytes(10_000)])
      await expect(read(bytes)).rejects.toMatchObject({ code: 'archive_malformed' });
  });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function piece(index: number, bytes: number): MadeEntry {
  return { name: `heap/${String(index).padStart(6, '0')}`, content: pieceContent(bytes) };
}

function pieceContent(bytes: number): Buffer {
  return Buffer.alloc(bytes, 'h');
}
