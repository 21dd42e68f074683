// Agents that have been taken over, against the whole service: whatever they send, it costs their own session and nobody else.
// The agents are processes here and not containers, because only what they say matters.
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '#protocol';
import { ended, line, onExecute, started } from '../doubles/agent-events.ts';
import {
  answer,
  type Behaviour,
  dialAs,
  dialFrames,
  dialRaw,
  frame,
  frameTypes,
} from '../doubles/hostile-agent.ts';
import { EnginelessService } from '../helpers/engineless/engineless-service.ts';
import type { LiveClient } from '../helpers/live-client.ts';
import { executionProfile } from '../helpers/records.ts';

const MiB = 1024 * 1024;
const outputBytes = 64 * 1024;

let service: EnginelessService;
let neighbour: any;
let memoryBefore: number;
const sockets: Socket[] = [];

beforeAll(async () => {
  service = await EnginelessService.open({
    // What is garbage goes at once: what is left is held.
    NODE_OPTIONS: '--max-old-space-size=128',
    CELLAR_LINK_LOSS_MS_MAX: '5000',
    CELLAR_UNRESPONSIVE_MS_MAX: '500',
    CELLAR_SNAPSHOT_BYTES_MAX: String(8 * MiB),
  });
  neighbour = await service.createSession();
  await service.execute(neighbour.id, 'kept = "untouched"');
  memoryBefore = service.memory.peak;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await service[Symbol.asyncDispose]();
});

afterEach(async () => {
  expect((await service.execute(neighbour.id, 'kept')).result.value).toBe('untouched');
  const { body } = await service.request('GET', `/api/sessions/${neighbour.id}`);
  expect(body.sandbox.id).toBe(neighbour.sandbox.id);
  expect((await service.request('GET', '/readyz')).status).toBe(200);
});

type Victim = { readonly session: any; readonly live: LiveClient };
type Dial = (path: string, token: string) => Promise<Socket>;

/** A session whose agent somebody else has taken the place of. */
async function taken(dial: Dial): Promise<Victim> {
  const session = await service.createSession({ limits: { outputBytes } });
  const live = await service.live(session.id);
  live.send({ type: 'subscribe', events: ['state'], id: 'subscribed' });
  live.send({ type: 'ping', id: 'ready' });
  await live.wait(({ requestId }) => requestId === 'ready');
  sockets.push(await service.takePlace(session.sandbox.id, dial));
  return { session, live };
}

const behaving =
  (behaviour: Behaviour): Dial =>
  (path, token) =>
    dialAs(path, token, behaviour);

/** The session was told that its sandbox is lost, and works again in another one. */
async function expectLostAndBack({ session, live }: Victim): Promise<void> {
  await live.wait(({ type, reason }) => type === 'state' && reason === 'recovered');
  const { body } = await service.request('GET', `/api/sessions/${session.id}`);
  expect(body.sandbox.id).not.toBe(session.sandbox.id);
  expect((await service.execute(session.id, '6 * 7')).result.value).toBe(42);
}

/** Writes as fast as the other side takes it, until the stream is gone. */
function pour(stream: Duplex, chunk: Buffer): void {
  const more = () => {
    while (!stream.destroyed && stream.write(chunk));
  };
  stream.on('drain', more);
  more();
}

