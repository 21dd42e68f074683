// The saved state of a session over the link, with the real agent and the real language.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveOf, collect, heapOf } from '../helpers/archives.ts';
import { patience, readUntil } from '../helpers/link-fixture.ts';
import { AgentProcess } from '../helpers/start-agent.ts';

const mebibyte = 1024 * 1024;

/** All of it is values: these sessions have no files. */
function stateOf(agent: AgentProcess, signal = patience()): Promise<Buffer> {
  return collect(agent.link.agent.snapshot(signal));
}

function load(agent: AgentProcess, state: Uint8Array, signal = patience()): Promise<void> {
  return agent.link.agent.restore(pieces(state), { fork: false }, signal);
}

async function* pieces(state: Uint8Array, bytes = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < state.byteLength; at += bytes) yield state.subarray(at, at + bytes);
}

const started = (agent: AgentProcess) => readUntil(agent.events, ({ type }) => type === 'started');

describe('the saved state of a session', () => {
  let from: AgentProcess;
  let to: AgentProcess;
  beforeAll(async () => {
    [from, to] = await Promise.all([
      AgentProcess.start({ heapBytesMax: 64 * mebibyte, outputBytesMax: 1000 }),
      AgentProcess.start({ heapBytesMax: 64 * mebibyte }),
    ]);
  });
  afterAll(async () => {
    await from[Symbol.asyncDispose]();
    await to[Symbol.asyncDispose]();
  });

  it('is loaded by another agent, closures included', async () => {
    await from.run('mk(){ c = 0; return () => { c = c + 1; return c } } a = mk(); b = a; a()');
    await load(to, await stateOf(from));
    expect((await to.run('a() + b()')).ended).toMatchObject({ result: { value: 5 } });
    expect((await from.run('a()')).ended).toMatchObject({ result: { value: 2 } });
  });

  it('may be many times larger than what is on its way at once', async () => {
    await from.run(
      'big = []; for (i = 0; i < 60000; i++) { big.push({ n: i, t: "number " + i }) }',
    );
    await from.run('text = "0123456789".repeat(400000)');
    const image = await stateOf(from);
    expect(image.byteLength).toBeGreaterThan(4 * mebibyte);
    await load(to, image);
    const { ended } = await to.run('[len(big), big[59999].t, text.length]');
    expect(ended.result?.value).toEqual([60_000, 'number 59999', 4_000_000]);
    expect(await stateOf(to)).toEqual(await stateOf(to));
    await from.run('big = null; text = null');
  });

  it('waits for what was executed before, and holds back what comes after', async () => {
    await from.run('n = 0');
    const executionId = from.submit('sleep(200); n = 1');
    await started(from);
    const saved = stateOf(from);
    const after = from.submit('n = 2');
    const image = await saved;
    await from.finish(executionId);
    await from.finish(after);
    await load(to, image);
    expect((await to.run('n')).ended.result?.value).toBe(1);
  });

  it('can be asked for after a program that wrote too much', async () => {
    expect((await from.run('while(true){ print("0123456789") }')).ended.status).toBe('error');
    expect((await stateOf(from)).byteLength).toBeGreaterThan(100);
  });

  it.each<[string, (image: Buffer) => Uint8Array]>([
    ['damaged', (image) => image.fill(0x55, 60, 80)],
    ['cut off', (image) => image.subarray(0, image.byteLength - 1)],
    ['nothing at all', () => new Uint8Array(0)],
    ['something else', () => new Uint8Array(100_000)],
  ])('is refused when it is %s, and the session stays as it was', async (_, spoil) => {
    await to.run('kept = [1]; x = kept');
    const content = Buffer.from(spoil(await heapOf(await stateOf(from))));
    const archive = await archiveOf([{ name: 'heap/000000', content }]);
    await expect(load(to, archive)).rejects.toMatchObject({
      code: 'snapshot_refused',
      cause: { message: expect.stringMatching(/^image_refused: /) },
    });
    expect((await to.run('x === kept')).ended).toMatchObject({
      result: { value: true },
      stateLost: false,
    });
  });

  it('is forgotten when its sender gives up half-way', async () => {
    await to.run('kept = 7');
    const gone = new AbortController();
    async function* half() {
      yield (await stateOf(from)).subarray(0, 50);
      gone.abort(new Error('enough'));
      await new Promise(() => {});
    }
    const loading = to.link.agent.restore(half(), { fork: false }, gone.signal);
    await expect(loading).rejects.toThrow('enough');
    expect((await to.run('kept')).ended).toMatchObject({ result: { value: 7 }, stateLost: false });
  });

  it('is not written further when its reader gives up, and the session goes on', async () => {
    await from.run('text = "0123456789".repeat(400000); mine = 3');
    for await (const chunk of from.link.agent.snapshot(patience())) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      break;
    }
    expect((await from.run('mine')).ended).toMatchObject({
      result: { value: 3 },
      stateLost: false,
    });
    await from.run('text = null');
  });

  it('goes another way in a fork, where it is random', async () => {
    await from.run('Math.seed(1)');
    const state = await stateOf(from);
    const numbers = async (agent: AgentProcess) =>
      (await agent.run('range(5).map(() => random(1, 1000000))')).ended.result?.value;
    await load(to, state);
    expect(await numbers(to)).toEqual(await numbers(from));
    await to.link.agent.restore(pieces(state), { fork: true }, patience());
    await load(from, state);
    expect(await numbers(to)).not.toEqual(await numbers(from));
  });

  it('that needs more memory than the session has is refused, and the session stays', async () => {
    await using large = await AgentProcess.start({ heapBytesMax: 128 * mebibyte });
    await using small = await AgentProcess.start({ heapBytesMax: 16 * mebibyte });
    await large.run('a = []; for (i = 0; i < 800000; i++) { a.push([i]) }');
    await small.run('mine = 3');
    await expect(load(small, await stateOf(large))).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/^image_too_large: /) },
    });
    expect((await small.run('mine')).ended).toMatchObject({
      result: { value: 3 },
      stateLost: false,
    });
  });
});

describe('an agent', () => {
  it('has nothing to save before it has a session, and says so', async () => {
    await using agent = await AgentProcess.start();
    await expect(stateOf(agent, AbortSignal.abort(new Error('not now')))).rejects.toThrow(
      'not now',
    );
    expect((await stateOf(agent)).byteLength).toBeGreaterThan(50);
  });
});
