// States on their way over the link: whole or not at all, whatever the agent does.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Stream, constants, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wholeTrailer } from '#protocol';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { LinkConnection } from '../../../src/orchestrator/sandbox/link-connection.ts';
import { upload } from '../../../src/orchestrator/sandbox/link-transfer.ts';
import { answer, dialAs } from '../../doubles/hostile-agent.ts';
import { collect } from '../../helpers/archives.ts';
import { LinkFixture, patience, token } from '../../helpers/link-fixture.ts';

/** ms that a transfer may stand still where it is to be given up. */
const impatience = 200;
const never = new Promise<void>(() => {});

async function withAgent(
  onQuestion: (stream: ServerHttp2Stream) => void,
  work: (fixture: LinkFixture) => Promise<void>,
  transferIdleMsMax = 20_000,
): Promise<void> {
  await using fixture = await LinkFixture.listen({ times: { transferIdleMsMax } });
  const socket = await dialAs(fixture.path, token, { onQuestion });
  try {
    await fixture.link.ready(patience());
    await work(fixture);
  } finally {
    socket.destroy();
  }
}

function send(stream: ServerHttp2Stream, bytes: Buffer): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ [wholeTrailer]: 'yes' }));
  stream.end(bytes);
}

function fail(stream: ServerHttp2Stream, status: number, failure: unknown): void {
  stream.respond({ ':status': status });
  stream.end(JSON.stringify(failure));
}

const state = randomBytes(3_000_000);

describe('a state that is taken', () => {
  it('comes whole', async () => {
    await withAgent(
      (stream) => send(stream, state),
      async ({ link }) => {
        const taken = await collect(link.agent.snapshot(patience()));
        expect(taken.equals(state)).toBe(true);
      },
    );
  });

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['cancels', (stream) => stream.close(constants.NGHTTP2_CANCEL)],
    ['ends', (stream) => stream.end()],
    ['gives up', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
    ['breaks the link', (stream) => stream.session!.destroy()],
  ])('is none when the agent %s in the middle', async (_, breakOff) => {
    await withAgent(
      (stream) => {
        stream.respond({ ':status': 200 });
        stream.write(state.subarray(0, 100_000), () => breakOff(stream));
      },
      async ({ link }) => {
        await expect(collect(link.agent.snapshot(patience()))).rejects.toMatchObject({
          code: 'sandbox_lost',
        });
      },
    );
  });

  it('is given up when it stands still', async () => {
    await withAgent(
      (stream) => {
        stream.respond({ ':status': 200 });
        stream.write('a little');
      },
      async ({ link }) => {
        await expect(collect(link.agent.snapshot(patience()))).rejects.toMatchObject({
          code: 'deadline_exceeded',
        });
      },
      impatience,
    );
  });

  it('is given up when nobody wants it any more', async () => {
    await withAgent(
      (stream) => send(stream, state),
      async ({ link }) => {
        const reason = new AppError('shutting_down');
        const giveUp = new AbortController();
        const taking = (async () => {
          for await (const _ of link.agent.snapshot(giveUp.signal)) giveUp.abort(reason);
        })();
        await expect(taking).rejects.toBe(reason);
        expect((await collect(link.agent.snapshot(patience()))).byteLength).toBe(state.byteLength);
      },
    );
  });

  it('that the agent refuses is refused with its reason', async () => {
    await withAgent(
      (stream) => fail(stream, 413, { code: 'archive_too_large', message: 'too many files' }),
      async ({ link }) => {
        await expect(collect(link.agent.snapshot(patience()))).rejects.toMatchObject({
          code: 'snapshot_too_large',
        });
      },
    );
  });

  it.each([
    ['is no failure', (stream: ServerHttp2Stream) => fail(stream, 500, { anything: 1 })],
    ['never ends', (stream: ServerHttp2Stream) => fail(stream, 500, 'x'.repeat(5_000_000))],
  ])('costs the link when the refusal %s', async (_, refuse) => {
    await withAgent(refuse, async ({ link }) => {
      await expect(collect(link.agent.snapshot(patience()))).rejects.toMatchObject({
        code: 'sandbox_lost',
      });
    });
  });
});

