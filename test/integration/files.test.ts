// Files of a session where they really are: on the workspace of a locked-down container.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docker, type Service, startService } from '../helpers/start-service.ts';

describe('the files of a session', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it('are there in the next execution', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'mkdir("lib"); write("lib/util.ai", "f() = 6 * 7")');
    expect((await service.execute(id, 'import "lib/util"; util.f()')).result).toMatchObject({
      value: 42,
    });
    expect((await service.execute(id, '[readdir("."), read("lib/util.ai")]')).result).toMatchObject(
      { value: [['lib'], 'f() = 6 * 7'] },
    );
  });

  it('have entity tags that outlive the container', async () => {
    const { id } = await service.createSession();
    const file = `/api/sessions/${id}/files/a.txt`;
    await service.execute(id, 'write("a.txt", "one")');
    const etag = async () => (await service.request('HEAD', file)).headers.get('etag')!;
    const first = await etag();
    expect((await service.request('POST', `/api/sessions/${id}/snapshots`, {})).status).toBe(201);
    expect((await service.request('POST', `/api/sessions/${id}/hibernate`)).status).toBe(200);
    expect(await etag()).toBe(first);
    const unchanged = await service.request('GET', file, undefined, { 'if-none-match': first });
    expect(unchanged.status).toBe(304);
    await service.execute(id, 'write("a.txt", "two")');
    expect(await etag()).not.toBe(first);
    const refused = await service.request('PUT', file, 'mine', { 'if-match': first });
    expect(refused.status).toBe(412);
    expect(
      (await service.request('POST', `/api/sessions/${id}/rollback`, { version: 1 })).status,
    ).toBe(200);
    expect((await service.request('PUT', file, 'mine', { 'if-match': first })).status).toBe(200);
  });

  it('are those of one session alone', async () => {
    const { id } = await service.createSession();
    const other = await service.createSession();
    await service.execute(id, 'write("mine.txt", "x")');
    expect((await service.execute(other.id, 'readdir(".")')).result).toMatchObject({ value: [] });
  });

  it('are all that a program can reach', async () => {
    const { id } = await service.createSession();
    for (const path of ['/etc/passwd', '../etc/passwd', '/workspace/x', '/proc/self/environ']) {
      const { error } = await service.execute(id, `read("${path}")`);
      expect(error).toMatchObject({
        type: 'PermissionError',
        message: `Path leads out of the session's files: '${path}'`,
      });
    }
  });

  it('have the room that the session was given, and are usable when it is full', async () => {
    const { id } = await service.createSession({ limits: { workspaceBytes: 1024 * 1024 } });
    const { error } = await service.execute(
      id,
      'for (i = 0; i < 100; i++) { append("large.txt", "x".repeat(100000)) }',
    );
    expect(error).toMatchObject({ type: 'IOError', message: "No space left: 'large.txt'" });
    const { result } = await service.execute(id, 'remove("large.txt"); write("a", "b"); read("a")');
    expect(result).toMatchObject({ value: 'b' });
  });

  it('do not make errors that tell of the sandbox', async () => {
    const { id } = await service.createSession();
    const { error } = await service.execute(id, 'write("no/where.txt", "x")');
    expect(error).toMatchObject({ message: "No such file or directory: 'no/where.txt'" });
    expect(JSON.stringify(error)).not.toContain('workspace');
  });
});

const mebibyte = 1024 * 1024;

