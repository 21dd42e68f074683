// The saved state of a session over the link, with the real agent and the real language.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patience, readUntil } from '../helpers/link-fixture.ts';
import { AgentProcess } from '../helpers/start-agent.ts';

const mebibyte = 1024 * 1024;

async function imageOf(agent: AgentProcess, signal = patience()): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of agent.link.agent.saveImage(signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function load(agent: AgentProcess, image: Uint8Array, signal = patience()): Promise<void> {
  return agent.link.agent.loadImage(pieces(image), signal);
}

async function* pieces(image: Uint8Array, bytes = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < image.byteLength; at += bytes) yield image.subarray(at, at + bytes);
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
    await load(to, await imageOf(from));
    expect((await to.run('a() + b()')).ended).toMatchObject({ result: { value: 5 } });
    expect((await from.run('a()')).ended).toMatchObject({ result: { value: 2 } });
  });

  it('may be many times larger than what is on its way at once', async () => {
    await from.run(
      'big = []; for (i = 0; i < 60000; i++) { big.push({ n: i, t: "number " + i }) }',
    );
    await from.run('text = "0123456789".repeat(400000)');
    const image = await imageOf(from);
    expect(image.byteLength).toBeGreaterThan(4 * mebibyte);
    await load(to, image);
    const { ended } = await to.run('[len(big), big[59999].t, text.length]');
    expect(ended.result?.value).toEqual([60_000, 'number 59999', 4_000_000]);
    expect(await imageOf(to)).toEqual(await imageOf(to));
    await from.run('big = null; text = null');
  });

  it('waits for what was executed before, and holds back what comes after', async () => {
    await from.run('n = 0');
    const executionId = from.submit('sleep(200); n = 1');
    await started(from);
    const saved = imageOf(from);
    const after = from.submit('n = 2');
    const image = await saved;
    await from.finish(executionId);
    await from.finish(after);
    await load(to, image);
    expect((await to.run('n')).ended.result?.value).toBe(1);
  });

  it('can be asked for after a program that wrote too much', async () => {
    expect((await from.run('while(true){ print("0123456789") }')).ended.status).toBe('error');
    expect((await imageOf(from)).byteLength).toBeGreaterThan(100);
  });

  it.each<[string, (image: Buffer) => Uint8Array]>([
    ['damaged', (image) => image.fill(0x55, 60, 80)],
    ['cut off', (image) => image.subarray(0, image.byteLength - 1)],
    ['nothing at all', () => new Uint8Array(0)],
    ['something else', () => new Uint8Array(100_000)],
  ])('is refused when it is %s, and the session stays as it was', async (_, spoil) => {
    await to.run('kept = [1]; x = kept');
    await expect(load(to, spoil(await imageOf(from)))).rejects.toMatchObject({
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
      yield (await imageOf(from)).subarray(0, 50);
      gone.abort(new Error('enough'));
      await new Promise(() => {});
    }
    const loading = to.link.agent.loadImage(half(), gone.signal);
    await expect(loading).rejects.toThrow('enough');
    expect((await to.run('kept')).ended).toMatchObject({ result: { value: 7 }, stateLost: false });
  });

  it('is not written further when its reader gives up, and the session goes on', async () => {
    await from.run('text = "0123456789".repeat(400000); mine = 3');
    for await (const chunk of from.link.agent.saveImage(patience())) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      break;
    }
    expect((await from.run('mine')).ended).toMatchObject({
      result: { value: 3 },
      stateLost: false,
    });
    await from.run('text = null');
  });

  it('that needs more memory than the session has is refused, and the session stays', async () => {
    await using large = await AgentProcess.start({ heapBytesMax: 128 * mebibyte });
    await using small = await AgentProcess.start({ heapBytesMax: 16 * mebibyte });
    await large.run('a = []; for (i = 0; i < 800000; i++) { a.push([i]) }');
    await small.run('mine = 3');
    await expect(load(small, await imageOf(large))).rejects.toMatchObject({
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
    await expect(imageOf(agent, AbortSignal.abort(new Error('not now')))).rejects.toThrow(
      'not now',
    );
    expect((await imageOf(agent)).byteLength).toBeGreaterThan(50);
  });
});
