// Sandboxes under gVisor, on an engine that knows it: what a session can do under runc it can do here, and code that has taken over its
// sandbox meets another kernel than the host's.
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPackages, pathOf } from '../../scripts/debian-package.ts';
import { GvisorEngine } from '../helpers/gvisor-engine.ts';
import { type Service, startService } from '../helpers/start-service.ts';
import { WebHost } from '../helpers/web-host.ts';

const mayStart =
  process.getuid?.() === 0 &&
  process.env.DOCKER_HOST === undefined &&
  pathOf('dockerd') !== null &&
  (hasPackages() || pathOf('runsc') !== null);

describe.skipIf(!mayStart)('under gVisor (an engine of its own takes root)', () => {
  let engine: GvisorEngine;
  let service: Service;

  beforeAll(async () => {
    engine = await GvisorEngine.start();
    service = await startService({
      DOCKER_HOST: engine.host,
      CELLAR_RUNTIME: 'auto',
      CELLAR_EGRESS_PRIVATE_ALLOW: '127.0.0.1/32',
    });
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  type Session = { readonly id: string; readonly sandbox: { readonly id: string } };

  /** What a program with all rights of the agent writes. */
  async function inside({ sandbox }: Session, code: string): Promise<string> {
    const execution = await engine.docker.getContainer(`cellar-${sandbox.id}`).exec({
      Cmd: ['/usr/local/bin/node', '-e', code],
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await execution.start({ hijack: true, stdin: false });
    const joined = new PassThrough();
    engine.docker.modem.demuxStream(stream, joined, joined);
    stream.once('end', () => joined.end());
    return text(joined);
  }

  const resultOf = async (id: string, code: string) =>
    (await service.execute(id, code)).result?.value;

  it('a session says so, and the engine too; its kernel is not the host’s', async () => {
    const session = await service.createSession();
    expect(session.sandbox).toMatchObject({ runtime: 'runsc', tier: 'gvisor' });
    const container = await engine.docker.getContainer(`cellar-${session.sandbox.id}`).inspect();
    expect(Reflect.get(container.HostConfig, 'Runtime')).toBe('runsc');
    const kernel = await inside(
      session,
      `process.stdout.write(require('fs').readFileSync('/proc/version', 'utf8'))`,
    );
    expect(kernel).toContain('Linux version');
    expect(kernel.trim()).not.toBe(await GvisorEngine.hostKernel());
  });

  it('a session keeps its state over hibernation, rollback, restart and the end of the service', async () => {
    const { id } = await service.createSession({ persistence: { policy: 'hibernate' } });
    expect(
      await resultOf(
        id,
        'let n = 1\nlet next = () => { n = n + 1\n return n }\nwrite_file("a.txt", "kept")\nnext()',
      ),
    ).toBe(2);
    expect((await service.request('POST', `/api/sessions/${id}/hibernate`)).status).toBe(200);
    expect(await resultOf(id, 'read_file("a.txt") + next()')).toBe('kept3');
    const { body: versions } = await service.request('GET', `/api/sessions/${id}/snapshots`);
    const { version } = versions.items[0];
    const rolled = await service.request('POST', `/api/sessions/${id}/rollback`, { version });
    expect(rolled.status, JSON.stringify(rolled.body)).toBe(200);
    expect(await resultOf(id, 'next()')).toBe(3);
    await service.kill('SIGKILL');
    await service.start();
    expect(await resultOf(id, 'next()')).toBe(4);
    expect((await service.request('POST', `/api/sessions/${id}/restart`)).status).toBe(200);
    expect(await resultOf(id, '1 + 1')).toBe(2);
  });

  it('a session can be paused and goes on', async () => {
    const { id } = await service.createSession();
    await resultOf(id, 'let kept = 7');
    expect((await service.request('POST', `/api/sessions/${id}/pause`)).status).toBe(200);
    expect(await resultOf(id, 'kept')).toBe(7);
  });

  it('a program without end, and one that fills its memory, end as errors', async () => {
    const { id } = await service.createSession();
    await resultOf(id, 'let kept = 7');
    const endless = await service.execute(id, 'while (true) {}', { timeout: 500 });
    expect(endless.status).toBe('timeout');
    const full = await service.execute(id, 'let l = []\nwhile (true) { l.push([1, 2, 3]) }', {
      timeout: 60_000,
    });
    expect(full.error?.type, JSON.stringify(full)).toBe('ResourceLimitError');
    expect(await resultOf(id, 'kept')).toBe(7);
  });

  it('a sandbox that takes all memory is lost alone', async () => {
    const [bad, good] = [await service.createSession(), await service.createSession()];
    await resultOf(good.id, 'let kept = 7');
    const ended = engine.docker.getContainer(`cellar-${bad.sandbox.id}`).wait();
    // What it wrote has no end when the sandbox goes with it.
    void inside(bad, 'const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))').catch(() => {});
    await ended;
    expect(await resultOf(good.id, 'kept')).toBe(7);
    expect(await resultOf(bad.id, '1 + 1')).toBe(2);
  });

  it('reaches what it may through the proxy, and nobody else', async () => {
    await using host = await WebHost.start();
    const { id, ...session } = await service.createSession({
      network: { policy: 'allowlist', allow: [host.authority] },
    });
    expect(await resultOf(id, `get("${host.url}/").code`)).toBe(200);
    const dialled = await inside(
      { id, ...session },
      `require('net').connect(${host.port}, '127.0.0.1').on('connect', () => console.log('open')).on('error', ({ code }) => console.log(code))`,
    );
    expect(dialled).not.toContain('open');
  });

  it('writes nothing of the host, and finds no way to its engine', async () => {
    const session = await service.createSession();
    const found = await inside(
      session,
      `const fs = require('fs');
       const tries = { root: '/x', image: '/usr/local/bin/x', link: '/run/cellar/x' };
       const told = Object.entries(tries).map(([name, path]) => {
         try { fs.writeFileSync(path, 'x'); return name + ' written'; } catch ({ code }) { return name + ' ' + code; }
       });
       console.log(told.join(), fs.existsSync('/var/run/docker.sock'), process.getuid());`,
    );
    expect(found).not.toContain('written');
    expect(found).toMatch(/ false [1-9]\d+/);
  });
});
