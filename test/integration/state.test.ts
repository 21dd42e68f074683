// State that survives: everything a session can hold, over the public API, through all that can happen to it.
import { Readable } from 'node:stream';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../helpers/archives.ts';
import { everything, probe, step } from '../helpers/everything.ts';
import { docker, type Service, startService } from '../helpers/start-service.ts';

let service: Service;
beforeAll(async () => {
  // What waits would be counted with the sessions' own.
  service = await startService({ CELLAR_POOL_MIN: '0' });
});
afterAll(() => service[Symbol.asyncDispose]());

const post = (path: string, body?: unknown) => service.request('POST', path, body);

async function newSession(body: Record<string, unknown> = {}) {
  const session = await service.createSession(body);
  const made = await service.execute(session.id, everything);
  expect(made.error).toBeUndefined();
  return session;
}

async function resultOf(id: string, code: string): Promise<unknown> {
  const execution = await service.execute(id, code);
  expect(execution.error).toBeUndefined();
  return execution.result.value;
}

async function take(id: string, label?: string) {
  const reply = await post(`/api/sessions/${id}/snapshots`, label ? { label } : {});
  expect(reply.body).toMatchObject({ version: expect.any(Number) });
  return reply.body;
}

const containerOf = async (id: string) =>
  (await service.request('GET', `/api/sessions/${id}`)).body.sandbox?.id;

describe('a session that holds one of everything', () => {
  it('survives hibernation, with its clients connected and told', async () => {
    const { id } = await newSession();
    const before = await resultOf(id, probe);
    const live = await service.live(id);
    live.send({ type: 'subscribe', events: ['state'] });
    expect((await post(`/api/sessions/${id}/hibernate`)).body).toMatchObject({
      state: 'hibernated',
      sandbox: null,
    });
    await live.wait((message) => message.type === 'state' && message.to === 'hibernated');
    await expect.poll(async () => (await service.containers()).length, { timeout: 20_000 }).toBe(0);
    expect(await resultOf(id, probe)).toEqual(before);
    expect(live.messages.some(({ reason }) => reason === 'resumed')).toBe(true);
    expect(await resultOf(id, step)).toBe(3);
  });

  it('survives the loss of its container as of its last version', async () => {
    const { id } = await newSession();
    const { version } = await take(id);
    const before = await resultOf(id, probe);
    await resultOf(id, step);
    const live = await service.live(id);
    live.send({ type: 'subscribe', events: ['state'] });
    await docker.getContainer(`cellar-${await containerOf(id)}`).kill();
    const state = await live.wait(({ reason }) => reason === 'recovered');
    expect(state.version).toBe(version);
    expect(await resultOf(id, probe)).toEqual(before);
  });

  it('comes back to each of its versions', async () => {
    const { id } = await newSession();
    const versions: number[] = [];
    for (let i = 0; i < 10; i++) {
      versions.push((await take(id)).version);
      await resultOf(id, `${step}; write("step.txt", String(pair.now()))`);
    }
    const list = await service.request('GET', `/api/sessions/${id}/snapshots`);
    expect(list.body.total).toBe(10);
    for (const [index, version] of versions.entries()) {
      const reply = await post(`/api/sessions/${id}/rollback`, { version });
      expect(reply.body).toMatchObject({ version, state: 'idle' });
      expect(await resultOf(id, 'pair.now()')).toBe(2 + index);
      if (index > 0) expect(await resultOf(id, 'read("step.txt")')).toBe(String(2 + index));
    }
    await expect
      .poll(async () => (await service.containers()).length, { timeout: 20_000 })
      .toBe(await sessionsWithSandbox());
  });

  it('is forked: both go their own way, to the last byte', async () => {
    const { id } = await newSession();
    const { version } = await take(id);
    const before = await resultOf(id, probe);
    const fork = await service.createSession({ from: { session: id, version } });
    const live = await service.createSession({ from: { session: id } });
    for (const other of [fork.id, live.id]) expect(await resultOf(other, probe)).toEqual(before);
    await resultOf(fork.id, `${step}; ring.name = "fork"; write("kept.txt", "changed")`);
    expect(await resultOf(id, probe)).toEqual(before);
    expect(await resultOf(live.id, probe)).toEqual(before);
    const random = 'range(5).map(() => random(1, 1000000))';
    const sequences = await Promise.all(
      [id, fork.id, live.id].map((each) => resultOf(each, random)),
    );
    expect(new Set(sequences.map((each) => JSON.stringify(each))).size).toBe(3);
  });

  it('moves to another service as an archive', async () => {
    const { id } = await newSession();
    const before = await resultOf(id, probe);
    const { version: parent } = await take(id);
    const { version } = await take(id, 'mine');
    const archive = await fetch(`${service.url}/api/sessions/${id}/snapshots/${version}/archive`, {
      headers: { authorization: `Bearer ${service.key}` },
    });
    const bytes = Buffer.from(await archive.arrayBuffer());
    const documents = await documentsIn(zstdDecompressSync(bytes));
    expect(documents.get('manifest.json')).toMatchObject({
      format: 2,
      language: 'anarchy',
      languageVersion: 1,
    });
    expect(documents.get('version.json')).toMatchObject({ version, parent, label: 'mine' });
    await using other = await startService();
    const imported = await fetch(`${other.url}/api/snapshots?label=moved`, {
      method: 'POST',
      headers: { authorization: `Bearer ${other.key}`, 'content-type': 'application/zstd' },
      body: bytes,
    });
    expect(imported.status).toBe(201);
    const { id: snapshot } = (await imported.json()) as { id: string };
    const session = await other.createSession({ from: { snapshot } });
    const execution = await other.execute(session.id, probe);
    expect(execution.result.value).toEqual(before);
  });

  it('keeps under the policy execution whatever was answered, through kills of everything', async () => {
    const { id } = await newSession({ persistence: 'execution' });
    for (let i = 3; i < 6; i++) {
      expect(await resultOf(id, step)).toBe(i);
      await docker.getContainer(`cellar-${await containerOf(id)}`).kill();
    }
    expect(await resultOf(id, 'pair.now()')).toBe(5);
    const before = await resultOf(id, probe);
    await service.kill('SIGKILL');
    await docker.getContainer(`cellar-${await containerFromEngine(id)}`).kill();
    await service.start();
    expect(await resultOf(id, probe)).toEqual(before);
  });
});

