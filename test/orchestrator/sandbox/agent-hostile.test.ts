import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { limits } from '#protocol';
import {
  answer,
  dialAs,
  dialFrames,
  dialRaw,
  frame,
  frameTypes,
} from '../../doubles/hostile-agent.ts';
import { program } from '../../helpers/commands.ts';
import { LinkFixture, patience, token } from '../../helpers/link-fixture.ts';

/** After whatever happened before: an honest agent still gets through on this socket. */
async function expectListening(fixture: LinkFixture): Promise<void> {
  await fixture.startAgent();
  expect(fixture.link.connected).toBe(true);
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    socket.once('close', () => resolve());
    socket.resume();
  });

const started = (seq: number, executionId = 'a') =>
  `${JSON.stringify({ seq, type: 'started', executionId })}\n`;

/** Writes as fast as the other side takes it, until the stream is gone. */
function pour(stream: Duplex, chunk: Buffer): void {
  const more = () => {
    while (!stream.destroyed && stream.write(chunk));
  };
  stream.on('drain', more);
  more();
}

const anyQuestion = { includeValues: false };

const repeated = (bytes: Buffer) => Buffer.concat(Array.from({ length: 5000 }, () => bytes));

/** Data of a stream in frames of one byte each. */
const crumbs = (streamId: number) =>
  repeated(frame(frameTypes.data, 0, streamId, Buffer.from(' ')));

describe('a dial that is no agent', () => {
  it('is refused with a wrong token, and listening goes on', async () => {
    await using fixture = await LinkFixture.listen();
    await closed(await dialAs(fixture.path, 'a guess', {}));
    expect(fixture.link.connected).toBe(false);
    expect(fixture.link.refusedDials).toBe(1);
    await expectListening(fixture);
  });

  it('is refused when it speaks another version', async () => {
    await using fixture = await LinkFixture.listen();
    await closed(await dialAs(fixture.path, token, { hello: { protocolVersion: 99 } }));
    expect(fixture.link.refusedDials).toBe(1);
    await expectListening(fixture);
  });

  it.each([
    ['is malformed', { hello: { executions: [''] } }],
    ['is no JSON', { onHello: (stream: ServerHttp2Stream) => void stream.end('{"token":') }],
    [
      'never ends',
      { onHello: (stream: ServerHttp2Stream) => pour(stream, Buffer.alloc(65536, 32)) },
    ],
    [
      'has headers without end',
      {
        onHello: (stream: ServerHttp2Stream) =>
          stream.respond(
            Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'y'.repeat(500)])),
          ),
      },
    ],
    [
      'nests without end',
      { onHello: (stream: ServerHttp2Stream) => void stream.end('['.repeat(1e6)) },
    ],
  ])('is refused when its hello %s', async (_, behaviour) => {
    await using fixture = await LinkFixture.listen();
    await closed(await dialAs(fixture.path, token, behaviour));
    expect(fixture.link.refusedDials).toBe(1);
    await expectListening(fixture);
  });

  it('is refused when its hello comes in crumbs', async () => {
    await using fixture = await LinkFixture.listen({ times: { helloMsMax: 60_000 } });
    const nobody = () => {};
    await closed(await dialFrames(fixture.path, token, nobody, (raw) => raw.write(crumbs(1))));
    expect(fixture.link.refusedDials).toBe(1);
    await expectListening(fixture);
  });

  it('is given up when its hello does not come', async () => {
    await using fixture = await LinkFixture.listen({ times: { helloMsMax: 50 } });
    await closed(await dialRaw(fixture.path));
    await closed(await dialAs(fixture.path, token, { onHello: () => {} }));
    expect(fixture.link.refusedDials).toBe(2);
  });

  it('is refused when it sends garbage', async () => {
    await using fixture = await LinkFixture.listen();
    for (const garbage of [Buffer.alloc(100_000, 0xff), Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
      const socket = await dialRaw(fixture.path);
      socket.resume();
      socket.write(garbage);
      await closed(socket);
    }
    expect(fixture.link.refusedDials).toBe(2);
    await expectListening(fixture);
  });

  it('is refused at once when many others are being asked already', async () => {
    await using fixture = await LinkFixture.listen({ times: { helloMsMax: 60_000 } });
    for (let i = 0; i < 40; i++) (await dialRaw(fixture.path)).resume();
    await expect.poll(() => fixture.link.refusedDials).toBe(36);
  });

  it('cannot keep the agent out by opening many connections', async () => {
    await using fixture = await LinkFixture.listen({ times: { helloMsMax: 300 } });
    const sockets = await Promise.all(Array.from({ length: 40 }, () => dialRaw(fixture.path)));
    for (const socket of sockets) socket.resume();
    await expectListening(fixture);
    await Promise.all(sockets.map(closed));
  });

  it('ends the sandbox when it dials without end', async () => {
    await using fixture = await LinkFixture.listen({ times: { dialsMax: 20 } });
    for (let i = 0; i < 21; i++) (await dialRaw(fixture.path)).destroy();
    expect(await fixture.link.lost).toMatchObject({ reason: 'protocol' });
  });
});

