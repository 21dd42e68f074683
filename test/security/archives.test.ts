// Archives that somebody made to do harm, sent as anybody may send them.
import { readFileSync } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { beginningOf, compressed, emptyFiles, headerOf, zeros } from '../helpers/archive-bombs.ts';
import { archiveOf, heapOf, type MadeEntry, manifestEntry, tarOf } from '../helpers/archives.ts';
import { type Service, startService } from '../helpers/start-service.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

let service: Service;
/** A piece of the values of a real session, without which nothing is brought back. */
let heap: MadeEntry;
let memoryBefore = 0;

beforeAll(async () => {
  service = await startService({
    CELLAR_SNAPSHOT_BYTES_MAX: String(640 * MiB),
    CELLAR_WORKSPACE_BYTES_MAX: String(64 * MiB),
    CELLAR_MEMORY_BYTES_MAX: String(512 * MiB),
    CELLAR_SNAPSHOT_CLEANING_MS: '1000',
    CELLAR_ORPHAN_GRACE_MS: '0',
    CELLAR_SANDBOX_START_MS_MAX: '120000',
    // Containers are counted.
    CELLAR_POOL_MIN: '0',
  });
  const { id } = await service.createSession();
  await service.execute(id, 'let x = 1;');
  const { version } = (await service.request('POST', `/api/sessions/${id}/snapshots`, {})).body;
  const archive = await fetch(`${service.url}/api/sessions/${id}/snapshots/${version}/archive`, {
    headers: { authorization: `Bearer ${service.key}` },
  });
  const tar = zstdDecompressSync(Buffer.from(await archive.arrayBuffer()));
  heap = { name: 'heap/000000', content: await heapOf(tar) };
  await service.request('DELETE', `/api/sessions/${id}`);
  memoryBefore = memoryPeak();
});
afterAll(() => service[Symbol.asyncDispose]());

afterEach(async () => {
  const listed = await service.request('GET', '/api/snapshots');
  expect(listed.body.items).toEqual([]);
  expect((await service.request('GET', '/api/sessions')).body.total).toBe(0);
  await expect.poll(async () => (await service.containers()).length, { timeout: 20_000 }).toBe(0);
  for (const kind of ['snapshots', 'packs'])
    await expect.poll(() => storedIn(kind), { timeout: 20_000 }).toEqual([]);
  for (const path of ['/tmp/escaped', '/escaped', join(service.dataDirectory, '../escaped')])
    await expect(access(path)).rejects.toThrow();
});

const storedIn = (kind: string) =>
  readdir(join(service.dataDirectory, 'snapshots/default', kind)).catch(() => []);

/** The most memory that the service's process ever had, in bytes. */
function memoryPeak(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(
    readFileSync(`/proc/${service.pid}/status`, 'utf8'),
  )!;
  return Number(kilobytes) * 1024;
}

type Answer = { status: number; code?: string; reason?: string; detail?: string; id?: string };

async function send(bytes: Buffer): Promise<Answer> {
  const reply = await fetch(`${service.url}/api/snapshots`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/zstd' },
    body: new Uint8Array(bytes),
  });
  const answer = { ...((await reply.json()) as Omit<Answer, 'status'>), status: reply.status };
  // What happened then is in the log only.
  if (answer.status >= 500) throw new Error(`${answer.code}\n${service.log.slice(-4000)}`);
  return answer;
}

const sendTar = (tar: Buffer) => send(zstdCompressSync(tar));
const sendEntries = async (entries: readonly MadeEntry[]) =>
  sendTar(await archiveOf([...entries, heap]));

const file = (name: string, content = ''): MadeEntry => ({ name: `workspace/${name}`, content });
const directory = (name: string): MadeEntry => ({
  name: `workspace/${name}`,
  type: 'directory',
  mode: 0o755,
});
const link = (name: string, linkname: string): MadeEntry => ({
  name: `workspace/${name}`,
  type: 'symlink',
  linkname,
});

