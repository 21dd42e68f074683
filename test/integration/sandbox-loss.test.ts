// A container that dies: the client is told at once, and the session goes on in a fresh one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docker, type Service, startService } from '../helpers/start-service.ts';

describe('a container that is killed from outside', () => {
  let service: Service;
  beforeAll(async () => {
    // Only the engine's events can tell in time: the silence of the link would count much later.
    service = await startService({ CELLAR_LINK_LOSS_MS_MAX: '600000' });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it('while its session is idle', async () => {
    const session = await service.createSession();
    await service.execute(session.id, 'x = 1');
    const live = await service.live(session.id);
    live.send({ type: 'subscribe', events: ['state'] });
    live.send({ type: 'ping' });
    await live.wait((message) => message.type === 'pong');
    await docker.getContainer(`cellar-${session.sandbox.id}`).kill();
    const recovered = await live.wait(
      (message) => message.type === 'state' && message.to === 'idle',
    );
    expect(recovered.reason).toBe('recovered');
    const after = (await service.request('GET', `/api/sessions/${session.id}`)).body;
    expect(after.sandbox.id).not.toBe(session.sandbox.id);
    expect((await service.execute(session.id, 'x')).error.type).toBe('ReferenceError');
    const names = (await service.containers()).map((container) => container.Names[0]);
    expect(names).not.toContain(`/cellar-${session.sandbox.id}`);
  });

  it('while code runs: the execution is lost, with all the output it had', async () => {
    const session = await service.createSession();
    const live = await service.live(session.id);
    live.send({ type: 'subscribe', events: ['state'] });
    live.send({
      type: 'execute',
      code: 'print("before"); while (true) {}',
      id: 'busy',
      options: { timeout: 60_000 },
    });
    const output = await live.wait((message) => message.type === 'output');
    await docker.getContainer(`cellar-${session.sandbox.id}`).kill();
    const end = await live.wait((message) => message.type === 'executionResult');
    expect(end).toMatchObject({ status: 'lost', executionId: output.executionId });
    expect(live.messages.find((message) => message.type === 'error')).toMatchObject({
      error: { type: 'SandboxLost' },
    });
    const states = () => live.messages.filter((message) => message.type === 'state');
    await live.wait((message) => message.type === 'state' && message.reason === 'recovered');
    expect(states().some((message) => message.reason === 'lost')).toBe(true);
    const { items } = (
      await service.request('GET', `/api/sessions/${session.id}/history?includeResults=true`)
    ).body;
    expect(items[0]).toMatchObject({ status: 'lost', output: [{ content: 'before\n' }] });
    expect((await service.execute(session.id, '1 + 1')).result.value).toBe(2);
  });
});
