// What travels with an archive: the facts of its version, and the history. Registry and snapshot store are the real ones; a test plays the agents.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutionRecord } from '../../../src/orchestrator/registry/records.ts';
import { SqliteRegistry } from '../../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import {
  historyEntries,
  IncomingArchive,
  versionEntry,
} from '../../../src/orchestrator/sessions/archive-entries.ts';
import { encodeHistory } from '../../../src/orchestrator/sessions/history-line.ts';
import type { SessionManager } from '../../../src/orchestrator/sessions/session-manager.ts';
import type { ForkSource } from '../../../src/orchestrator/sessions/session-service.ts';
import type { Snapshots } from '../../../src/orchestrator/sessions/snapshots.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { ScriptedSource } from '../../doubles/scripted-source.ts';
import { collect, inPieces, tarOf } from '../../helpers/archives.ts';
import { executionRecord } from '../../helpers/records.ts';
import { sessionManager, snapshotsIn } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
const tenant = 'default';

const ended = (changes: Partial<ExecutionRecord> = {}) =>
  executionRecord({ status: 'success', startedAt: 1, endedAt: 2, durationMs: 1, ...changes });

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** What is in an archive of history before what follows it. */
async function withHistory(lines: readonly (Buffer | string)[], rest: Buffer): Promise<Buffer> {
  const entries = await collect(historyEntries(each(lines.map((line) => Buffer.from(line)))));
  return Buffer.concat([entries, rest]);
}

async function partsOf(archive: Buffer, pieceBytes?: number) {
  const incoming = new IncomingArchive(inPieces(archive, pieceBytes));
  const version = (await incoming.version())?.toString() ?? null;
  const history = (await collect(incoming.history())).toString();
  return { version, history, rest: await collect(incoming.archive()) };
}