describe.concurrent('an agent that was taken over, while nothing runs', () => {
  it.each<[string, string | Buffer]>([
    ['begins an execution that nobody asked for', started(1, 'exe-forged')],
    ['ends an execution that nobody asked for', ended(1, 'exe-forged')],
    ['sends what is no event', line({ seq: 1, type: 'reboot' })],
    ['sends what is no JSON', 'hello\n'],
    ['sends a line without end', Buffer.alloc(limits.lineBytesMax + 1, 0x20)],
  ])('loses its sandbox when it %s', async (_, bytes) => {
    const onChannel = (stream: ServerHttp2Stream) => void stream.write(bytes);
    await expectLostAndBack(await taken(behaving({ onChannel })));
  });

  it.each<[string, (socket: Socket) => void]>([
    ['garbage', (socket) => pour(socket, Buffer.alloc(100_000, 0x7f))],
    [
      'a header block without end',
      (socket) => pour(socket, frame(frameTypes.continuation, 0, 3, Buffer.alloc(16_000, 0x40))),
    ],
    [
      'a stream of its own',
      (socket) => socket.write(frame(frameTypes.headers, 5, 2, Buffer.from([0x82]))),
    ],
    [
      'the end of a stream that is none',
      (socket) => socket.write(frame(frameTypes.reset, 0, 4, Buffer.alloc(4))),
    ],
    [
      'a frame that says it is larger than any may be',
      (socket) => {
        const head = frame(frameTypes.data, 0, 3, Buffer.alloc(0));
        head.writeUIntBE(0xffffff, 0, 3);
        pour(socket, Buffer.concat([head, Buffer.alloc(100_000)]));
      },
    ],
  ])('loses its sandbox when it sends %s', async (_, attack) => {
    await expectLostAndBack(await taken((path, token) => dialFrames(path, token, attack)));
  });

  it('loses its sandbox when it floods the link with frames that carry nothing', async () => {
    const updates = frame(frameTypes.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1]));
    const many = Buffer.concat(Array.from({ length: 5000 }, () => updates));
    const more = (socket: Socket) => {
      if (socket.destroyed) return;
      socket.write(many);
      setTimeout(more, 10, socket);
    };
    await expectLostAndBack(await taken((path, token) => dialFrames(path, token, more)));
  });

  it('loses its sandbox when it dials without end', async () => {
    const dial: Dial = async (path) => {
      for (let i = 0; i < 101; i++) (await dialRaw(path)).destroy();
      return dialRaw(path);
    };
    await expectLostAndBack(await taken(dial));
  });

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['is malformed', (stream) => answer(stream, { items: 'x' })],
    ['never ends', (stream) => pour(stream, Buffer.alloc(65_536, 0x20))],
    ['nests without end', (stream) => void stream.end('['.repeat(1_000_000))],
  ])('loses its sandbox when a reply %s', async (_, onQuestion) => {
    const victim = await taken(behaving({ onQuestion }));
    const reply = await service.request('GET', `/api/sessions/${victim.session.id}/variables`);
    expect(reply.status).toBe(503);
    expect(reply.body.code).toBe('sandbox_lost');
    await expectLostAndBack(victim);
  });

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['breaks off every reply', (stream) => stream.close(constants.NGHTTP2_CANCEL)],
    [
      'begins every reply with headers without end',
      (stream) =>
        stream.respond(
          Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'y'.repeat(500)])),
        ),
    ],
  ])('is answered for with an error when it %s', async (_, onQuestion) => {
    const { session } = await taken(behaving({ onQuestion }));
    const reply = await service.request('GET', `/api/sessions/${session.id}/variables`);
    expect(reply.status).toBe(503);
    expect(reply.body.code).toBe('sandbox_lost');
  });

  it('cannot fill the disk with a snapshot without end', async () => {
    const { session } = await taken(
      behaving({
        onQuestion(stream) {
          stream.respond({ ':status': 200 });
          pour(stream, Buffer.alloc(65_536, 0x20));
        },
      }),
    );
    const reply = await service.request('POST', `/api/sessions/${session.id}/snapshots`, {});
    expect(reply.status).toBe(413);
    expect(reply.body.code).toBe('snapshot_too_large');
    const listed = await service.request('GET', `/api/sessions/${session.id}/snapshots`);
    expect(listed.body.items).toEqual([]);
  });
});

