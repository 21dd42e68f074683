// Code that wants everything: each execution ends with the right status, and the session goes on with its variables.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../helpers/start-service.ts';

describe('runaway code', () => {
  let service: Service;
  let id: string;
  beforeAll(async () => {
    service = await startService();
    id = (await service.createSession()).id;
    await service.execute(id, 'kept = "still here"');
  });
  afterAll(() => service[Symbol.asyncDispose]());

  const expectUnharmed = async () => {
    expect((await service.execute(id, 'kept')).result.value).toBe('still here');
  };

  it('that does not parse changes nothing', async () => {
    const run = await service.execute(id, 'kept = "gone";\nif (');
    expect(run).toMatchObject({
      status: 'error',
      error: { type: 'SyntaxError', location: { line: 2 }, incomplete: true },
    });
    await expectUnharmed();
  });

  it('that loops for ever is stopped by its time limit', async () => {
    const run = await service.execute(id, 'while (true) {}', { timeout: 300 });
    expect(run).toMatchObject({ status: 'timeout', error: { type: 'TimeoutError' } });
    await expectUnharmed();
  });

  it('that loops for ever is stopped by a cancel, and cannot catch it', async () => {
    const live = await service.live(id);
    live.send({
      type: 'execute',
      code: 'while (true) { try { while (true) {} } catch (e) {} finally { kept = "gone" } }',
      id: 'loop',
      options: { timeout: 60_000 },
    });
    const start = await live.wait((message) => message.type === 'executionStart');
    live.send({ type: 'cancel', executionId: start.id });
    const end = await live.wait((message) => message.type === 'executionResult');
    expect(end.status).toBe('cancelled');
    await expectUnharmed();
  });

  it('that recurses for ever gets an error that it can catch', async () => {
    const run = await service.execute(id, 'f(){ return f() + 1; } f()');
    expect(run).toMatchObject({
      status: 'error',
      error: { type: 'RangeError', message: 'Maximum call depth exceeded' },
    });
    expect((await service.execute(id, 'try { f() } catch (e) { e.type }')).result.value).toBe(
      'RangeError',
    );
    await expectUnharmed();
  });

  it('that writes for ever is cut, and ends', async () => {
    const run = await service.execute(
      id,
      'while (true) { print("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") }',
      {
        timeout: 60_000,
      },
    );
    expect(run).toMatchObject({
      status: 'error',
      truncated: true,
      error: { type: 'ResourceLimitError', message: 'Output limit exceeded' },
    });
    const written = run.output.reduce(
      (sum: number, part: { content: string }) => sum + part.content.length,
      0,
    );
    expect(written).toBeGreaterThan(100_000);
    expect(written).toBeLessThanOrEqual(1024 * 1024);
    await expectUnharmed();
  });

  it.each([
    ['many strings', 'all = []; while (true) { all.push("item " + all.length) }'],
    ['one growing string', 's = "x"; while (true) { s = s + s }'],
    ['nested objects', 'o = null; while (true) { o = {next: o, a: [1, 2, 3]} }'],
    ['one built-in call', 'repeat("x", 10000000000)'],
  ])('that takes all memory (%s) ends with an error', async (_, code) => {
    const run = await service.execute(id, code, { timeout: 30_000 });
    expect(run).toMatchObject({ status: 'error', error: { type: 'ResourceLimitError' } });
    await expectUnharmed();
    await service.execute(id, 'all = null; s = null; o = null');
  });

  it('can be inspected while it runs', async () => {
    const live = await service.live(id);
    live.send({
      type: 'execute',
      code: 'n = 0; while (true) { n = n + 1 }',
      id: 'count',
      options: { timeout: 60_000 },
    });
    const start = await live.wait((message) => message.type === 'executionStart');
    const inspection = await service.request('GET', `/api/sessions/${id}/variables/n`);
    expect(inspection).toMatchObject({ status: 200, body: { value: { type: 'number' } } });
    live.send({ type: 'cancel', executionId: start.id });
    await live.wait((message) => message.type === 'executionResult');
    await expectUnharmed();
  });
});
