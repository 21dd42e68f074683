// The real agent with the real language, as a process of its own: what a program may do to a session, and what it may not.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentEvent } from '#protocol';
import { patience, readUntil } from '../helpers/link-fixture.ts';
import { AgentProcess } from '../helpers/start-agent.ts';

const mebibyte = 1024 * 1024;

describe('a session', () => {
  let agent: AgentProcess;
  beforeAll(async () => {
    agent = await AgentProcess.start({
      heapBytesMax: 64 * mebibyte,
      outputBytesMax: 100_000,
      environment: { GREETING: 'hello', FEATURES: 'fast, tiny' },
    });
    await agent.run('x = 1');
  });
  afterAll(async () => {
    await agent[Symbol.asyncDispose]();
  });

  /** Variables are still what they were. */
  async function expectState(): Promise<void> {
    const { ended } = await agent.run('x');
    expect(ended).toMatchObject({ status: 'success', result: { value: 1 }, stateLost: false });
  }

  const started = () => readUntil(agent.events, ({ type }) => type === 'started');

  it('forgets its values and keeps its files when it is reset in a loop without end', async () => {
    await using other = await AgentProcess.start();
    await other.run('y = 1; write("a", "kept")');
    const executionId = other.submit('while (true) { try { while (true) {} } catch (e) {} }');
    await readUntil(other.events, ({ type }) => type === 'started');
    for (let i = 0; i < 4; i++) await other.link.agent.reset(patience());
    expect((await other.finish(executionId)).ended).toMatchObject({ status: 'cancelled' });
    const { ended } = await other.run('y');
    expect(ended).toMatchObject({ error: { type: 'ReferenceError' }, stateLost: false });
    expect((await other.run('read("a")')).ended.result?.value).toBe('kept');
  });

  it('runs a program and tells its output, result and cost', async () => {
    const { events, ended, output } = await agent.run('let y = 10; print(y);');
    expect(events.map(({ type }) => type)).toEqual(['started', 'output', 'ended']);
    expect(output).toBe('10\n');
    expect(ended).toMatchObject({
      status: 'success',
      result: { type: 'number', value: 10, preview: '10' },
      truncated: false,
      usage: { outputBytes: 3 },
      variables: { added: ['y'] },
    });
    expect(ended.usage.memoryPeakBytes).toBeGreaterThan(0);
  });

  it('reports errors where they are', async () => {
    const { ended } = await agent.run('x = 1\nnope()');
    expect(ended).toMatchObject({
      status: 'error',
      error: { type: 'ReferenceError', location: { line: 2, column: 1 } },
    });
  });

  it('says when more input could repair a program', async () => {
    const { ended } = await agent.run('function f( {'.slice(0, 11));
    expect(ended.error).toMatchObject({ type: 'SyntaxError', incomplete: true });
  });

  it('has files that stay from one execution to the next, and no others', async () => {
    await agent.run('mkdir("d"); write("d/a.txt", [x, 2])');
    const { ended } = await agent.run('[readdir("."), read("d/a.txt")]');
    expect(ended.result?.value).toEqual([['d'], '[1, 2]']);
    for (const path of ['/etc/passwd', '../agent.sock', agent.directory]) {
      const refused = await agent.run(`read(${JSON.stringify(path)})`);
      expect(refused.ended.error?.type).toBe('PermissionError');
      expect(refused.ended.error?.message).toContain(`'${path}'`);
    }
  });

  it('has modules in files, and errors that name the file', async () => {
    await agent.run('write("lib.ai", "f(){\\n  return null.x\\n}"); import "lib"');
    const { ended } = await agent.run('lib.f()');
    expect(ended.error).toMatchObject({
      location: { line: 2, column: 15, file: 'lib.ai' },
      stack: [
        { function: 'f', line: 2, column: 15, file: 'lib.ai' },
        { function: '<main>', line: 1, column: 5 },
      ],
    });
  });

  it('can be stopped while it works on files', async () => {
    const fill = 'write("large", "x".repeat(4000000)); while (true) { copy("large", "other") }';
    const { ended } = await agent.run(fill, { timeoutMs: 300 });
    expect(ended).toMatchObject({ status: 'timeout', stateLost: false });
    await agent.run('remove("large"); remove("other")');
    await expectState();
  });

  it('keeps its state when a loop runs into the time limit', async () => {
    const { ended } = await agent.run('while(true){}', { timeoutMs: 50 });
    expect(ended).toMatchObject({ status: 'timeout', error: { type: 'TimeoutError' } });
    await expectState();
  });

  it('keeps its state when a program is cancelled', async () => {
    const executionId = agent.submit('while(true){}');
    await started();
    agent.link.agent.cancel(executionId);
    const { ended } = await agent.finish(executionId);
    expect(ended).toMatchObject({ status: 'cancelled', error: { type: 'CancelledError' } });
    await expectState();
  });

  it.each(['sleep(60000)', 'input()'])('is woken from %s by a cancel', async (code) => {
    const executionId = agent.submit(code, { interactive: true });
    await started();
    agent.link.agent.cancel(executionId);
    expect((await agent.finish(executionId)).ended.status).toBe('cancelled');
    await expectState();
  });

  it.each([
    ['values', 'big = []; i = 0; while(true){ i = i + 1; big.push({ key: i, text: "v" + i }) }'],
    ['text', 'text = "ab"; while(true){ text = text + text }'],
    ['nested lists', 'nest = []; while(true){ nest = [nest, nest] }'],
  ])('keeps its state when a program fills the memory with %s', async (_, code) => {
    const { ended } = await agent.run(code);
    expect(ended).toMatchObject({
      status: 'error',
      error: { type: 'ResourceLimitError' },
      stateLost: false,
    });
    await expectState();
    expect((await agent.run('big = null; text = null; nest = null')).ended.status).toBe('success');
  });

  it('keeps its state when calls nest without end', async () => {
    const { ended } = await agent.run('function f(n) { return f(n + 1) } f(0)');
    expect(ended).toMatchObject({ status: 'error', error: { type: 'RangeError' } });
    await expectState();
  });

  it('cuts output at its limit and lets the program go on', async () => {
    const code = 'for (i = 0; i < 20000; i++) { print("0123456789") } "done"';
    const { ended, output } = await agent.run(code);
    expect(ended).toMatchObject({
      status: 'success',
      result: { value: 'done' },
      truncated: true,
      usage: { outputBytes: 220_000 },
    });
    expect(output.length).toBe(100_000);
  });

  it('ends a program whose output does not end', async () => {
    const { ended, output } = await agent.run('while(true){ print("0123456789") }');
    expect(ended).toMatchObject({
      status: 'error',
      error: { type: 'ResourceLimitError', message: 'Output limit exceeded' },
    });
    expect(output.length).toBe(100_000);
    await expectState();
  });

  it('counts output that nobody wants, and keeps it to itself', async () => {
    const { ended, output } = await agent.run('print("text")', { captureOutput: false });
    expect(output).toBe('');
    expect(ended.usage.outputBytes).toBe(5);
  });

  it('reads lines that were given with the program', async () => {
    const { output } = await agent.run('a = input("First? "); b = input(); print(b + a)', {
      stdin: 'one\ntwo',
    });
    expect(output).toBe('First? twoone\n');
  });

  it('has no input where nobody gives any', async () => {
    const { ended } = await agent.run('input()');
    expect(ended.error?.type).toBe('IOError');
  });

  it('asks for input and goes on with the answer', async () => {
    const executionId = agent.submit('name = input("Who? "); print("hi " + name)', {
      interactive: true,
    });
    const asked = await readUntil(agent.events, ({ type }) => type === 'inputRequest');
    expect(asked.at(-2)).toMatchObject({ type: 'output', channel: 'stdout', content: 'Who? ' });
    expect(asked.at(-1)).toMatchObject({ prompt: 'Who? ' });
    agent.link.agent.stdin(executionId, 'A');
    agent.link.agent.stdin(executionId, 'da\n');
    expect((await agent.finish(executionId)).output).toContain('hi Ada\n');
  });

  it('tells the value of each statement when asked to', async () => {
    const { events } = await agent.run('1 + 1; "b"', { intermediateResults: true });
    const values = events.flatMap((event) =>
      event.type === 'intermediateResult' ? [event.result.value] : [],
    );
    expect(values).toEqual([2, 'b']);
  });

  it('tells how far a program has come, the last of it always', async () => {
    const { events } = await agent.run('for (i = 1; i <= 500; i++) { progress(i, 500) }');
    const told = events.filter((event) => event.type === 'progress');
    expect(told[0]).toMatchObject({ value: 1, of: 500 });
    expect(told.at(-1)).toMatchObject({ value: 500, of: 500 });
    const values = told.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(events.at(-1)?.type).toBe('ended');
  });

  it('tells how far a program has come before it waits', async () => {
    const executionId = agent.submit('print("a"); progress(1); progress(2); input()', {
      interactive: true,
    });
    const before = await readUntil(agent.events, ({ type }) => type === 'inputRequest');
    const told = before.filter(({ type }) => type !== 'started');
    expect(told.map(({ type }) => type)).toEqual([
      'output',
      'progress',
      'progress',
      'inputRequest',
    ]);
    expect(told[2]).toMatchObject({ value: 2 });
    expect(told[2]).not.toHaveProperty('of');
    agent.link.agent.stdin(executionId, 'on\n');
    await agent.finish(executionId);
  });

  it('computes hashes, secrets and dates', async () => {
    const code =
      'a = uuid(); b = encrypt("text", a); now() - new Date().getTime() <= 0 && hash("")';
    const { ended } = await agent.run(`${code} + decrypt(b, a)`);
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(ended).toMatchObject({ status: 'success', result: { value: `${empty}text` } });
  });

  it('answers questions while a program runs, and while none does', async () => {
    await agent.run('seen = { a: [1, 2] }');
    const { agent: asked } = agent.link;
    const look = () => asked.inspect({ variable: 'seen', path: ['a'], depth: 1 }, patience());
    const idle = await look();
    expect(idle).toMatchObject({ type: 'array', size: 2 });

    const executionId = agent.submit('n = 0; while(true){ n = n + 1 }');
    await started();
    expect(await look()).toEqual(idle);
    const { items } = await asked.variables({ filter: 'see*', includeValues: true }, patience());
    expect(items).toMatchObject([{ name: 'seen', value: { a: [1, 2] } }]);
    asked.cancel(executionId);
    await agent.finish(executionId);
  });

  it('says what there is not', async () => {
    const { agent: asked } = agent.link;
    const missing = asked.inspect({ variable: 'nothing', path: [], depth: 1 }, patience());
    await expect(missing).rejects.toMatchObject({ code: 'variable_not_found' });
    const nowhere = asked.inspect({ variable: 'x', path: ['y'], depth: 1 }, patience());
    await expect(nowhere).rejects.toMatchObject({ code: 'variable_not_found' });
  });

  it('shows programs the environment of the session and no other', async () => {
    const { output } = await agent.run(
      'print(env("GREETING")); print(env("SECRET")); print(env("CELLAR_TOKEN")); print(env("PATH"))',
    );
    expect(output).toBe('hello\nnull\nnull\nnull\n');
  });

  it('has the features that the environment of the session lists', async () => {
    const { output } = await agent.run(
      '#[feature="fast"] { print("fast") }\n#[feature="tiny"] { print("tiny") }\n#[feature="other"] { print("never") }',
    );
    expect(output).toBe('fast\ntiny\n');
  });

  it('runs programs in the order they came, and cancels one that waits', async () => {
    const first = agent.submit('while(true){}');
    const second = agent.submit('2');
    const third = agent.submit('3');
    agent.link.agent.cancel(second);
    agent.link.agent.cancel(first);
    const read = await readUntil(
      agent.events,
      (event: AgentEvent) => event.type === 'ended' && event.executionId === third,
    );
    const ends = read.flatMap((event) =>
      event.type === 'ended' ? [`${event.executionId} ${event.status}`] : [],
    );
    expect(ends.sort()).toEqual([`${first} cancelled`, `${second} cancelled`, `${third} success`]);
  });
});