describe.concurrent('an agent that was taken over, while something runs', () => {
  /** An execution of a session whose agent does this when it is told to run it, up to its end. */
  async function executed(
    run: (stream: ServerHttp2Stream, executionId: string) => void,
    timeout = 500,
    options: object = {},
  ): Promise<{ victim: Victim; execution: any }> {
    const onChannel = (stream: ServerHttp2Stream) => onExecute(stream, (id) => run(stream, id));
    const victim = await taken(behaving({ onChannel }));
    const execution = await service.execute(victim.session.id, '1', { timeout, ...options });
    return { victim, execution };
  }

  it.each<[string, (stream: ServerHttp2Stream, id: string) => void]>([
    ['ends it without having begun it', (stream, id) => stream.write(ended(1, id))],
    ['begins it twice', (stream, id) => stream.write(started(1, id) + started(2, id))],
    [
      'ends it with numbers that are none',
      (stream, id) => {
        const usage = { cpuMs: 'HUGE', memoryPeakBytes: 0, outputBytes: 0 };
        stream.write(started(1, id) + ended(2, id, { usage }).replace('"HUGE"', '1e999'));
      },
    ],
    ['leaves out a number', (stream, id) => stream.write(started(1, id) + ended(3, id))],
    ['never says a word', () => {}],
    ['begins it and then says nothing', (stream, id) => stream.write(started(1, id))],
  ])('loses sandbox and execution when it %s', async (_, run) => {
    const { victim, execution } = await executed(run);
    expect(execution).toMatchObject({ status: 'lost', error: { type: 'SandboxLost' } });
    await expectLostAndBack(victim);
  });

  const sensible = executionProfile();

  /** An execution that ends with this profile. */
  const profiled = (profile: object, asked = true) =>
    executed(
      (stream, id) => stream.write(started(1, id) + ended(2, id, { profile })),
      60_000,
      asked ? { profile: true } : {},
    );

  const profilePath = ({ sessionId, executionId }: any) =>
    `/api/sessions/${sessionId}/executions/${executionId}/profile`;

  it('has its profile kept when that makes sense', async () => {
    const { execution } = await profiled(sensible);
    const { body } = await service.request('GET', profilePath(execution));
    expect(body.lines).toEqual([{ line: 1, function: 'f', selfMs: 1, totalMs: 1, samples: 1 }]);
  });

  it.each<[string, object]>([
    ['names a function that there is not', { lines: [{ ...sensible.lines[0], function: 7 }] }],
    ['names a line that there is not', { nodes: [{ ...sensible.nodes[0], line: 9 }] }],
    ['has a line behind the program', { lines: [{ ...sensible.lines[0], line: 2 }] }],
    ['has a function behind the program', { functions: [{ ...sensible.functions[0], line: 2 }] }],
    ['calls in a circle', { nodes: [{ ...sensible.nodes[0], parent: 0 }] }],
    [
      'is larger than any may be',
      {
        functions: Array.from({ length: 250 }, () => ({
          ...sensible.functions[0],
          name: '\u0001'.repeat(256),
          file: '\u0001'.repeat(256),
        })),
      },
    ],
  ])('has its execution kept, and no profile that %s', async (_, rest) => {
    const { victim, execution } = await profiled({ ...sensible, ...rest });
    expect(execution).toMatchObject({
      status: 'success',
      warnings: [{ message: 'The profile made no sense and was not kept' }],
    });
    const { status, body } = await service.request('GET', profilePath(execution));
    expect([status, body.code]).toEqual([404, 'profile_not_found']);
    const { body: session } = await service.request('GET', `/api/sessions/${victim.session.id}`);
    expect(session.sandbox.id).toBe(victim.session.sandbox.id);
  });

  it('has no profile kept that nobody asked for', async () => {
    const { execution } = await profiled(sensible, false);
    expect(execution).toMatchObject({ status: 'success', warnings: [] });
    expect((await service.request('GET', profilePath(execution))).status).toBe(404);
  });

  it.each<[string, object]>([
    ['a time below zero', { programMs: -1 }],
    ['a time that is no number', { programMs: null }],
    ['a time beyond all', { programMs: 1e300 }],
    ['a line below the first', { lines: [{ ...sensible.lines[0], line: 0 }] }],
    ['too many lines', { lines: Array.from({ length: 1001 }, () => sensible.lines[0]) }],
    ['something that no profile has', { more: true }],
  ])('loses sandbox and execution for a profile with %s', async (_, rest) => {
    const { victim, execution } = await profiled({ ...sensible, ...rest });
    expect(execution).toMatchObject({ status: 'lost', error: { type: 'SandboxLost' } });
    await expectLostAndBack(victim);
  });

  it('has no more kept of it than an execution may have, however much it writes', async () => {
    const content = 'x'.repeat(50_000);
    const { execution } = await executed((stream, id) => {
      const events = Array.from({ length: 800 }, (_, index) =>
        line({ seq: index + 2, type: 'output', executionId: id, channel: 'stdout', content }),
      );
      stream.write(started(1, id) + events.join('') + ended(events.length + 2, id));
    }, 120_000);
    expect(execution).toMatchObject({ status: 'success', truncated: true });
    // 40 MB were sent.
    expect(JSON.stringify(execution).length).toBeLessThan(20 * MiB);
  });

  it('has no say in the executions of others', async () => {
    const live = await service.live(neighbour.id);
    live.send({
      type: 'execute',
      id: 'long',
      code: 'input("go on?")',
      options: { timeout: 120_000 },
    });
    const { id } = await live.wait(({ requestId }) => requestId === 'long');
    await live.wait(({ type }) => type === 'inputRequest');
    const { victim, execution } = await executed((stream) =>
      stream.write(started(1, id) + ended(2, id, { status: 'error' })),
    );
    expect(execution.status).toBe('lost');
    await expectLostAndBack(victim);
    live.send({ type: 'stdin', executionId: id, content: 'yes\n' });
    const result = await live.wait(({ executionId, type }) => {
      return type === 'executionResult' && executionId === id;
    });
    expect(result).toMatchObject({ status: 'success', result: { value: 'yes' } });
  });

  it('has only its word for what it says of an execution', async () => {
    const result = { type: 'string', preview: '"<b>"', value: '<b>' };
    const { victim, execution } = await executed((stream, id) =>
      stream.write(
        started(1, id) +
          ended(2, id, {
            result,
            usage: { cpuMs: 1e300, memoryPeakBytes: Number.MAX_SAFE_INTEGER, outputBytes: 0 },
          }),
      ),
    );
    expect(execution).toMatchObject({ status: 'success', result });
    const { body } = await service.request('GET', `/api/sessions/${victim.session.id}`);
    // What a session has used is what the engine measured.
    expect(body.statistics.cpuMs).toBeLessThan(1e6);
    expect(body.statistics.memoryPeakBytes).toBeLessThan(1e9);
  });
});

it('has cost the service no more memory than honest work', () => {
  expect(service.memory.peak - memoryBefore).toBeLessThan(256 * MiB);
});