describe('an archive', () => {
  it('that is as it should be is taken', async () => {
    // The same to the eye; a file system of Linux tells them apart.
    const [composed, decomposed] = ['é'.normalize('NFC'), 'é'.normalize('NFD')];
    const { status, id } = await sendEntries([
      directory('d'),
      file('d/Name', 'x'),
      file('d/name', 'y'),
      file(`d/${composed}`, 'composed'),
      file(`d/${decomposed}`, 'decomposed'),
      link('l', 'd/name'),
    ]);
    expect(status).toBe(201);
    const { id: session } = await service.createSession({ from: { snapshot: id } });
    const names = ['d/Name', 'l', `d/${composed}`, `d/${decomposed}`];
    const code = `[${names.map((name) => `read("${name}")`).join()}]`;
    const { result, error } = await service.execute(session, code);
    expect(error).toBeUndefined();
    expect(result.value).toEqual(['x', 'y', 'composed', 'decomposed']);
    await service.request('DELETE', `/api/sessions/${session}`);
    await service.request('DELETE', `/api/snapshots/${id}`);
  });

  it.each<[string, string, readonly MadeEntry[]]>([
    ['an absolute name', 'entry_unknown', [{ name: '/tmp/escaped', content: 'x' }]],
    ['an absolute name within', 'entry_outside_workspace', [file('/tmp/escaped', 'x')]],
    ['a name that climbs', 'entry_outside_workspace', [file('../../tmp/escaped', 'x')]],
    ['a hard link', 'entry_kind_refused', [{ ...link('l', '/etc/passwd'), type: 'link' }]],
    ['a link to an absolute path', 'link_outside_workspace', [link('l', '/etc/passwd')]],
    ['a link that climbs', 'link_outside_workspace', [link('l', '../escaped')]],
    ['a file through a link', 'out_of_order', [directory('d'), link('l', 'd'), file('l/x')]],
    [
      'a character device',
      'entry_kind_refused',
      [{ ...file('d'), type: 'character-device', devmajor: 1, devminor: 3 }],
    ],
    [
      'a block device',
      'entry_kind_refused',
      [{ ...file('d'), type: 'block-device', devmajor: 8, devminor: 0 }],
    ],
    ['a pipe', 'entry_kind_refused', [{ ...file('p'), type: 'fifo' }]],
    [
      'a sparse file',
      'entry_extension_refused',
      [{ ...file('s'), pax: { 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '10000000000' } }],
    ],
    ['a name in an extension', 'entry_outside_workspace', [climbingBehind('plain')]],
    ['a size in an extension', 'not_an_archive', [{ ...file('s'), pax: { size: '9000000000' } }]],
    ['an owner in an extension', 'entry_extension_refused', [{ ...file('o'), pax: { uid: '0' } }]],
    ['a name twice', 'entry_duplicate', [file('x', 'first'), file('x', 'second')]],
    ['a name that is too long', 'entry_name_too_long', [file('n'.repeat(256))]],
    ['a path that is too long', 'entry_name_too_long', [file(`${'n/'.repeat(2500)}x`)]],
    ['a path that is too deep', 'entry_name_too_long', [file(`${'d/'.repeat(200)}x`)]],
    ['something else in it', 'entry_unknown', [{ name: 'autorun.sh', content: 'x' }]],
    ['values that are none', 'values_malformed', []],
  ])('with %s is refused', async (what, reason, entries) => {
    const rubbish = { name: 'heap/000000', content: Buffer.alloc(5000, 7) };
    const answer =
      what === 'values that are none'
        ? await sendTar(await archiveOf([rubbish]))
        : await sendEntries(entries);
    expect(answer).toMatchObject({ code: 'snapshot_refused', reason });
  });

  it.each<[string, string, string, unknown]>([
    [
      'of a newer format',
      'snapshot_unsupported',
      'format_newer',
      { format: 99, language: 'anarchy', engine: 'x' },
    ],
    [
      'of another language',
      'snapshot_unsupported',
      'language_differs',
      { format: 1, language: 'python', engine: 'x' },
    ],
    [
      'of a newer version of the language',
      'snapshot_unsupported',
      'language_newer',
      { format: 2, language: 'anarchy', languageVersion: 99, engine: 'x' },
    ],
    [
      'with a huge manifest',
      'snapshot_refused',
      'document_malformed',
      { format: 1, language: 'anarchy', engine: 'x'.repeat(MiB) },
    ],
    ['with a manifest of nothing', 'snapshot_refused', 'document_malformed', null],
  ])('%s is refused', async (_, code, reason, manifest) => {
    const content = JSON.stringify(manifest);
    expect(await sendTar(await tarOf([{ name: 'manifest.json', content }]))).toMatchObject({
      code,
      reason,
    });
  });

  it('whose contents are not those of its summary is refused', async () => {
    const tar = await archiveOf([file('x', 'content'), heap], { digest: 'ab'.repeat(32) });
    expect(await sendTar(tar)).toMatchObject({ reason: 'contents_differ' });
    const counted = await archiveOf([file('x', 'content'), heap], { files: 2 });
    expect(await sendTar(counted)).toMatchObject({ reason: 'contents_differ' });
  });

  it('that was cut off is refused, wherever that was', async () => {
    const tar = await archiveOf([file('x', 'content'.repeat(500)), heap]);
    const end = tar.indexOf('summary.json');
    for (const length of [0, 100, 512, 1300, Math.floor(end / 2), end - 1, end]) {
      const answer = await sendTar(tar.subarray(0, length));
      expect([length, answer.code]).toEqual([length, 'snapshot_refused']);
      expect(['not_an_archive', 'manifest_missing', 'incomplete']).toContain(answer.reason);
    }
    const bytes = zstdCompressSync(tar);
    for (const share of [0.1, 0.5, 0.99]) {
      const answer = await send(bytes.subarray(0, Math.floor(bytes.length * share)));
      expect(answer).toMatchObject({ status: 422, reason: 'compression_malformed' });
    }
  });

  it('in which a bit was turned is refused, wherever that was', async () => {
    const tar = await archiveOf([file('x', 'content'.repeat(500)), heap]);
    // In headers and in contents; between them is nothing that anybody reads.
    const [values, summary] = [tar.indexOf('heap/000000'), tar.indexOf('summary.json')];
    for (const place of [0, 130, 530, 1030, 1150, 1600, 3000, values + 600, summary + 520]) {
      const damaged = Buffer.from(tar);
      damaged[place]! ^= 1;
      const answer = await sendTar(damaged);
      expect([place, answer.status, answer.code]).toEqual([place, 422, 'snapshot_refused']);
    }
    const bytes = zstdCompressSync(tar);
    bytes[bytes.length >> 1]! ^= 16;
    expect(await send(bytes)).toMatchObject({ status: 422, code: 'snapshot_refused' });
  });

  it('that says its entry is larger than everything is refused', async () => {
    const before = await beginningOf([manifestEntry]);
    const tar = Buffer.concat([before, headerOf('workspace/x', 2 ** 43), Buffer.alloc(4096)]);
    expect(await sendTar(tar)).toMatchObject({
      code: 'snapshot_too_large',
      reason: 'files_too_large',
    });
  });
});