describe('an agent', () => {
  it('goes on without its orchestrator and gives the next one everything', async () => {
    await using agent = await AgentProcess.start();
    const executionId = agent.submit('print("before"); sleep(50); print("after")');
    await readUntil(agent.events, ({ type }) => type === 'output');
    await agent.relisten(0);
    expect((await agent.link.ready(patience())).sessionId).toBe('ses-1');
    expect((await agent.finish(executionId)).output).toBe('before\nafter\n');
  });

  it('leaves when it is told to', async () => {
    await using agent = await AgentProcess.start();
    agent.process.kill('SIGTERM');
    expect(await once(agent.process, 'exit')).toEqual([0, null]);
  });

  it('holds a program back while nobody takes its output', async () => {
    await using agent = await AgentProcess.start({ outputBytesMax: 1024 * mebibyte });
    const executionId = agent.submit(
      'line = "x".repeat(1000); i = 0; while(i < 20000){ print(line); i = i + 1 }',
    );
    await readUntil(agent.events, ({ type }) => type === 'output');
    // Without a reader the program comes to a stand; with one it ends.
    const { items } = await agent.link.agent.variables(
      { filter: 'i', includeValues: true },
      patience(),
    );
    expect(items[0]?.value).toBeLessThan(20_000);
    let bytes = 0;
    const isEnd = (event: AgentEvent) => {
      if (event.type === 'output') bytes += event.content.length;
      agent.link.agent.acknowledge(event.seq);
      return event.type === 'ended' && event.executionId === executionId;
    };
    await readUntil(agent.events, isEnd);
    expect(bytes).toBeGreaterThan(19_000_000);
  });
});

describe('an agent that was prepared for a session to come', () => {
  it('gives that session nothing of what it did before', async () => {
    await using agent = await AgentProcess.start({}, undefined, { prepared: true });
    const { items } = await agent.link.agent.variables({ includeValues: true }, patience());
    expect(items).toEqual([]);
    const { events, ended, output } = await agent.run('print(len(readdir(".")))');
    expect(output).toBe('0\n');
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(ended).toMatchObject({ status: 'success', stateLost: false });
    expect((await agent.run('x')).ended.error?.type).toBe('ReferenceError');
  });

  it('cannot be prepared again once it has a session', async () => {
    await using agent = await AgentProcess.start({}, undefined, { prepared: true });
    const again = agent.link.agent.prepare(patience());
    await expect(again).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