/** An end that is valid but for the depth of its result. */
const deepEnd = `${JSON.stringify({
  seq: 1,
  type: 'ended',
  executionId: 'a',
  status: 'success',
  result: { type: 'array', preview: '', value: 'VALUE' },
  truncated: false,
  usage: { cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
  warnings: [],
  variables: { added: [], changed: [], removed: [] },
  stateLost: false,
}).replace('"VALUE"', '['.repeat(1000) + ']'.repeat(1000))}\n`;

describe('an agent that turned hostile', () => {
  /** A linked agent that does this on the channel. */
  async function linked(
    fixture: LinkFixture,
    onChannel: (stream: ServerHttp2Stream) => void,
  ): Promise<void> {
    await dialAs(fixture.path, token, { onChannel });
    await fixture.link.ready(patience());
  }

  it.each([
    ['an event that is missing', started(1) + started(3)],
    ['an event that is malformed', `${JSON.stringify({ seq: 1, type: 'started' })}\n`],
    ['an event of no known type', `${JSON.stringify({ seq: 1, type: 'reboot' })}\n`],
    [
      'an event with more in it',
      `${JSON.stringify({ seq: 1, type: 'started', executionId: 'a', x: 1 })}\n`,
    ],
    ['a line that is no JSON', 'hello\n'],
    ['a line that is no UTF-8', Buffer.from([0xff, 0xfe, 0x0a])],
    ['a value that nests too deep', deepEnd],
    ['a line without end', Buffer.alloc(limits.lineBytesMax + 1, 0x20)],
  ])('is lost after %s', async (_, bytes) => {
    await using fixture = await LinkFixture.listen();
    await linked(fixture, (stream) => void stream.write(bytes));
    expect(await fixture.link.lost).toMatchObject({ reason: 'protocol' });
    const events = fixture.events();
    const read = async () => {
      for (;;) await events.next();
    };
    await expect(read()).rejects.toMatchObject({ code: 'sandbox_lost' });
  });

  it('is lost when it sends its events byte by byte', async () => {
    await using fixture = await LinkFixture.listen();
    await dialFrames(fixture.path, token, (raw) => raw.write(crumbs(3)));
    expect(await fixture.link.lost).toMatchObject({ reason: 'protocol' });
  });

  it('gains nothing by repeating events', async () => {
    await using fixture = await LinkFixture.listen();
    await linked(
      fixture,
      (stream) => void stream.write(started(1) + started(1) + started(2, 'b') + started(1)),
    );
    const events = fixture.events();
    expect((await events.next()).value).toMatchObject({ seq: 1, executionId: 'a' });
    expect((await events.next()).value).toMatchObject({ seq: 2, executionId: 'b' });
    await fixture.link[Symbol.asyncDispose]();
    expect(await events.next()).toMatchObject({ done: true });
  });

  it('is lost when it has forgotten events after a redial', async () => {
    await using fixture = await LinkFixture.listen();
    let first!: ServerHttp2Stream;
    await linked(fixture, (stream) => {
      first = stream;
      stream.write(started(1) + started(2));
    });
    const events = fixture.events();
    await events.next();
    await events.next();
    first.session?.destroy();
    await dialAs(fixture.path, token, { hello: { lastSeq: 1 } });
    expect(await fixture.link.lost).toMatchObject({ reason: 'protocol' });
  });

  it('does not fill memory while nobody reads', async () => {
    await using fixture = await LinkFixture.listen();
    let seq = 0;
    const content = 'x'.repeat(limits.outputChunkLengthMax);
    const onQuestion = (stream: ServerHttp2Stream) =>
      answer(stream, { items: [], truncated: false });
    const onChannel = (stream: ServerHttp2Stream) => {
      const more = () => {
        let room = true;
        while (room && !stream.destroyed)
          room = stream.write(
            `${JSON.stringify({ seq: ++seq, type: 'output', executionId: 'a', channel: 'stdout', content })}\n`,
          );
      };
      stream.on('drain', more);
      more();
    };
    await dialAs(fixture.path, token, { onChannel, onQuestion });
    // When nothing more was written while questions went there and back, flow control has stopped it.
    for (let before = -1; before !== seq; ) {
      before = seq;
      for (let i = 0; i < 10; i++) await fixture.link.agent.variables(anyQuestion, patience());
      expect(seq * content.length).toBeLessThan(8 * 1024 * 1024);
    }
    expect(seq).toBeGreaterThan(0);
  });

  it.each([
    ['pings', repeated(frame(frameTypes.ping, 0, 0, Buffer.alloc(8)))],
    ['settings', repeated(frame(frameTypes.settings, 0, 0, Buffer.alloc(0)))],
    ['goaways', repeated(frame(frameTypes.goaway, 0, 0, Buffer.alloc(8)))],
    ['frames of no known type', repeated(frame(0xee, 0, 0, Buffer.alloc(0)))],
    ['garbage', Buffer.alloc(1_000_000, 0x7f)],
  ])('is cut off when it floods the link with %s', async (_, bytes) => {
    await using fixture = await LinkFixture.listen({ times: { pingMs: 100, awayMsMax: 100 } });
    const socket = await dialFrames(fixture.path, token, (raw) => pour(raw, bytes));
    await closed(socket);
    expect(['protocol', 'unreachable']).toContain((await fixture.link.lost).reason);
  });

  it('is lost when it sends much that carries nothing', async () => {
    await using fixture = await LinkFixture.listen({ times: { pingMs: 50 } });
    const updates = repeated(frame(frameTypes.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1])));
    const more = (raw: Socket) => {
      if (raw.destroyed) return;
      raw.write(updates);
      setTimeout(more, 1, raw);
    };
    await dialFrames(fixture.path, token, more);
    expect(await fixture.link.lost).toMatchObject({ reason: 'protocol' });
  });

  it('is lost when it does not answer pings', async () => {
    await using fixture = await LinkFixture.listen({ times: { pingMs: 50, awayMsMax: 50 } });
    await dialFrames(fixture.path, token, (raw) => raw.pause());
    expect(await fixture.link.lost).toMatchObject({ reason: 'unreachable' });
  });

  it.each([
    ['is malformed', (stream: ServerHttp2Stream) => answer(stream, { type: 1 })],
    ['is no JSON', (stream: ServerHttp2Stream) => void stream.end('nonsense')],
    ['never ends', (stream: ServerHttp2Stream) => pour(stream, Buffer.alloc(65536, 32))],
    [
      'nests without end',
      (stream: ServerHttp2Stream) => {
        const node = '{"type":"a","preview":"","size":1,"children":[{"key":0,"node":';
        stream.respond({ ':status': 200 });
        stream.end(node.repeat(50_000));
      },
    ],
    [
      'is a failure of its own making',
      (stream: ServerHttp2Stream) => {
        stream.respond({ ':status': 500 });
        stream.end('{"code":"run","message":"away"}');
      },
    ],
  ])('is lost when a reply %s', async (_, onQuestion) => {
    await using fixture = await LinkFixture.listen();
    await dialAs(fixture.path, token, { onQuestion });
    const question = fixture.link.agent.inspect({ variable: 'x', path: [], depth: 1 }, patience());
    await expect(question).rejects.toMatchObject({ code: 'sandbox_lost' });
    expect(await fixture.link.lost).toMatchObject({ reason: 'protocol' });
  });

  it('makes a question end at its deadline', async () => {
    await using fixture = await LinkFixture.listen({ times: { requestMsMax: 50 } });
    await dialAs(fixture.path, token, { onQuestion: () => {} });
    const question = fixture.link.agent.variables({ includeValues: false }, patience());
    await expect(question).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('makes a question end at its signal', async () => {
    await using fixture = await LinkFixture.listen();
    const controller = new AbortController();
    await dialAs(fixture.path, token, { onQuestion: () => controller.abort(new Error('enough')) });
    const question = fixture.link.agent.variables({ includeValues: false }, controller.signal);
    await expect(question).rejects.toThrow('enough');
  });

  it('leaves commands waiting without filling memory when it does not read them', async () => {
    await using fixture = await LinkFixture.listen();
    await linked(fixture, (stream) => void stream.pause());
    const code = 'x'.repeat(limits.codeLengthMax / 4);
    for (let i = 0; i < 64; i++) fixture.link.agent.execute(program(`run-${i}`, code));
    expect(fixture.link.connected).toBe(true);
  });

  it('is replaced by a newer dial with the right token only', async () => {
    await using fixture = await LinkFixture.listen();
    const older = await dialAs(fixture.path, token, {});
    await fixture.link.ready(patience());
    await closed(await dialAs(fixture.path, 'a guess', {}));
    expect(older.destroyed).toBe(false);
    await dialAs(fixture.path, token, {});
    await closed(older);
    expect(fixture.link.connected).toBe(true);
  });

  it('cannot promise replies that nobody asked for', async () => {
    await using fixture = await LinkFixture.listen();
    await dialFrames(fixture.path, token, (socket) =>
      socket.write(frame(frameTypes.pushPromise, 4, 3, Buffer.from([0, 0, 0, 2, 0x82]))),
    );
    expect((await fixture.link.lost).reason).toBe('protocol');
  });
});
