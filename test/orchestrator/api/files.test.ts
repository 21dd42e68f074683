// Files over HTTP: what RFC 9110 says of them, and what a client may not do.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checker } from '../../../src/orchestrator/api/schemas/checker.ts';
import { FileItem, FileList } from '../../../src/orchestrator/api/schemas/reply.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const developer = keyOf('developer');
const base = '/api/sessions/demo/files';
const text = 'abcdefghij';

let api: ApiFixture;
beforeEach(async () => {
  api = await ApiFixture.open();
  api.sessions.add({ name: 'demo' });
  api.files.held.set('a.txt', Buffer.from(text));
});
afterEach(() => api.server.close());

type Method = 'GET' | 'HEAD' | 'PUT' | 'DELETE' | 'POST';
const ask = (
  method: Method,
  path: string,
  headers: Record<string, string> = {},
  payload?: string,
) =>
  api.server.inject({
    method,
    url: `${base}${path}`,
    headers: { ...developer, ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
const tag = () => `"${api.files.tagOf('a.txt')}"`;
const date = 'Thu, 01 Jan 2026 00:00:00 GMT';

describe('a file', () => {
  it('is sent as bytes that no browser takes for a page', async () => {
    const reply = await ask('GET', '/a.txt');
    expect(reply.statusCode).toBe(200);
    expect(reply.body).toBe(text);
    expect(reply.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '10',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': `attachment; filename="a.txt"; filename*=UTF-8''a.txt`,
      'accept-ranges': 'bytes',
      etag: tag(),
      'last-modified': date,
    });
  });

  it('that is HTML is no exception', async () => {
    api.files.held.set('page.html', Buffer.from('<script>alert(1)</script>'));
    const reply = await ask('GET', '/page.html', { accept: 'text/html' });
    expect(reply.headers['content-type']).toBe('application/octet-stream');
  });

  it('has a name in its reply that breaks out of nothing', async () => {
    const name = 'é"\\\r\n; x=y\'*.txt';
    api.files.held.set(`d/${name}`, Buffer.from(text));
    const reply = await ask('GET', `/d/${encodeURIComponent(name)}`);
    const disposition = String(reply.headers['content-disposition']);
    expect(disposition).toBe(
      `attachment; filename="_____; x=y'*.txt"; filename*=UTF-8''%C3%A9%22%5C%0D%0A%3B%20x%3Dy%27%2A.txt`,
    );
  });

  it('answers HEAD with the same headers and no bytes', async () => {
    const get = await ask('GET', '/a.txt');
    const head = await ask('HEAD', '/a.txt');
    expect(head.statusCode).toBe(200);
    expect(head.body).toBe('');
    for (const name of ['etag', 'last-modified', 'content-length', 'content-type', 'accept-ranges'])
      expect(head.headers[name]).toBe(get.headers[name]);
  });

  it('may be empty', async () => {
    api.files.held.set('empty', Buffer.alloc(0));
    const reply = await ask('GET', '/empty');
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['content-length']).toBe('0');
    expect(reply.body).toBe('');
  });

  it('that breaks off is a broken transfer, not a shorter file', async () => {
    const { read } = api.files;
    api.files.read = async (path) => ({
      ...(await read.call(api.files, path)),
      content: async function* () {
        yield Buffer.from(text.slice(0, 4));
        throw new AppError('sandbox_lost');
      },
    });
    const url = await api.listen();
    await expect(
      fetch(`${url}${base}/a.txt`, { headers: developer }).then((reply) => reply.text()),
    ).rejects.toThrow();
  });
});

describe('a range', () => {
  it.each([
    ['bytes=0-0', 'a', 'bytes 0-0/10'],
    ['bytes=2-4', 'cde', 'bytes 2-4/10'],
    ['bytes=8-', 'ij', 'bytes 8-9/10'],
    ['bytes=8-99', 'ij', 'bytes 8-9/10'],
    ['bytes=-3', 'hij', 'bytes 7-9/10'],
    ['bytes=-99', text, 'bytes 0-9/10'],
    ['BYTES=2-4', 'cde', 'bytes 2-4/10'],
  ])('%s is %s', async (range, body, contentRange) => {
    const reply = await ask('GET', '/a.txt', { range });
    expect(reply.statusCode).toBe(206);
    expect(reply.body).toBe(body);
    expect(reply.headers['content-range']).toBe(contentRange);
    expect(reply.headers['content-length']).toBe(String(body.length));
  });

  it.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])('%s is nothing', async (range) => {
    const reply = await ask('GET', '/a.txt', { range });
    expect(reply.statusCode).toBe(416);
    expect(reply.headers['content-range']).toBe('bytes */10');
    expect(reply.json().code).toBe('range_not_satisfiable');
  });

  it.each(['bytes=4-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=', 'bytes=-', 'bytes=a-b', 'x'])(
    '%s is no range that we know: all is sent',
    async (range) => {
      const reply = await ask('GET', '/a.txt', { range });
      expect(reply.statusCode).toBe(200);
      expect(reply.body).toBe(text);
    },
  );

  it('is of the file that the client knows, or all is sent', async () => {
    const rangeIf = async (condition: string) =>
      (await ask('GET', '/a.txt', { range: 'bytes=1-2', 'if-range': condition })).statusCode;
    expect(await rangeIf(tag())).toBe(206);
    expect(await rangeIf(`W/${tag()}`)).toBe(200);
    expect(await rangeIf('"other"')).toBe(200);
    expect(await rangeIf(date)).toBe(206);
    expect(await rangeIf('Thu, 01 Jan 2026 00:00:01 GMT')).toBe(200);
  });
});

