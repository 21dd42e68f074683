// Files over the link: with the real agent, and with agents that say one thing and do another.
import { randomBytes } from 'node:crypto';
import type { ServerHttp2Stream } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileStatus, wholeTrailer } from '#protocol';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { answer, dialAs } from '../../doubles/hostile-agent.ts';
import { collect } from '../../helpers/archives.ts';
import { LinkFixture, patience, token } from '../../helpers/link-fixture.ts';

const piecesOf = async function* (bytes: Buffer, pieceBytes = 50_000) {
  for (let start = 0; start < bytes.byteLength; start += pieceBytes)
    yield bytes.subarray(start, start + pieceBytes);
};

describe('files of an agent', () => {
  let fixture: LinkFixture;
  beforeAll(async () => {
    fixture = await LinkFixture.listen();
    await fixture.startAgent();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());
  const files = () => fixture.link.agent.files;
  const bytes = randomBytes(3_000_000);

  const readAll = async (path: string): Promise<Buffer> => {
    const { status, content } = await files().read(path, patience());
    return collect(content({ offset: 0, length: status.sizeBytes }) as AsyncIterable<Buffer>);
  };

  it('are written, listed, read in part and removed', async () => {
    const { created, status } = await files().write(
      { path: 'd/a.bin' },
      piecesOf(bytes),
      patience(),
    );
    expect(created).toBe(true);
    expect(await files().status({ path: 'd/a.bin', follow: true }, patience())).toEqual(status);
    expect((await readAll('d/a.bin')).equals(bytes)).toBe(true);
    const { content } = await files().read('d/a.bin', patience());
    const part = await collect(content({ offset: 1_000_001, length: 5 }) as AsyncIterable<Buffer>);
    expect(part.equals(bytes.subarray(1_000_001, 1_000_006))).toBe(true);
    const request = { path: 'd', recursive: false, limit: 10, offset: 0 };
    const { items } = await files().list(request, patience());
    expect(items).toMatchObject([{ path: 'd/a.bin', sizeBytes: bytes.byteLength }]);
    await files().remove({ path: 'd', recursive: true }, patience());
    await expect(files().read('d/a.bin', patience())).rejects.toMatchObject({
      code: 'file_not_found',
    });
  });

  it('may be empty', async () => {
    await files().write({ path: 'empty' }, piecesOf(Buffer.alloc(0)), patience());
    expect(await readAll('empty')).toHaveLength(0);
  });

  it('are as they were when their new content breaks off', async () => {
    await files().write({ path: 'kept' }, piecesOf(Buffer.from('old')), patience());
    const broken = async function* () {
      yield bytes.subarray(0, 1_000_000);
      throw new AppError('invalid_request');
    };
    await expect(files().write({ path: 'kept' }, broken(), patience())).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect((await readAll('kept')).toString()).toBe('old');
  });

  it('that cannot be are refused before their content is sent', async () => {
    let sent = 0;
    const endless = async function* () {
      for (;;) {
        sent += 50_000;
        yield Buffer.alloc(50_000);
      }
    };
    await expect(files().write({ path: '../a' }, endless(), patience())).rejects.toMatchObject({
      code: 'path_refused',
    });
    expect(sent).toBeLessThan(3_000_000);
  });

  it('can be opened and left alone, over and over', async () => {
    await files().write({ path: 'large' }, piecesOf(bytes), patience());
    for (let i = 0; i < 100; i++) await (await files().read('large', patience())).close();
    expect((await readAll('large')).equals(bytes)).toBe(true);
  });
});

const said: FileStatus = { type: 'file', sizeBytes: 1000, modifiedMs: 1, mode: 0o644, tag: 't' };

/** Says a status, and after the second line of the request whatever the test likes. */
function reading(status: unknown, then: (stream: ServerHttp2Stream) => void) {
  return (stream: ServerHttp2Stream) => {
    let lines = 0;
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ [wholeTrailer]: 'yes' }));
    stream.write(`${JSON.stringify(status)}\n`);
    stream.on('data', (bytes: Buffer) => {
      lines += bytes.toString().split('\n').length - 1;
      if (lines === 2) then(stream);
    });
  };
}

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

describe('a file of an agent that', () => {
  const readIt = async ({ link }: LinkFixture) => {
    const { content } = await link.agent.files.read('a', patience());
    let bytes = 0;
    for await (const chunk of content({ offset: 0, length: 1000 })) bytes += chunk.byteLength;
    return bytes;
  };

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['sends more than it said', (stream) => void stream.end(Buffer.alloc(1001))],
    ['sends less than it said', (stream) => void stream.end(Buffer.alloc(999))],
    ['sends without end', (stream) => pour(stream)],
    ['ends at once', (stream) => void stream.end()],
    ['breaks the link', (stream) => stream.session!.destroy()],
    ['gives up', (stream) => stream.close(2)],
  ])('%s is lost, and so is its sandbox', async (_, then) => {
    await withAgent(reading(said, then), async (fixture) => {
      await expect(readIt(fixture)).rejects.toMatchObject({ code: 'sandbox_lost' });
    });
  });

  it('stands still is given up', async () => {
    await withAgent(
      reading(said, (stream) => void stream.write('a little')),
      async (fixture) => {
        await expect(readIt(fixture)).rejects.toMatchObject({ code: 'deadline_exceeded' });
      },
      200,
    );
  });

  it.each([
    ['is no file', { ...said, type: 'directory' }],
    ['has an impossible size', { ...said, sizeBytes: -1 }],
    ['has more to say than it may', { ...said, tag: 'x'.repeat(100_000) }],
    ['is nothing at all', 'x'],
  ])('%s is no file', async (_, status) => {
    await withAgent(
      reading(status, () => {}),
      async ({ link }) => {
        await expect(link.agent.files.read('a', patience())).rejects.toMatchObject({
          code: 'sandbox_lost',
        });
      },
    );
  });

  it.each([
    ['lists more than was asked for', { items: [entry('a'), entry('b')], total: 2 }],
    ['lists what is no entry', { items: [{ path: 'a' }], total: 1 }],
  ])('%s is not believed', async (_, reply) => {
    await withAgent(
      (stream) => answer(stream, reply),
      async ({ link }) => {
        const request = { path: '', recursive: false, limit: 1, offset: 0 };
        await expect(link.agent.files.list(request, patience())).rejects.toMatchObject({
          code: 'sandbox_lost',
        });
      },
    );
  });

  it('says anything about a file that it was given is not believed', async () => {
    await withAgent(
      (stream) => {
        stream.resume();
        stream.on('end', () => answer(stream, { created: 'perhaps' }));
      },
      async ({ link }) => {
        const writing = link.agent.files.write(
          { path: 'a' },
          piecesOf(Buffer.from('x')),
          patience(),
        );
        await expect(writing).rejects.toMatchObject({ code: 'sandbox_lost' });
      },
    );
  });
});

function entry(path: string) {
  return { path, type: 'file', sizeBytes: 1, modifiedMs: 1, mode: 0o644 };
}

function pour(stream: ServerHttp2Stream): void {
  const chunk = Buffer.alloc(65_536);
  const write = () => {
    while (!stream.destroyed && stream.write(chunk));
  };
  stream.on('drain', write);
  write();
}