describe('an archive that is no good', () => {
  it('is refused with a code, and leaves nothing', async () => {
    const containers = (await service.containers()).length;
    const reply = await fetch(`${service.url}/api/snapshots`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/zstd' },
      body: zstdCompressSync(Buffer.from('this is no archive')),
    });
    expect(reply.status).toBe(422);
    expect(((await reply.json()) as { code: string }).code).toBe('snapshot_refused');
    await expect.poll(async () => (await service.containers()).length).toBe(containers);
  });
});

async function sessionsWithSandbox(): Promise<number> {
  const { items } = (await service.request('GET', '/api/sessions?limit=200')).body;
  return items.filter((session: { sandbox: unknown }) => session.sandbox !== null).length;
}

/** While the service is down: of the only container that was used last. */
async function containerFromEngine(_id: string): Promise<string> {
  const [newest] = (await service.containers()).sort((one, other) => other.Created - one.Created);
  return newest!.Names[0]!.replace('/cellar-', '');
}

/** The JSON files at the top of an archive, by name. */
async function documentsIn(archive: Buffer): Promise<Map<string, unknown>> {
  const tar = extract();
  Readable.from([archive]).pipe(tar as unknown as NodeJS.WritableStream);
  const documents = new Map<string, unknown>();
  for await (const entry of tar) {
    const { name } = entry.header;
    const content = await collect(entry);
    if (/^[^/]+\.json$/.test(name)) documents.set(name, JSON.parse(content.toString()));
  }
  return documents;
}
