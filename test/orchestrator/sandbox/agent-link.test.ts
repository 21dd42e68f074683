import { stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { configuration, program } from '../../helpers/commands.ts';
import { brief, isEndOf, LinkFixture, patience, readUntil } from '../../helpers/link-fixture.ts';

describe('the link to an agent', () => {
  it('is ready when the agent has said who it is', async () => {
    await using fixture = await LinkFixture.listen();
    await fixture.startAgent();
    const hello = await fixture.link.ready(patience());
    expect(hello).toMatchObject({ languages: ['anarchy'], lastSeq: 0, executions: [] });
    expect(fixture.link.connected).toBe(true);
  });

  it('carries a program there and its events back', async () => {
    await using fixture = await LinkFixture.listen();
    const { engine } = await fixture.startAgent();
    const { agent } = fixture.link;
    agent.execute(program('a', 'print'));
    await engine.told('execute print');
    engine.print('hello');
    engine.end();
    const events = await readUntil(fixture.events(), isEndOf('a'));
    expect(brief(events)).toEqual(['1 started a', '2 output a hello', '3 ended a success']);
  });

  it('gives each event once and in order when the link breaks in between', async () => {
    await using fixture = await LinkFixture.listen();
    const { engine } = await fixture.startAgent();
    const { agent } = fixture.link;
    const events = fixture.events();
    agent.execute(program('a', 'print'));
    await engine.told('execute print');
    engine.print('before');
    await readUntil(events, ({ type }) => type === 'output');

    await fixture.cut();
    engine.print('between');
    engine.end();
    await fixture.mend();
    expect(brief(await readUntil(events, isEndOf('a')))).toEqual([
      '3 output a between',
      '4 ended a success',
    ]);
  });

  it('sends what was asked while the link was down', async () => {
    await using fixture = await LinkFixture.listen();
    const { engine } = await fixture.startAgent();
    const { agent } = fixture.link;
    await fixture.cut();
    agent.execute(program('a', 'read', { interactive: true }));
    agent.stdin('a', 'typed');
    agent.cancel('a');
    await fixture.mend();
    await engine.told('stop cancelled');
    await engine.told('input typed');
    engine.end({ status: 'cancelled' });
    const events = await readUntil(fixture.events(), isEndOf('a'));
    expect(brief(events)).toEqual(['1 started a', '2 ended a cancelled']);
    expect(engine.calls.filter((call) => call.startsWith('execute'))).toEqual(['execute read']);
  });

  it('asks a question again that a broken link cut off', async () => {
    await using fixture = await LinkFixture.listen();
    await fixture.startAgent();
    await fixture.cut();
    const answer = fixture.link.agent.variables({ includeValues: false }, patience());
    await fixture.mend();
    expect(await answer).toEqual({ items: [], truncated: false });
  });

  it('takes over a running agent after a restart, from the event that was stored last', async () => {
    await using fixture = await LinkFixture.listen();
    const { engine } = await fixture.startAgent();
    fixture.link.agent.execute(program('a', 'long'));
    fixture.link.agent.execute(program('b', 'later'));
    await engine.told('execute long');
    engine.print('one');
    const before = await readUntil(fixture.events(), ({ type }) => type === 'output');
    expect(brief(before)).toEqual(['1 started a', '2 output a one']);

    await fixture.link[Symbol.asyncDispose]();
    engine.print('two');
    engine.end();
    await writeFile(fixture.path, 'left over');
    await fixture.relisten({ acknowledgedSeq: 1 });
    const hello = await fixture.link.ready(patience());
    expect(hello.sessionId).toBe('ses-1');
    expect([...fixture.link.agent.knownExecutions()].sort()).toEqual(['a', 'b']);
    const after = await readUntil(
      fixture.events(),
      ({ type, executionId }) => type === 'started' && executionId === 'b',
    );
    expect(brief(after)).toEqual([
      '2 output a one',
      '3 output a two',
      '4 ended a success',
      '5 started b',
    ]);
  });

  it('runs an execution once, however often it is given', async () => {
    await using fixture = await LinkFixture.listen();
    const { engine } = await fixture.startAgent();
    fixture.link.agent.execute(program('a', 'once'));
    await engine.told('execute once');
    engine.end();
    await readUntil(fixture.events(), isEndOf('a'));
    fixture.link.agent.acknowledge(2);
    await fixture.relisten({ acknowledgedSeq: 2 });
    fixture.link.agent.execute(program('a', 'once'));
    fixture.link.agent.execute(program('b', 'marker'));
    await engine.told('execute marker');
    expect(engine.calls).toEqual(['execute once', 'execute marker']);
  });

  it('lets the agent forget what is acknowledged', async () => {
    await using fixture = await LinkFixture.listen();
    const { engine, session } = await fixture.startAgent();
    const { agent } = fixture.link;
    agent.execute(program('a', 'x'));
    await engine.told('execute x');
    engine.end();
    await readUntil(fixture.events(), isEndOf('a'));
    expect(session.executions.held()).toEqual(['a']);
    agent.acknowledge(2);
    agent.execute(program('b', 'y'));
    await engine.told('execute y');
    expect(session.executions.held()).toEqual(['b']);
  });

  it('holds the agent back while nobody reads', async () => {
    await using fixture = await LinkFixture.listen();
    const { engine } = await fixture.startAgent();
    const { agent } = fixture.link;
    agent.execute(program('a', 'flood'));
    await engine.told('execute flood');
    const text = 'x'.repeat(60_000);
    let written = 0;
    while (engine.print(text)) written++;
    expect(written).toBeLessThan(200);

    const events = fixture.events();
    const read = async () => {
      const { value } = await events.next();
      agent.acknowledge(value.seq);
    };
    for (let i = 0; i < written; i++) await read();
    await engine.told('drained');
  });

  it('is lost when the agent stays away too long', async () => {
    await using fixture = await LinkFixture.listen({ times: { awayMsMax: 50 } });
    await fixture.startAgent();
    const events = fixture.events();
    fixture.stopAgents();
    expect(await fixture.link.lost).toMatchObject({ reason: 'unreachable' });
    await expect(events.next()).rejects.toMatchObject({ code: 'sandbox_lost' });
    const question = fixture.link.agent.variables({ includeValues: false }, patience());
    await expect(question).rejects.toMatchObject({ code: 'sandbox_lost' });
  });

  it('is not lost while the sandbox is frozen', async () => {
    await using fixture = await LinkFixture.listen({ times: { awayMsMax: 20, pingMs: 20 } });
    await fixture.startAgent();
    fixture.link.freeze();
    fixture.stopAgents();
    const first = await Promise.race([
      fixture.link.lost,
      new Promise((resolve) => setTimeout(resolve, 200, 'nothing')),
    ]);
    expect(first).toBe('nothing');
    fixture.link.thaw();
    expect(await fixture.link.lost).toMatchObject({ reason: 'unreachable' });
  });

  it('ends the events quietly when it is disposed', async () => {
    await using fixture = await LinkFixture.listen();
    await fixture.startAgent();
    const next = fixture.events().next();
    await fixture.link[Symbol.asyncDispose]();
    expect(await next).toEqual({ value: undefined, done: true });
  });

  it('gives up waiting for an agent when the signal says so', async () => {
    await using fixture = await LinkFixture.listen();
    const reason = new Error('enough');
    await expect(fixture.link.ready(AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const ready = fixture.link.ready(controller.signal);
    controller.abort(reason);
    await expect(ready).rejects.toBe(reason);
  });

  it('opens its socket to the uid of the sandbox', async () => {
    await using fixture = await LinkFixture.listen();
    expect((await stat(fixture.path)).mode & 0o777).toBe(0o666);
  });

  it('refuses another configuration and takes the same one again', async () => {
    await using fixture = await LinkFixture.listen();
    await fixture.startAgent();
    const { agent } = fixture.link;
    await agent.configure(configuration(), patience());
    const other = agent.configure(configuration({ sessionId: 'ses-2' }), patience());
    await expect(other).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('refuses a program that does not fit a message', async () => {
    await using fixture = await LinkFixture.listen();
    const code = '\u0001'.repeat(1024 * 1024);
    expect(() => fixture.link.agent.execute(program('a', code))).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    );
  });
});