describe('the files of a session, over HTTP', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  const put = (id: string, path: string, body: string, headers: Record<string, string> = {}) =>
    service.request('PUT', `/api/sessions/${id}/files/${path}`, body, headers);
  const get = (id: string, path: string, headers: Record<string, string> = {}) =>
    service.request('GET', `/api/sessions/${id}/files/${path}`, undefined, headers);

  it('are those that programs see, both ways', async () => {
    const { id } = await service.createSession();
    const made = await put(id, 'in/a.txt', 'from outside');
    expect(made.status).toBe(201);
    expect((await service.execute(id, 'read("in/a.txt")')).result.value).toBe('from outside');
    await service.execute(id, 'write("in/b.txt", "from inside")');
    expect((await get(id, 'in/b.txt')).body).toBe('from inside');
    const list = await service.request('GET', `/api/sessions/${id}/files?recursive=true`);
    expect(list.body.items.map(({ path }: { path: string }) => path)).toEqual([
      'in',
      'in/a.txt',
      'in/b.txt',
    ]);
    expect((await service.execute(id, 'readdir(".")')).result.value).toEqual(['in']);
    expect((await service.request('DELETE', `/api/sessions/${id}/files/in`)).status).toBe(409);
    expect(
      (await service.request('DELETE', `/api/sessions/${id}/files/in?recursive=true`)).status,
    ).toBe(204);
    expect((await service.execute(id, 'readdir(".")')).result.value).toEqual([]);
  });

  it('of 50 MB come and go, and of 100 MB without the service growing by them', async () => {
    const { id } = await service.createSession({
      limits: { memoryBytes: 512 * mebibyte, workspaceBytes: 200 * mebibyte },
    });
    const piece = randomBytes(mebibyte);
    const url = `${service.url}/api/sessions/${id}/files/large.bin`;
    const headers = { authorization: `Bearer ${service.key}` };
    let most = 0;
    const watch = () => {
      most = Math.max(most, residentBytes(service.pid));
    };
    const roundTrip = async (pieces: number) => {
      const sent = createHash('sha256');
      const body = async function* () {
        for (let i = 0; i < pieces; i++) {
          sent.update(piece);
          yield piece;
          watch();
        }
      };
      const init = { method: 'PUT', headers, body: ReadableStream.from(body()), duplex: 'half' };
      const written = await fetch(url, init as RequestInit);
      expect(written.ok).toBe(true);
      const digest = sent.digest('hex');
      const hashed = await service.execute(id, 'hash_file("large.bin")', { timeout: 60_000 });
      expect(hashed.result.value).toBe(digest);
      const received = createHash('sha256');
      for await (const chunk of (await fetch(url, { headers })).body!) {
        received.update(chunk);
        watch();
      }
      expect(received.digest('hex')).toBe(digest);
    };
    // What passes is collected every now and then; after the first round that is as much as it gets.
    await roundTrip(50);
    const before = most;
    await roundTrip(100);
    expect(most - before).toBeLessThan(50 * mebibyte);
    const range = await fetch(url, { headers: { ...headers, range: 'bytes=1048575-1048576' } });
    expect(range.status).toBe(206);
    const expected = Buffer.from([piece[mebibyte - 1]!, piece[0]!]);
    expect(Buffer.from(await range.arrayBuffer()).equals(expected)).toBe(true);
  });

  it('cannot be left by any path, however it is written', async () => {
    const { id } = await service.createSession();
    await put(id, 'a.txt', 'mine');
    for (const path of [
      '/../../../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2f..%2fetc%2fpasswd',
      '/%2fetc%2fpasswd',
      '//etc/passwd',
      '/../staging',
      '/..',
      '/.',
      '/a.txt/../../staging/x',
      '/a.txt%00.png',
      '/%c0%ae%c0%ae/etc/passwd',
      '/..\\..\\etc\\passwd',
      `/${'../'.repeat(200)}etc/passwd`,
      `/${'x'.repeat(300)}`,
      '/proc/self/environ',
    ]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const reply = await raw(service, method, `/api/sessions/${id}/files${path}`);
        const allowed = method === 'PUT' && (path.includes('\\') || path === '/proc/self/environ');
        if (!allowed) expect(`${method} ${path} ${reply.status}`).toMatch(/ 4\d\d$/);
        expect(reply.text).not.toMatch(/root:|CELLAR_/);
      }
    }
    expect((await get(id, 'a.txt')).body).toBe('mine');
  });

  it('have the room that there is, and are as they were when it is not enough', async () => {
    const { id } = await service.createSession({ limits: { workspaceBytes: 2 * mebibyte } });
    await put(id, 'a', 'old');
    const said = await put(id, 'a', 'x'.repeat(3 * mebibyte));
    expect([said.status, said.body.code]).toEqual([413, 'payload_too_large']);
    await service.execute(id, 'write("fill", "x".repeat(1500000))');
    const full = await put(id, 'a', 'x'.repeat(mebibyte));
    expect([full.status, full.body.code]).toEqual([507, 'workspace_full']);
    expect((await get(id, 'a')).body).toBe('old');
    await service.request('DELETE', `/api/sessions/${id}/files/fill`);
    expect((await put(id, 'a', 'x'.repeat(mebibyte))).status).toBe(200);
  });

  it('are as they were when an upload is cut', async () => {
    const { id } = await service.createSession();
    await put(id, 'a', 'old');
    for (const framing of ['content-length: 1000000', 'transfer-encoding: chunked']) {
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `PUT /api/sessions/${id}/files/a HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${service.key}\r\n${framing}\r\n\r\n`,
      );
      socket.write(`8000\r\n${'n'.repeat(0x8000)}\r\n`);
      await expect
        .poll(async () => (await get(id, 'a', { 'x-request-id': 'poll' })).status)
        .toBe(200);
      socket.destroy();
      await once(socket, 'close');
    }
    expect((await get(id, 'a')).body).toBe('old');
    expect((await service.execute(id, 'readdir(".")')).result.value).toEqual(['a']);
  });

  it('are served while a program runs, and tell of its work', async () => {
    const { id } = await service.createSession();
    const code = 'write("begun", "yes"); while (!exists("go")) { sleep(10) } "gone"';
    const running = service.execute(id, code, { timeout: 30_000 });
    await expect.poll(async () => (await get(id, 'begun')).body, { timeout: 20_000 }).toBe('yes');
    await put(id, 'go', '');
    expect((await running).result.value).toBe('gone');
  });

  it('wake a session that sleeps', async () => {
    const { id } = await service.createSession();
    await put(id, 'a', 'kept');
    await service.request('POST', `/api/sessions/${id}/hibernate`);
    expect((await get(id, 'a')).body).toBe('kept');
    expect((await service.request('GET', `/api/sessions/${id}`)).body.state).toBe('idle');
  });

  it('outlive everything once they are acknowledged, under the policy execution', async () => {
    const { id } = await service.createSession({ persistence: 'execution' });
    await Promise.all(['a', 'b', 'c'].map((name) => put(id, name, `file ${name}`)));
    await service.request('DELETE', `/api/sessions/${id}/files/b`);
    await service.kill('SIGKILL');
    const [container] = (await service.containers()).sort((x, y) => y.Created - x.Created);
    await docker.getContainer(container!.Id).kill();
    await service.start();
    expect((await get(id, 'a')).body).toBe('file a');
    expect((await get(id, 'b')).status).toBe(404);
    expect((await get(id, 'c')).body).toBe('file c');
  });
});

