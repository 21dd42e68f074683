// The orchestrator is killed without warning: what ran goes on, what was told is there, what was missed is replayed.
import { describe, expect, it } from 'vitest';
import { docker, startService } from '../helpers/start-service.ts';

describe('an orchestrator that is killed', () => {
  it('finds its sessions again, with their variables', async () => {
    await using service = await startService();
    const session = await service.createSession({ name: 'survivor' });
    await service.execute(session.id, 'x = 41');
    await service.kill('SIGKILL');
    await service.start();
    expect((await service.execute('survivor', 'x + 1')).result.value).toBe(42);
    const after = (await service.request('GET', '/api/sessions/survivor')).body;
    expect(after.sandbox.id).toBe(session.sandbox.id);
    expect((await service.request('GET', '/api/sessions/survivor/history')).body.total).toBe(2);
  });

  it('loses neither the execution that ran nor any of its output', async () => {
    await using service = await startService();
    const { id } = await service.createSession();
    const live = await service.live(id);
    // It waits for a line between two halves, so that the kill falls between them whatever the machine's speed.
    live.send({
      type: 'execute',
      code: 'for (i = 0; i < 50; i++) { print("line " + i) } input(); for (i = 50; i < 100; i++) { print("line " + i) } i',
      id: 'long',
      options: { timeout: 60_000 },
    });
    const request = await live.wait((message) => message.type === 'inputRequest');
    const last = live.messages.at(-1)!.seq;
    await service.kill('SIGKILL');
    await service.start();
    const again = await service.live(id, `?since=${last}`);
    again.send({ type: 'stdin', executionId: request.executionId, content: '\n' });
    const end = await again.wait((message) => message.type === 'executionResult');
    expect(end).toMatchObject({ status: 'success', result: { value: 100 } });
    const expected = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('');
    const text = (messages: readonly any[]) =>
      messages
        .filter((message) => message.type === 'output')
        .map((message) => message.content)
        .join('');
    expect(text(live.messages) + text(again.messages)).toBe(expected);
    const { items } = (
      await service.request('GET', `/api/sessions/${id}/history?includeResults=true`)
    ).body;
    expect(items[0].output.map((part: { content: string }) => part.content).join('')).toBe(
      expected,
    );
    expect(items[0]).toMatchObject({ status: 'success', result: { value: 100 } });
  });

  it('learns of an execution that ended while nobody was there', async () => {
    await using service = await startService();
    const { id } = await service.createSession();
    const accepted = await service.request(
      'POST',
      `/api/sessions/${id}/execute`,
      { code: 'print("start"); sleep(1500); print("end"); 5', timeout: 30_000 },
      { prefer: 'respond-async' },
    );
    const location = accepted.headers.get('location')!;
    await expect
      .poll(async () => (await service.request('GET', location)).body.status, { timeout: 10_000 })
      .toBe('running');
    await service.kill('SIGKILL');
    await service.start();
    await expect
      .poll(async () => (await service.request('GET', location)).body.status, { timeout: 20_000 })
      .toBe('success');
    expect((await service.request('GET', location)).body).toMatchObject({
      result: { value: 5 },
      output: [{ content: 'start\n' }, { content: 'end\n' }],
    });
  });

  it.each([
    ['goes on', { status: 'success', result: { value: 6 } }],
    ['is lost with its container', { status: 'lost', error: { type: 'SandboxLost' } }],
  ])(
    'answers a repeated request with what became of its execution when that %s',
    async (_, end) => {
      await using service = await startService();
      const { id } = await service.createSession();
      await service.execute(id, 'runs = 5');
      const live = await service.live(id);
      const body = { code: 'print("begun"); sleep(1500); runs = runs + 1', timeout: 30_000 };
      const execute = () =>
        service.request('POST', `/api/sessions/${id}/execute`, body, { 'idempotency-key': 'once' });
      const cutOff = execute().catch(() => null);
      await live.wait((message) => message.type === 'output');
      await service.kill('SIGKILL');
      expect(await cutOff).toBeNull();
      if (end.status === 'lost')
        for (const { Id } of await service.containers())
          await docker.getContainer(Id).remove({ force: true });
      await service.start();
      const again = await execute();
      expect(again).toMatchObject({ status: 200, body: end });
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect((await execute()).body).toEqual(again.body);
      expect((await service.request('GET', `/api/sessions/${id}/history`)).body.total).toBe(2);
    },
  );

  it('notices that containers died while it was away, and says so', async () => {
    await using service = await startService();
    const session = await service.createSession();
    await service.execute(session.id, 'x = 1');
    await service.kill('SIGKILL');
    for (const container of await service.containers()) {
      await docker.getContainer(container.Id).remove({ force: true });
    }
    await service.start();
    expect((await service.execute(session.id, 'x')).error.type).toBe('ReferenceError');
  });

  it('ends in order when it is asked to, and goes on later', async () => {
    await using service = await startService();
    const { id } = await service.createSession();
    await service.execute(id, 'x = 1');
    const live = await service.live(id);
    expect(await service.kill('SIGTERM')).toBe(0);
    expect((await live.closing()).code).toBe(4010);
    await service.start();
    expect((await service.execute(id, 'x')).result.value).toBe(1);
  });
});