describe('a condition', () => {
  const earlier = 'Wed, 31 Dec 2025 23:59:59 GMT';
  it.each([
    [{ 'if-none-match': () => tag() }, 304],
    [{ 'if-none-match': () => `W/${tag()}` }, 304],
    [{ 'if-none-match': () => `"x", ${tag()}` }, 304],
    [{ 'if-none-match': () => '*' }, 304],
    [{ 'if-none-match': () => '"x"' }, 200],
    [{ 'if-match': () => tag() }, 200],
    [{ 'if-match': () => '*' }, 200],
    [{ 'if-match': () => `W/${tag()}` }, 412],
    [{ 'if-match': () => '"x"' }, 412],
    [{ 'if-modified-since': () => date }, 304],
    [{ 'if-modified-since': () => earlier }, 200],
    [{ 'if-modified-since': () => 'no date' }, 200],
    [{ 'if-modified-since': () => date, 'if-none-match': () => '"x"' }, 200],
    [{ 'if-unmodified-since': () => date }, 200],
    [{ 'if-unmodified-since': () => earlier }, 412],
    [{ 'if-unmodified-since': () => earlier, 'if-match': () => '*' }, 200],
  ] as [Record<string, () => string>, number][])('of a reader, %s', async (conditions, status) => {
    const headers = Object.fromEntries(
      Object.entries(conditions).map(([name, value]) => [name, value()]),
    );
    for (const method of ['GET', 'HEAD'] as const) {
      const reply = await ask(method, '/a.txt', headers);
      expect(reply.statusCode).toBe(status);
      if (status === 304) {
        expect(reply.body).toBe('');
        expect(reply.headers.etag).toBe(tag());
      }
    }
  });

  it('of a writer keeps what somebody else has changed', async () => {
    expect((await ask('PUT', '/a.txt', { 'if-none-match': '*' }, 'x')).statusCode).toBe(412);
    expect((await ask('PUT', '/a.txt', { 'if-match': '"other"' }, 'x')).statusCode).toBe(412);
    expect((await ask('PUT', '/none', { 'if-match': '*' }, 'x')).statusCode).toBe(412);
    expect((await ask('DELETE', '/a.txt', { 'if-match': '"other"' })).statusCode).toBe(412);
    expect(api.files.held.get('a.txt')!.toString()).toBe(text);
    const made = await ask('PUT', '/new', { 'if-none-match': '*' }, 'x');
    expect(made.statusCode).toBe(201);
    const again = await ask('PUT', '/new', { 'if-match': String(made.headers.etag) }, 'y');
    expect(again.statusCode).toBe(200);
    expect(
      (await ask('DELETE', '/new', { 'if-match': String(made.headers.etag) })).statusCode,
    ).toBe(412);
  });

  it('of a writer is held against the file once more when it is changed', async () => {
    const status = api.files.status.bind(api.files);
    api.files.status = async (request) => {
      const seen = await status(request);
      api.files.held.set('a.txt', Buffer.from('in between'));
      return seen;
    };
    const reply = await ask('PUT', '/a.txt', { 'if-match': tag() }, 'mine');
    expect(reply.statusCode).toBe(412);
    expect(api.files.held.get('a.txt')!.toString()).toBe('in between');
  });
});