describe('an archive that is small outside and large inside', () => {
  it('is refused when it is larger than any snapshot may be', async () => {
    const bytes = await compressed(zeros(await beginningOf([manifestEntry]), 10 * GiB));
    expect(bytes.length).toBeLessThan(2 * MiB);
    expect(await send(bytes)).toMatchObject({ status: 413, code: 'snapshot_too_large' });
  });

  it('is refused when its files are larger than any workspace may be', async () => {
    const bytes = await compressed(zeros(await beginningOf([manifestEntry]), 500 * MiB));
    expect(await send(bytes)).toMatchObject({
      status: 413,
      code: 'snapshot_too_large',
      reason: 'files_too_large',
    });
  });

  it('is refused when it holds a million files', async () => {
    const bytes = await compressed(emptyFiles(await beginningOf([manifestEntry]), 1_000_000));
    const answer = await send(bytes);
    expect(answer).toMatchObject({ status: 413, code: 'snapshot_too_large' });
    expect(['too_many_entries', 'files_too_large']).toContain(answer.reason);
  });

  it('costs the service no more memory than any other', () => {
    expect(memoryPeak() - memoryBefore).toBeLessThan(256 * MiB);
  });
});

/** A harmless name in the header, another one in an extension, which is what counts. */
function climbingBehind(name: string): MadeEntry {
  return { ...file(name, 'x'), pax: { path: 'workspace/../../tmp/escaped' } };
}