describe('a state that is brought back', () => {
  const piecesOf = async function* (bytes: Buffer) {
    for (let start = 0; start < bytes.byteLength; start += 50_000)
      yield bytes.subarray(start, start + 50_000);
  };

  it('arrives whole', async () => {
    let arrived = Buffer.alloc(0);
    await withAgent(
      (stream) =>
        void collect(stream).then((bytes) => {
          arrived = Buffer.from(bytes);
          answer(stream, {});
        }),
      async ({ link }) => {
        await link.agent.restore(piecesOf(state), { fork: false }, patience());
        expect(arrived.equals(state)).toBe(true);
      },
    );
  });

  it('is not read further than the agent takes it', async () => {
    let read = 0;
    const endless = async function* () {
      for (;;) {
        read += 50_000;
        yield Buffer.alloc(50_000);
      }
    };
    await withAgent(
      () => {},
      async ({ link }) => {
        const restoring = link.agent.restore(endless(), { fork: false }, patience());
        await expect(restoring).rejects.toMatchObject({ code: 'deadline_exceeded' });
        expect(read).toBeLessThan(2_000_000);
      },
      impatience,
    );
  });

  const pieces = async function* () {
    yield Buffer.alloc(1000);
  };

  it('is read no further when the agent refuses it', async () => {
    const slow = async function* () {
      yield Buffer.alloc(1000);
      await never;
    };
    await withAgent(
      (stream) => fail(stream, 400, { code: 'archive_refused', message: 'a device' }),
      async ({ link }) => {
        await expect(link.agent.restore(slow(), { fork: true }, patience())).rejects.toMatchObject({
          code: 'snapshot_refused',
        });
      },
    );
  });

  it('says which fault the agent found, in words of ours', async () => {
    const said = { code: 'archive_refused', message: 'sandbox words', fault: 'entry_kind_refused' };
    await withAgent(
      (stream) => fail(stream, 422, said),
      async ({ link }) => {
        const restoring = link.agent.restore(pieces(), { fork: true }, patience());
        await expect(restoring).rejects.toMatchObject({
          code: 'snapshot_refused',
          reason: 'entry_kind_refused',
          detail: expect.not.stringContaining('sandbox words'),
        });
      },
    );
  });

  it('costs the link when the fault is none of the list', async () => {
    const said = { code: 'archive_refused', message: '', fault: 'anything' };
    await withAgent(
      (stream) => fail(stream, 422, said),
      async ({ link }) => {
        const restoring = link.agent.restore(pieces(), { fork: true }, patience());
        await expect(restoring).rejects.toMatchObject({ code: 'sandbox_lost' });
      },
    );
  });

  it('fails with what its source fails with', async () => {
    const damaged = async function* () {
      yield Buffer.alloc(1000);
      throw new AppError('snapshot_damaged');
    };
    await withAgent(
      (stream) => stream.resume(),
      async ({ link }) => {
        await expect(
          link.agent.restore(damaged(), { fork: false }, patience()),
        ).rejects.toMatchObject({ code: 'snapshot_damaged' });
      },
    );
  });

  it('fails once, and nowhere else, when the link breaks before anything was too much', async () => {
    const server = createServer();
    const path = join(tmpdir(), `transfer-${process.pid}.sock`);
    server.listen(path);
    const dialled = once(server, 'connection') as Promise<[Socket]>;
    const agent = await dialAs(path, token, { onQuestion: () => {} });
    const [socket] = await dialled;
    const connection = new LinkConnection(socket, {
      clock: systemClock,
      pingMs: 60_000,
      onClose: () => {},
    });
    let stream: ClientHttp2Stream | null = null;
    const link = {
      open: (to: string) => (stream = connection.open(to, { trailers: true })),
      received() {},
      sent() {},
    };
    const breaking = async function* () {
      yield Buffer.from('x');
      // What a connection that was reset does to its streams.
      stream?.destroy(new Error('read ECONNRESET'));
      await never;
    };
    const options = { clock: systemClock, idleMsMax: 20_000, signal: patience() };
    await expect(upload(link, '/restore', breaking(), options)).rejects.toThrow('cut off');
    connection.destroy();
    agent.destroy();
    server.close();
  });
});