describe('an archive with history', () => {
  const lines = ['{"first":1}\n', '{"second":2}\n'];

  it.each([1, 7, 512, 1000, 100_000])('comes apart again in pieces of %i bytes', async (bytes) => {
    const rest = await tarOf([{ name: 'manifest.json', content: '{}' }]);
    const archive = await withHistory(lines, rest);
    const told = Buffer.concat([versionEntry(Buffer.from('{"format":1}')), archive]);
    const parts = await partsOf(told, bytes);
    expect(parts.version).toBe('{"format":1}');
    expect(parts.history).toBe(lines.join(''));
    expect(parts.rest.equals(rest)).toBe(true);
  });

  it('is a tar as any other', async () => {
    const long = `"${'x'.repeat(700_000)}"\n`;
    const rest = await tarOf([{ name: 'manifest.json', content: '{}' }]);
    const tar = extract();
    Readable.from([await withHistory([long, long, long], rest)]).pipe(tar as never);
    const found: [string, number][] = [];
    for await (const entry of tar)
      found.push([entry.header.name, (await collect(entry)).byteLength]);
    expect(found).toEqual([
      ['history/000000.ndjson', 2 * long.length],
      ['history/000001.ndjson', long.length],
      ['manifest.json', 2],
    ]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['less than a block', Buffer.alloc(100, 'x')],
    ['no history', Buffer.alloc(5000, 'x')],
  ])('that holds %s is passed on as it is', async (_, bytes) => {
    expect(await partsOf(bytes)).toEqual({ version: null, history: '', rest: bytes });
  });

  it('whose header is not to the byte what it would be here is passed on unread', async () => {
    const archive = await withHistory(lines, Buffer.alloc(1024));
    for (const place of [0, 101, 120, 137, 156, 260, 300, 511]) {
      const changed = Buffer.from(archive);
      changed[place]! ^= 1;
      expect((await partsOf(changed)).history).toBe('');
    }
  });

  it('that ends within it is refused', async () => {
    const archive = await withHistory(lines, Buffer.alloc(0));
    for (const length of [512, 520, 1000])
      await expect(partsOf(archive.subarray(0, length))).rejects.toMatchObject({
        code: 'snapshot_refused',
        reason: 'not_an_archive',
      });
  });

  it('keeps lines within their limit, at the cost of the output', () => {
    const output = Array.from({ length: 100 }, (_, at) => ({
      channel: 'stdout' as const,
      content: 'x'.repeat(60_000),
      at,
    }));
    const line = JSON.parse(encodeHistory(ended(), output).toString());
    expect(line.truncated).toBe(true);
    expect(line.output.length).toBeGreaterThan(10);
    expect(line.output.length).toBeLessThan(20);
    const large = { type: 'string', value: '\u0001'.repeat(650_000), preview: '' };
    const other = encodeHistory(ended({ code: 'x'.repeat(1_000_000), result: large }), output);
    expect(JSON.parse(other.toString())).toMatchObject({ result: null, output: [] });
  });
});

describe('the history of a session', () => {
  let directory: string;
  let registry: SqliteRegistry;
  let clock: FakeClock;
  let source: ScriptedSource;
  let snapshots: Snapshots;
  let manager: SessionManager;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-history-'));
    clock = new FakeClock();
    registry = await SqliteRegistry.open({ directory, clock });
    source = new ScriptedSource();
    snapshots = await snapshotsIn(directory, registry, clock);
    manager = sessionManager({ registry, source, snapshots, clock });
  });
  afterEach(async () => {
    await registry.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function create(from?: ForkSource): Promise<string> {
    const wanted = { language: 'anarchy', config, ...(from ? { from } : {}) };
    return (await manager.create(tenant, wanted, soon())).record.sessionId;
  }

  async function run(id: string, code: string, output: string): Promise<void> {
    const { executionId } = await manager.submit(tenant, id, { code });
    const sandbox = source.last;
    await expect.poll(() => sandbox.executions.at(-1)?.executionId).toBe(executionId);
    sandbox.emit({ type: 'started', executionId });
    sandbox.emit({ type: 'output', executionId, channel: 'stdout', content: output });
    sandbox.state = `after ${code}`;
    sandbox.emit({
      type: 'ended',
      executionId,
      status: 'success',
      result: { type: 'string', value: code, preview: code },
      truncated: false,
      usage: { cpuMs: 1, memoryPeakBytes: 1, outputBytes: 1 },
      warnings: [{ message: 'careful' }],
      variables: { added: [], changed: [], removed: [] },
      stateLost: false,
    });
    await manager.ended(tenant, id, executionId, soon());
    clock.advance(1000);
  }

  async function historyOf(id: string) {
    const page = { limit: 50, offset: 0 };
    return (await manager.history(tenant, id, page, true)).items;
  }

  async function download(id: string, version: number): Promise<Buffer> {
    return collect((await manager.states.archive(tenant, id, version, soon())).content);
  }

  const upload = (archive: Buffer) =>
    manager.states.import(tenant, 'anarchy', inPieces(archive), null, soon());
  const take = (id: string) => manager.states.take(tenant, id, null, soon());
  const stored = async () =>
    (await readdir(join(directory, 'snapshots', tenant, 'snapshots')).catch(() => [])).sort();

  it('goes with an archive, and comes back as one that was imported', async () => {
    const id = await create();
    for (let i = 0; i < 25; i++) await run(id, `step ${i}`, `printed ${i}\n`);
    const { version } = await take(id);
    const { snapshotId } = await upload(await download(id, version!));
    const other = await create({ snapshot: snapshotId });
    expect(source.last.state).toBe('after step 24 (fork)');
    const [was, is] = [await historyOf(id), await historyOf(other)];
    expect(is).toHaveLength(25);
    for (const [index, { record, output }] of is.entries()) {
      const { executionId, sessionId, requestId, storedBytes, imported, ...facts } = record;
      expect(was[index]!.record).toMatchObject(facts);
      expect(was[index]!.record.imported).toBe(false);
      expect([imported, sessionId]).toEqual([true, other]);
      expect(executionId).not.toBe(was[index]!.record.executionId);
      expect(output).toEqual(was[index]!.output);
    }
    await manager.clearHistory(tenant, other);
    expect(await historyOf(other)).toEqual([]);
  });

  it('is that of the version: what was executed later is not in its archive', async () => {
    const id = await create();
    await run(id, 'before', '');
    const { version } = await take(id);
    clock.advance(1000);
    await run(id, 'after', '');
    const { version: told, history, rest } = await partsOf(await download(id, version!));
    expect(JSON.parse(told!)).toEqual({
      format: 1,
      language: 'anarchy',
      version: 1,
      parent: null,
      label: null,
      createdAt: expect.any(Number),
    });
    expect(
      history
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).code),
    ).toEqual(['before']);
    expect(rest.toString()).toBe('after before');
  });

  it.each([
    ['of another language', { language: 'lisp' }, 'snapshot_unsupported', 'language_differs'],
    ['of a newer format', { format: 2, parent: {} }, 'snapshot_unsupported', 'format_newer'],
    ['without a language', { language: undefined }, 'snapshot_refused', 'document_malformed'],
    ['with a parent that is no version', { parent: 0 }, 'snapshot_refused', 'document_malformed'],
    ['too large', { label: 'x'.repeat(5000) }, 'snapshot_refused', 'document_malformed'],
  ])(
    'comes after a document of the version; one %s is refused',
    async (_, changes, code, reason) => {
      const document = { format: 1, language: 'anarchy', version: 7, parent: 6, label: null };
      const claim = { ...document, createdAt: 0, ...changes };
      const entry = versionEntry(Buffer.from(JSON.stringify(claim)));
      const refused = upload(Buffer.concat([entry, Buffer.from('state')]));
      await expect(refused).rejects.toMatchObject({ code, reason });
      expect(await stored()).toEqual([]);
      expect(source.started).toEqual([]);
    },
  );

  it('and its document tell which version an archive is of, and what it grew from', async () => {
    const id = await create();
    await take(id);
    await manager.states.rollback(tenant, id, { version: 1 }, soon());
    await take(id);
    await manager.states.rollback(tenant, id, { version: 1 }, soon());
    await manager.states.take(tenant, id, 'third', soon());
    const archive = await download(id, 3);
    const document = JSON.parse((await partsOf(archive)).version!);
    expect(document).toMatchObject({ version: 3, parent: 1, label: 'third' });
    const later = { ...document, format: 1, flavour: 'sweet' };
    const entry = versionEntry(Buffer.from(JSON.stringify(later)));
    await upload(Buffer.concat([entry, Buffer.from('state')]));
  });

  it('stays with its session when that is forked', async () => {
    const id = await create();
    await run(id, 'mine', '');
    expect(await historyOf(await create({ session: id }))).toEqual([]);
  });

  it('is stored beside an imported archive, and goes with it', async () => {
    const archive = await withHistory([encodeHistory(ended(), [])], Buffer.from('state'));
    const { snapshotId } = await upload(archive);
    expect(await stored()).toEqual([`${snapshotId}-history.json`, `${snapshotId}.json`].sort());
    await snapshots.sweep();
    expect(await stored()).toHaveLength(2);
    await manager.states.removeById(tenant, snapshotId);
    expect(await stored()).toEqual([]);
  });

  it.each([
    ['is no JSON', 'no JSON\n'],
    ['lacks something', '{"code":"x"}\n'],
    [
      'has more than there may be',
      JSON.stringify({ ...JSON.parse(plain()), more: 1 }).concat('\n'),
    ],
    ['has a status of its own', plain().replace('"success"', '"running"')],
    ['has a value of a wrong type', plain().replace('"durationMs":1', '"durationMs":"1"')],
    ['nests too deep', plain().replace('null', `${'['.repeat(80)}${']'.repeat(80)}`)],
    ['does not end', plain().trimEnd()],
    ['is too long', `"${'x'.repeat(5_000_000)}"\n`],
  ])('that %s is refused, and nothing is left', async (_, line) => {
    const archive = await withHistory([plain(), line], Buffer.from('state'));
    await expect(upload(archive)).rejects.toMatchObject({
      code: 'snapshot_refused',
      reason: 'history_malformed',
    });
    expect(await stored()).toEqual([]);
    expect(source.started).toEqual([]);
  });

  it('is no longer than that of any other session', async () => {
    const lines = Array.from({ length: 450 }, (_, i) => encodeHistory(ended({ code: `${i}` }), []));
    const { snapshotId } = await upload(await withHistory(lines, Buffer.from('state')));
    const id = await create({ snapshot: snapshotId });
    const { total, items } = await registry.listExecutions(id, { limit: 1, offset: 0 });
    expect([total, items[0]!.code]).toEqual([100, '449']);
  });
});

function plain(): string {
  return encodeHistory(ended(), []).toString();
}
