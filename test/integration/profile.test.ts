// Where the time of a program went, as users are told by the real service.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../helpers/start-service.ts';

const nested = `function inner(n) {
  let total = 0
  for (i = 0; i < n; i++) {
    for (j = 0; j < 1000; j++) { total = (total * 31 + i * j + 7) % 1000003 }
  }
  return total
}
function outer(n) {
  return inner(n)
}
print("on")
outer(6000)`;

const allocating = `function fill(n) {
  let kept = []
  for (i = 0; i < n; i++) { kept = [{at: i, pair: [i, i + 1]}, {at: i, pair: [i, i + 1]}] }
  return kept.length
}
fill(600000)`;

describe('a profile', () => {
  let service: Service;
  let session: any;
  beforeAll(async () => {
    service = await startService();
    session = await service.createSession();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  const profileOf = async (executionId: string) =>
    (await service.request('GET', `/api/sessions/${session.id}/executions/${executionId}/profile`))
      .body;

  function expectHot(profile: any, expected: { function: string; line: number }): void {
    expect(profile.lines[0]).toMatchObject(expected);
    expect(profile.lines[0].selfMs).toBeGreaterThan(profile.programMs / 2);
  }

  it('names the hot line of an execution over HTTP, and when what happened', async () => {
    const { executionId } = await service.execute(session.id, nested, { profile: true });
    const profile = await profileOf(executionId);
    expectHot(profile, { function: 'inner', line: 4 });
    expect(profile.lines.find((one: any) => one.line === 9).totalMs).toBeGreaterThan(
      profile.programMs / 2,
    );
    const { queuedAt, startedAt, firstOutputAt, endedAt, storedAt } = profile.timeline;
    const times = [queuedAt, startedAt, firstOutputAt, endedAt, storedAt];
    expect(times.every((time) => typeof time === 'string')).toBe(true);
    expect(times).toEqual(times.toSorted());
  });

  it('names the hot line of an execution over the live connection', async () => {
    const live = await service.live(session.id);
    live.send({ type: 'execute', code: nested, id: 'one', options: { profile: true } });
    const start = await live.wait(({ requestId }) => requestId === 'one');
    await live.wait(
      ({ type, executionId }) => type === 'executionResult' && executionId === start.id,
    );
    expectHot(await profileOf(start.id as string), { function: 'inner', line: 4 });
    live.close();
  });

  it('names the hot line of an execution whose events are streamed', async () => {
    const { body, headers } = await service.request(
      'POST',
      `/api/sessions/${session.id}/execute`,
      { code: nested, profile: true },
      { accept: 'text/event-stream' },
    );
    expect(body).toContain('event: executionResult');
    const executionId = headers.get('location')!.split('/').at(-1)!;
    expectHot(await profileOf(executionId), { function: 'inner', line: 4 });
  });

  it('names the line and the function that allocate', async () => {
    const { executionId } = await service.execute(session.id, allocating, { profile: true });
    const profile = await profileOf(executionId);
    expectHot(profile, { function: 'fill', line: 3 });
    expect(profile.functions[0]).toMatchObject({ name: 'fill' });
    expect(profile.functions[0].allocatedBytes).toBeGreaterThan(20 * 1024 * 1024);
  });

  it('is there for a program that ran out of time, and the session goes on as it was', async () => {
    await service.execute(session.id, 'kept = 41');
    const code = 'while (true) { kept = kept + 1 - 1 }';
    const execution = await service.execute(session.id, code, { profile: true, timeout: 1500 });
    expect(execution.status).toBe('timeout');
    expectHot(await profileOf(execution.executionId), { function: '<main>', line: 1 });
    expect((await service.execute(session.id, 'kept + 1')).result.value).toBe(42);
  });

  it('is there where the sandbox is as small as it may be', async () => {
    const small = await service.createSession({ limits: { memoryBytes: 64 * 1024 * 1024 } });
    const { executionId, status } = await service.execute(small.id, nested, { profile: true });
    expect(status).toBe('success');
    const { body } = await service.request(
      'GET',
      `/api/sessions/${small.id}/executions/${executionId}/profile`,
    );
    expectHot(body, { function: 'inner', line: 4 });
  });

  it('is not there for an execution that was not profiled, nor when the history is cleared', async () => {
    const plain = await service.execute(session.id, '1');
    const path = (id: string) => `/api/sessions/${session.id}/executions/${id}/profile`;
    const none = await service.request('GET', path(plain.executionId));
    expect([none.status, none.body.code]).toEqual([404, 'profile_not_found']);
    const { executionId } = await service.execute(session.id, '1', { profile: true });
    expect((await service.request('GET', path(executionId))).status).toBe(200);
    await service.request('DELETE', `/api/sessions/${session.id}/history`);
    const gone = await service.request('GET', path(executionId));
    expect([gone.status, gone.body.code]).toEqual([404, 'execution_not_found']);
  });
});