describe('writing', () => {
  it('makes a file and replaces it, whatever type it is said to have', async () => {
    for (const [type, status] of [
      ['application/json', 201],
      ['text/html', 200],
      ['', 200],
    ] as const) {
      const headers = type === '' ? {} : { 'content-type': type };
      const reply = await ask('PUT', '/d/b.json', headers, '{"__proto__": nonsense');
      expect(reply.statusCode).toBe(status);
      expect(new Checker(FileItem).fields(reply.json())).toEqual([]);
      expect(reply.json()).toMatchObject({ path: 'd/b.json', sizeBytes: 22, mode: '0644' });
      expect(reply.headers.etag).toBe(`"${api.files.tagOf('d/b.json')}"`);
    }
    expect(api.files.held.get('d/b.json')!.toString()).toBe('{"__proto__": nonsense');
  });

  it('nothing makes an empty file', async () => {
    expect((await ask('PUT', '/empty')).statusCode).toBe(201);
    expect(api.files.held.get('empty')).toHaveLength(0);
  });

  it('refuses what cannot fit before it is sent, and a part of a file', async () => {
    const large = { 'content-length': String(1024 ** 4) };
    const reply = await ask('PUT', '/large', large, 'x');
    expect(reply.statusCode).toBe(413);
    expect(reply.json().code).toBe('payload_too_large');
    const part = await ask('PUT', '/a.txt', { 'content-range': 'bytes 0-0/10' }, 'x');
    expect(part.statusCode).toBe(400);
    expect(api.files.given).toEqual([]);
  });

  it.each([
    [
      'at once',
      () =>
        (api.files.write = async () => {
          throw new AppError('workspace_full');
        }),
    ],
    [
      'in the middle',
      () =>
        (api.files.write = async (_request, content) => {
          for await (const _ of content) throw new AppError('workspace_full');
          throw new Error('no content came');
        }),
    ],
    [
      'while more of it is awaited',
      () =>
        (api.files.write = async (_request, content) => {
          const pieces = content[Symbol.asyncIterator]();
          await pieces.next();
          void (async () => {
            for (let i = 0; i < 5; i++) await pieces.next();
            await pieces.return?.();
          })();
          throw new AppError('workspace_full');
        }),
    ],
  ])('that is refused %s says so to a client that sends on', async (_, refuse) => {
    refuse();
    const url = await api.listen();
    for (let i = 0; i < 5; i++) {
      const reply = await fetch(`${url}${base}/large`, {
        method: 'PUT',
        headers: developer,
        body: Buffer.alloc(20_000_000),
      });
      expect(reply.status).toBe(507);
      expect(((await reply.json()) as { code: string }).code).toBe('workspace_full');
    }
  });

  it('is cancelled when the client goes', async () => {
    const failed = Promise.withResolvers<unknown>();
    const { write } = api.files;
    api.files.write = (request, content) =>
      write.call(api.files, request, content).catch((error: unknown) => {
        failed.resolve(error);
        throw error;
      });
    const socket = connect(Number(new URL(await api.listen()).port), '127.0.0.1');
    await once(socket, 'connect');
    const head = `PUT ${base}/cut HTTP/1.1\r\nhost: localhost\r\n`;
    socket.write(
      `${head}authorization: ${developer.authorization}\r\ncontent-length: 100\r\n\r\nhalf`,
    );
    await expect.poll(() => api.files.given.length).toBe(1);
    socket.destroy();
    expect(await failed.promise).toBeInstanceOf(Error);
    expect(api.files.held.has('cut')).toBe(false);
  });
});

