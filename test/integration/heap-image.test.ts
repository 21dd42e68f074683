// The saved state of a session between two real containers.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentEvent, EndedEvent } from '#protocol';
import type { Sandbox } from '../../src/orchestrator/sandbox/agent.ts';
import type { DirectSource } from '../../src/orchestrator/sandbox/direct-source.ts';
import { collect } from '../helpers/archives.ts';
import { configuration, program } from '../helpers/commands.ts';
import { DockerSandboxes, sandboxLimits } from '../helpers/docker-sandboxes.ts';
import { programFiles, programFolder, readExpectations } from '../programs/expectations.ts';

const patience = () => AbortSignal.timeout(60_000);
let sandboxes: DockerSandboxes;
let source: DirectSource;

beforeAll(async () => {
  sandboxes = await DockerSandboxes.open(267_000);
  ({ source } = sandboxes);
});
afterAll(async () => expect(await sandboxes.close()).toEqual([]));

/** A container with a session that runs one program after another. */
class Session implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly #events: AsyncIterator<AgentEvent>;
  #executions = 0;

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
    this.#events = sandbox.agent.events()[Symbol.asyncIterator]();
  }

  static async start(): Promise<Session> {
    const sandbox = await source.start(source.plan(), sandboxLimits, patience());
    await sandbox.agent.configure(configuration({ heapBytesMax: 64 * 2 ** 20 }), patience());
    return new Session(sandbox);
  }

  async run(code: string): Promise<EndedEvent> {
    this.sandbox.agent.execute(program(`exec-${++this.#executions}`, code));
    for (;;) {
      const { value, done } = await this.#events.next();
      if (done) throw new Error('no end');
      if (value.type !== 'ended') continue;
      this.sandbox.agent.acknowledge(value.seq);
      return value;
    }
  }

  variables(): Promise<unknown> {
    return this.sandbox.agent.variables({ includeValues: true }, patience());
  }

  state(): Promise<Buffer> {
    return collect(this.sandbox.agent.snapshot(patience()));
  }

  restore(state: Uint8Array): Promise<void> {
    const bytes = (async function* () {
      yield state;
    })();
    return this.sandbox.agent.restore(bytes, { fork: false }, patience());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.sandbox[Symbol.asyncDispose]() as Promise<void>;
  }
}

/** All golden programs, by the folder they are in. */
const folders = Map.groupBy(programFiles(), (file) => dirname(file));

it.each([...folders])(
  'takes what the programs of %s leave behind to another container',
  async (_, files) => {
    await using from = await Session.start();
    for (const file of files) {
      const golden = readExpectations(readFileSync(join(programFolder, file), 'utf8'));
      for (const { source: code } of golden.units) await from.run(code);
    }
    await using to = await Session.start();
    const state = await from.state();
    await to.restore(state);
    expect(await to.variables()).toEqual(await from.variables());
    expect((await to.state()).equals(state)).toBe(true);
  },
);

it('goes on with closures in another container, and leaves the first as it is', async () => {
  await using from = await Session.start();
  await from.run('mk(){ c = 0; return () => { c = c + 1; return c } } a = mk(); b = a; a()');
  const state = await from.state();
  await using to = await Session.start();
  await to.restore(state);
  expect((await to.run('[a(), b()]')).result?.value).toEqual([2, 3]);
  expect((await from.run('a()')).result?.value).toBe(2);
});

it('keeps the session when an image is refused, or its sender is killed on the way', async () => {
  await using to = await Session.start();
  await to.run('kept = 1');
  await using from = await Session.start();
  await from.run('text = "0123456789".repeat(800000)');
  const state = await from.state();
  const damaged = Buffer.from(state);
  damaged[damaged.byteLength >> 1]! ^= 1;
  await expect(to.restore(damaged)).rejects.toMatchObject({ code: 'snapshot_refused' });

  // Straight from one container into the other, and the first dies in the middle.
  const cut = (async function* () {
    let isFirst = true;
    for await (const chunk of from.sandbox.agent.snapshot(patience())) {
      yield chunk;
      if (isFirst) await sandboxes.runtime.destroy(from.sandbox.runtimeId, patience());
      isFirst = false;
    }
  })();
  await expect(to.sandbox.agent.restore(cut, { fork: false }, patience())).rejects.toThrow();
  expect(await to.run('kept')).toMatchObject({ result: { value: 1 }, stateLost: false });
});
