import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/orchestrator/foundation/id.ts';
import { dockerConnection } from '../../src/orchestrator/runtimes/docker/docker-connection.ts';
import { DockerRuntime } from '../../src/orchestrator/runtimes/docker/docker-runtime.ts';
import { defaultAllowances, sandboxSpec } from '../../src/orchestrator/sandbox/hardening.ts';
import { describeRuntime } from './describe-runtime.ts';

describeRuntime('Docker', () => {
  const connection = dockerConnection(process.env.DOCKER_HOST);
  const docker = new Docker(connection);
  return {
    runtime: new DockerRuntime(connection),
    async crash(_sandboxId, runtimeId) {
      await docker.getContainer(runtimeId).kill({ signal: 'SIGKILL' });
      return { exitCode: 137 };
    },
  };
});

describe('an engine that misbehaves', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** A runtime on an engine that answers as the test says. */
  async function runtimeOn(answer: RequestListener, deadlineMs = 50): Promise<DockerRuntime> {
    const directory = await mkdtemp(join(tmpdir(), 'cellar-engine-'));
    const socketPath = join(directory, 'engine.sock');
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    closers.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    });
    const deadlines = { queryMs: deadlineMs, changeMs: deadlineMs };
    return new DockerRuntime(dockerConnection(`unix://${socketPath}`), deadlines);
  }

  const spec = sandboxSpec(
    { instanceId: newId('inst'), image: 'image', seccompProfile: '{}', ...defaultAllowances },
    { memoryBytes: 1, cpus: 1, pids: 1, workspaceBytes: 1 },
    { sandboxId: 'sbx-1', uid: 1000, token: 't', runtime: 'runc', linkDirectory: '/none' },
  );
  const patient = new AbortController().signal;

  it('is unavailable when nobody listens', async () => {
    const runtime = new DockerRuntime(dockerConnection('unix:///nowhere/engine.sock'));
    await expect(runtime.info(patient)).rejects.toMatchObject({ code: 'runtime_unavailable' });
    await expect(runtime.list('inst-1', patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    await expect(runtime.start(spec, patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    const events = runtime.events('inst-1', patient)[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ code: 'runtime_unavailable' });
  });

  it('gives up a call that is never answered', async () => {
    const runtime = await runtimeOn(() => {});
    await expect(runtime.info(patient)).rejects.toMatchObject({ code: 'runtime_unavailable' });
    await expect(runtime.list('inst-1', patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
  });

  it('keeps a container that hangs apart from the others', async () => {
    const asked: string[] = [];
    let hung = true;
    const runtime = await runtimeOn((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (hung && request.url?.includes('hanging')) return;
      response.writeHead(204).end();
    });
    await expect(runtime.pause('hanging', patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    expect([...runtime.quarantined]).toEqual(['hanging']);

    // The next call does not wait, and does not even ask.
    const before = asked.length;
    await expect(runtime.resume('hanging', patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    expect(asked).toHaveLength(before);
    await runtime.pause('other', patient);

    // Removing it is tried again and again; once it works the container is out of quarantine.
    await expect(runtime.destroy('hanging', patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    expect([...runtime.quarantined]).toEqual(['hanging']);
    hung = false;
    await runtime.destroy('hanging', patient);
    expect([...runtime.quarantined]).toEqual([]);
  });

  it('is asked to remove a container whose start it did not answer', async () => {
    const asked: string[] = [];
    const runtime = await runtimeOn((request, response) => {
      asked.push(`${request.method} ${request.url?.split('?')[0]}`);
      if (request.url?.startsWith('/containers/create'))
        response.writeHead(201).end(JSON.stringify({ Id: 'made' }));
      else if (request.method === 'DELETE') response.writeHead(204).end();
    });
    await expect(runtime.start(spec, patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    expect(asked).toEqual([
      'POST /containers/create',
      'POST /containers/made/start',
      'DELETE /containers/made',
    ]);
  });

  it('is asked to remove, by its name, a container whose making it did not answer', async () => {
    const asked: string[] = [];
    const runtime = await runtimeOn((request, response) => {
      asked.push(`${request.method} ${request.url?.split('?')[0]}`);
      if (request.method === 'DELETE') response.writeHead(404).end('{}');
    });
    await expect(runtime.start(spec, patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    expect(asked).toEqual(['POST /containers/create', 'DELETE /containers/cellar-sbx-1']);
  });

  it('may make the container after the caller has given up; then it is removed', async () => {
    const giveUp = new AbortController();
    const removed = Promise.withResolvers<string | undefined>();
    const runtime = await runtimeOn((request, response) => {
      if (request.method === 'DELETE') {
        response.writeHead(204).end();
        removed.resolve(request.url?.split('?')[0]);
        return;
      }
      giveUp.abort();
      setImmediate(() => response.writeHead(201).end(JSON.stringify({ Id: 'late' })));
    }, 60_000);
    await expect(runtime.start(spec, giveUp.signal)).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    expect(await removed.promise).toBe('/containers/late');
  });

  it('ends the events with an error when it closes the stream', async () => {
    const runtime = await runtimeOn((_request, response) => {
      response.writeHead(200);
      response.end(
        `${JSON.stringify({
          Action: 'die',
          Actor: { Attributes: { 'cellar.sandbox': 'sbx-1', exitCode: '3' } },
        })}\n`,
      );
    }, 60_000);
    const events = runtime.events('inst-1', patient)[Symbol.asyncIterator]();
    expect(await events.next()).toEqual({
      done: false,
      value: { type: 'exited', sandboxId: 'sbx-1', exitCode: 3 },
    });
    await expect(events.next()).rejects.toMatchObject({ code: 'runtime_unavailable' });
  });
});