describe('a restart', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  const valuesAndFiles = async (id: string) => {
    const { error } = await service.execute(id, 'x');
    const { result } = await service.execute(id, '[readdir("."), read("d/a.txt")]');
    return [error?.type, result?.value];
  };
  const restart = (id: string) => service.request('POST', `/api/sessions/${id}/restart`);
  const forgotten = ['ReferenceError', [['d'], 'kept']];

  it('forgets variables and keeps files, while a loop without end is busy', async () => {
    const { id, sandbox } = await service.createSession();
    await service.execute(id, 'x = 1; mkdir("d"); write("d/a.txt", "kept")');
    const live = await service.live(id);
    live.send({ type: 'subscribe', events: ['state'] });
    const stuck = service.execute(id, 'while (true) {}', { timeout: 600_000 });
    await live.wait(({ type }) => type === 'executionStart');
    const reply = await restart(id);
    expect(reply.status).toBe(200);
    expect(reply.body.state).toBe('idle');
    expect(reply.body.sandbox.id).not.toBe(sandbox.id);
    expect((await stuck).status).toBe('cancelled');
    const told = await live.wait(({ reason }) => reason === 'restarted');
    expect(told).toMatchObject({ files: 'present', version: null });
    expect(await valuesAndFiles(id)).toEqual(forgotten);
    expect((await service.request('GET', `/api/sessions/${id}/history`)).body.total).toBe(4);
  });

  it('takes the files of the last version when the agent gives no answer, and says so', async () => {
    const { id, sandbox } = await service.createSession();
    await service.execute(id, 'x = 1; mkdir("d"); write("d/a.txt", "kept")');
    await service.request('POST', `/api/sessions/${id}/snapshots`, {});
    await service.execute(id, 'write("d/a.txt", "later")');
    const live = await service.live(id);
    live.send({ type: 'subscribe', events: ['state'] });
    await docker.getContainer(`cellar-${sandbox.id}`).pause();
    expect((await restart(id)).status).toBe(200);
    const told = await live.wait(({ reason }) => reason === 'restarted');
    expect(told).toMatchObject({ files: 'version', version: 1 });
    expect(await valuesAndFiles(id)).toEqual(forgotten);
  });

  it('is what comes back after a crash, under the policy execution', async () => {
    const { id } = await service.createSession({ persistence: 'execution' });
    await service.execute(id, 'x = 1; mkdir("d"); write("d/a.txt", "kept")');
    const { sandbox, version } = (await restart(id)).body;
    expect(version).toBe(2);
    await docker.getContainer(`cellar-${sandbox.id}`).kill();
    expect(await valuesAndFiles(id)).toEqual(forgotten);
    const versions = (await service.request('GET', `/api/sessions/${id}/snapshots`)).body.items;
    expect(versions.some(({ reason }: { reason: string }) => reason === 'restart')).toBe(true);
  });

  it('wakes a session that sleeps, with its files alone', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'x = 1; mkdir("d"); write("d/a.txt", "kept")');
    await service.request('POST', `/api/sessions/${id}/hibernate`);
    expect((await restart(id)).body.state).toBe('idle');
    expect(await valuesAndFiles(id)).toEqual(forgotten);
  });
});

/** What a process has in memory. */
function residentBytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kibibytes) * 1024;
}

/** A request whose path goes out letter by letter. */
async function raw(
  service: Service,
  method: string,
  path: string,
): Promise<{ status: number; text: string }> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  socket.write(
    `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer ${service.key}\r\ncontent-length: 1\r\n\r\nx`,
  );
  let text = '';
  for await (const chunk of socket) text += chunk;
  return { status: Number(text.split(' ')[1]), text };
}