describe('deleting', () => {
  it('answers 204, and takes directories only when told', async () => {
    expect((await ask('DELETE', '/a.txt')).statusCode).toBe(204);
    expect((await ask('DELETE', '/a.txt')).statusCode).toBe(404);
    await ask('DELETE', '/d?recursive=true');
    expect(api.files.given.map((each) => Reflect.get(each as object, 'recursive'))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('a list', () => {
  it('is a page of entries', async () => {
    const reply = await ask('GET', '?path=&recursive=true&limit=1&offset=0');
    expect(new Checker(FileList).fields(reply.json())).toEqual([]);
    expect(reply.json()).toEqual({
      items: [
        {
          path: 'a.txt',
          type: 'file',
          sizeBytes: 10,
          modifiedAt: '2026-01-01T00:00:00.000Z',
          mode: '0644',
        },
      ],
      total: 1,
      limit: 1,
      offset: 0,
    });
  });

  it.each(['?limit=0', '?limit=201', '?offset=-1', '?recursive=perhaps', '?depth=1'])(
    'refuses %s',
    async (query) => {
      expect((await ask('GET', query)).statusCode).toBe(400);
      expect(api.files.given).toEqual([]);
    },
  );
});

describe('a refusal', () => {
  it.each([
    ['path_refused', 400],
    ['file_not_found', 404],
    ['is_directory', 409],
    ['not_directory', 409],
    ['directory_not_empty', 409],
    ['file_unusable', 409],
    ['payload_too_large', 413],
    ['workspace_full', 507],
  ] as const)('%s is told as %i', async (code, status) => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'] as const) {
      api.files.failure = new AppError(code);
      const reply = await ask(method, '/d/x', {}, method === 'PUT' ? 'x' : undefined);
      expect(reply.statusCode).toBe(status);
      if (method !== 'HEAD') expect(reply.json().code).toBe(code);
    }
  });

  it('comes for every path that is none, as it was sent', async () => {
    const sent: [string, string][] = [
      ['/../../../etc/passwd', '../../../etc/passwd'],
      ['/%2e%2e/%2e%2e/etc/passwd', '../../etc/passwd'],
      ['/..%2f..%2fetc%2fpasswd', '../../etc/passwd'],
      ['/%2fetc%2fpasswd', '/etc/passwd'],
      ['/a%00b', 'a\0b'],
      ['/%252e%252e/x', '%2e%2e/x'],
      ['//etc/passwd', '/etc/passwd'],
    ];
    for (const [raw, path] of sent) {
      api.files.failure = new AppError('path_refused');
      expect(await rawStatus(raw)).toBe(400);
      // What is decoded twice would be another path: the sandbox is asked for what was decoded once.
      expect(api.files.given.at(-1)).toEqual({ path });
    }
    for (const raw of ['/%zz', '/%', '/%e0%a4%a', '/%ff'])
      expect(await rawStatus(raw)).toBeGreaterThanOrEqual(400);
    expect(api.files.given).toHaveLength(sent.length);
    expect(await rawStatus(`/${'x'.repeat(5000)}`)).toBe(400);
    expect(await rawStatus('/')).toBe(400);
    expect(api.files.given).toHaveLength(sent.length);
  });
});

/** The status of a GET whose path goes out letter by letter: other clients make paths tidy first. */
async function rawStatus(path: string): Promise<number> {
  const socket = connect(Number(new URL(await api.listen()).port), '127.0.0.1');
  const head = `GET ${base}${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n`;
  socket.write(`${head}authorization: ${developer.authorization}\r\n\r\n`);
  let reply = '';
  for await (const chunk of socket) reply += chunk;
  return Number(reply.split(' ')[1]);
}
