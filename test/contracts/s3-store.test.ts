import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { AppError } from '../../src/orchestrator/foundation/errors.ts';
import { openS3Store, type S3StoreOptions } from '../../src/orchestrator/snapshots/s3/s3-store.ts';
import { FakeClock } from '../doubles/fake-clock.ts';
import { type Ask, FaultProxy } from '../helpers/fault-proxy.ts';
import {
  collected,
  hanging,
  pieces,
  randomContent,
  textContent,
} from '../helpers/snapshot-content.ts';
import { S3Server, s3Credentials } from '../helpers/start-s3-server.ts';
import { describeSnapshotStore } from './describe-snapshot-store.ts';

const MiB = 1024 * 1024;
const signal = AbortSignal.timeout(3_600_000);
const options = { sizeBytesMax: 1024 * MiB, signal };
const failed = { name: 'AppError', code: 'storage_failed' };
const damaged = { name: 'AppError', code: 'snapshot_damaged' };

let server: S3Server;
let places = 0;
beforeAll(async () => {
  server = await S3Server.start();
  for (const [name, value] of Object.entries(s3Credentials)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});

/** A place in the bucket that nobody has used. */
function newPrefix(): string {
  return `place-${places++}/`;
}

function openStore(prefix: string, changes: Partial<S3StoreOptions> = {}) {
  return openS3Store({
    bucket: server.bucket,
    endpoint: server.url,
    forcePathStyle: true,
    requestMsMax: 20_000,
    prefix,
    instanceId: 'inst_test',
    clock: systemClock,
    ...changes,
  });
}

describeSnapshotStore('s3', async () => {
  const prefix = newPrefix();
  return {
    open: () => openStore(prefix),
    [Symbol.asyncDispose]: async () =>
      await rm(join(server.bucketDirectory, prefix), { recursive: true, force: true }),
  };
});

describe('a bucket of snapshots', () => {
  let prefix: string;
  let proxy: FaultProxy;
  beforeEach(async () => {
    prefix = newPrefix();
    proxy = await FaultProxy.start(server.url);
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    await rm(join(server.bucketDirectory, prefix), { recursive: true, force: true });
  });

  const openBehindProxy = (changes: Partial<S3StoreOptions> = {}) =>
    openStore(prefix, { endpoint: proxy.url, requestMsMax: 1_000, ...changes });
  const client = () =>
    new S3Client({ endpoint: server.url, forcePathStyle: true, region: 'us-east-1' });

  /** Keys of the tenants' objects. */
  async function objects(): Promise<string[]> {
    const names = await readdir(join(server.bucketDirectory, prefix), {
      recursive: true,
      withFileTypes: true,
    });
    return names
      .filter((entry) => entry.isFile() && /\.(json|pack)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(server.bucketDirectory.length + 1))
      .sort();
  }

  async function packPath(): Promise<string> {
    const key = (await objects()).find((name) => name.endsWith('.pack'));
    return join(server.bucketDirectory, key!);
  }

  async function uploads() {
    const command = new ListMultipartUploadsCommand({ Bucket: server.bucket });
    const { Uploads = [] } = await client().send(command);
    return Uploads.filter(({ Key }) => Key!.startsWith(prefix));
  }

  const isPart = ({ method, path }: Ask) => method === 'PUT' && path.includes('partNumber=');
  const isPackRead = ({ method, path }: Ask) => method === 'GET' && path.includes('.pack');
  const isIndexWrite = ({ method, path }: Ask) => method === 'PUT' && path.includes('.json');

  /** The first `count` requests of that kind fare so. */
  function failFirst(count: number, isMeant: (ask: Ask) => boolean, fault: FaultProxy['fault']) {
    let left = count;
    proxy.fault = (ask) => (isMeant(ask) && left-- > 0 ? fault(ask) : 'pass');
  }

  it('has two objects for a snapshot, below its tenant', async () => {
    const store = await openStore(prefix);
    await store.of('red').put('snap-1', pieces(randomContent(10 * MiB)), options);
    await store.of('red').put('snap-2', pieces(randomContent(10 * MiB)), options);
    expect((await objects()).map((name) => name.replace(/[0-9a-f]{32}/, 'id'))).toEqual([
      `${prefix}red/packs/id.pack`,
      `${prefix}red/snapshots/snap-1.json`,
      `${prefix}red/snapshots/snap-2.json`,
    ]);
    expect(await store.tenants()).toEqual(['red']);
  });

  it('sends a large pack in parts of one size, and reads it in few requests', async () => {
    const store = await openBehindProxy({ requestMsMax: 20_000 });
    const content = randomContent(70 * MiB + 12_345);
    await store.of('red').put('snap-1', pieces(content), options);
    expect(proxy.asked.filter(isPart)).toHaveLength(9);
    expect(await uploads()).toEqual([]);
    const read = await collected(store.of('red').open('snap-1', signal));
    expect(read.equals(content)).toBe(true);
    expect(proxy.asked.filter(isPackRead).length).toBeLessThan(40);
  });

  it.each([
    ['an error of the server', { status: 500, code: 'InternalError' }],
    ['a server that is overloaded', { status: 503, code: 'SlowDown' }],
    ['a connection that breaks', 'lose'],
    ['a server that does not answer', 'hang'],
  ] as const)('tries again after %s', async (_, fault) => {
    const store = await openBehindProxy();
    const content = randomContent(20 * MiB);
    failFirst(2, isPart, () => fault);
    await store.of('red').put('snap-1', pieces(content), options);
    failFirst(2, isPackRead, () => fault);
    const read = await collected(store.of('red').open('snap-1', signal));
    expect(read.equals(content)).toBe(true);
  });

  it.each(['cut', 'stall'] as const)('reads again what came only half: %s', async (fault) => {
    const store = await openBehindProxy();
    const content = randomContent(6 * MiB);
    await store.of('red').put('snap-1', pieces(content), options);
    failFirst(3, isPackRead, () => fault);
    const read = await collected(store.of('red').open('snap-1', signal));
    expect(read.equals(content)).toBe(true);
    expect(proxy.asked.filter(isPackRead).length).toBeGreaterThan(3);
  });

  it('knows a pack is whole although the answer that says so was lost', async () => {
    const store = await openBehindProxy();
    const content = randomContent(20 * MiB);
    const isCompletion = ({ method, path }: Ask) => method === 'POST' && path.includes('uploadId=');
    failFirst(1, isCompletion, () => 'lose');
    await store.of('red').put('snap-1', pieces(content), options);
    expect(proxy.asked.filter(isCompletion).length).toBeGreaterThan(1);
    await store.of('red').verify('snap-1', signal);
  });

  it('leaves nothing of a put whose storage fails for good, says so, and takes the next', async () => {
    const store = await openBehindProxy();
    const snapshots = store.of('red');
    const put = () => snapshots.put('snap-1', pieces(randomContent(20 * MiB)), options);
    for (const isMeant of [isPart, isIndexWrite]) {
      proxy.fault = (ask) => (isMeant(ask) ? { status: 503, code: 'SlowDown' } : 'pass');
      await expect(put()).rejects.toMatchObject(failed);
      expect(await objects()).toEqual([]);
      expect(await uploads()).toEqual([]);
      expect(await snapshots.list()).toEqual([]);
    }
    proxy.fault = () => 'pass';
    await put();
    await snapshots.verify('snap-1', signal);
  });

  it('leaves nothing when the answer to the last write was lost each time', async () => {
    const store = await openBehindProxy();
    proxy.fault = (ask) => (isIndexWrite(ask) ? 'lose' : 'pass');
    const put = store.of('red').put('snap-1', pieces(randomContent(MiB)), options);
    await expect(put).rejects.toMatchObject(failed);
    expect(await objects()).toEqual([]);
  });

  it('ends a put at its deadline while the storage hangs', async () => {
    const store = await openBehindProxy({ requestMsMax: 600_000 });
    const abort = new AbortController();
    proxy.fault = (ask) => {
      if (!isPart(ask)) return 'pass';
      abort.abort(new AppError('shutting_down'));
      return 'hang';
    };
    const put = store
      .of('red')
      .put('snap-1', pieces(randomContent(40 * MiB)), { ...options, signal: abort.signal });
    await expect(put).rejects.toMatchObject({ code: 'shutting_down' });
    expect(await uploads()).toEqual([]);
    expect(await objects()).toEqual([]);
  });

  it('ends an open at its deadline while the storage hangs', async () => {
    const store = await openBehindProxy({ requestMsMax: 600_000 });
    await store.of('red').put('snap-1', pieces(randomContent(MiB)), options);
    const abort = new AbortController();
    proxy.fault = (ask) => {
      if (!isPackRead(ask)) return 'pass';
      abort.abort();
      return 'hang';
    };
    const read = store.of('red').verify('snap-1', abort.signal);
    await expect(read).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('says that there is no room when the storage does', async () => {
    const store = await openBehindProxy();
    proxy.fault = (ask) =>
      ask.method === 'PUT' ? { status: 507, code: 'XMinioStorageFull' } : 'pass';
    const full = { name: 'AppError', code: 'storage_full' };
    const put = store.of('red').put('snap-1', pieces(randomContent(1000)), options);
    await expect(put).rejects.toMatchObject(full);
    await expect(store.check(signal)).rejects.toMatchObject(full);
  });

  it('removes nothing when it cannot read what is needed', async () => {
    const store = await openBehindProxy();
    await store.of('red').put('snap-1', pieces(randomContent(MiB)), options);
    await store.of('red').put('snap-2', pieces(randomContent(MiB, 2)), options);
    await store.of('red').delete('snap-2');
    const before = await objects();
    proxy.fault = ({ method, path }) =>
      method === 'GET' && path.includes('.json') ? { status: 403, code: 'AccessDenied' } : 'pass';
    await expect(store.collect(0, signal)).rejects.toMatchObject(failed);
    expect(await objects()).toEqual(before);
    proxy.fault = () => 'pass';
    expect((await store.collect(0, signal)).filesRemoved).toBe(1);
  });

  it('is ready or not, and does not ask each time', async () => {
    const clock = new FakeClock(Date.now());
    const store = await openBehindProxy({ clock });
    const before = proxy.asked.length;
    for (let i = 0; i < 5; i++) await store.check(signal);
    expect(proxy.asked.length - before).toBe(1);
    clock.advance(11_000);
    proxy.fault = () => ({ status: 403, code: 'AccessDenied' });
    await expect(store.check(signal)).rejects.toMatchObject(failed);
    proxy.fault = () => 'pass';
    await store.check(signal);
  });

  it('finds a damaged object, wherever a bit was flipped, and gives nothing of it out', async () => {
    const content = Buffer.concat([textContent(400_000), randomContent(400_000)]);
    const store = await openStore(prefix);
    const snapshots = store.of('red');
    await snapshots.put('snap-1', pieces(content), options);
    const path = await packPath();
    const { size } = await stat(path);
    for (const position of [0, 70_000, Math.floor(size / 2), size - 1]) {
      const bytes = await readFile(path);
      bytes[position]! ^= 1;
      await writeFile(path, bytes);
      await expect(snapshots.verify('snap-1', signal)).rejects.toMatchObject(damaged);
      const given: Buffer[] = [];
      const read = async () => {
        for await (const piece of snapshots.open('snap-1', signal)) given.push(piece);
      };
      await expect(read()).rejects.toMatchObject(damaged);
      const sound = Buffer.concat(given);
      expect(sound.length).toBeLessThanOrEqual(position === 0 ? 0 : content.length - 1);
      expect(sound.equals(content.subarray(0, sound.length))).toBe(true);
      bytes[position]! ^= 1;
      await writeFile(path, bytes);
    }
    await snapshots.verify('snap-1', signal);
    const Key = path.slice(server.bucketDirectory.length + 1);
    const Body = (await readFile(path)).subarray(0, size - 1);
    await client().send(new PutObjectCommand({ Bucket: server.bucket, Key, Body }));
    await expect(snapshots.verify('snap-1', signal)).rejects.toMatchObject(damaged);
    await client().send(new DeleteObjectCommand({ Bucket: server.bucket, Key }));
    await expect(snapshots.verify('snap-1', signal)).rejects.toMatchObject(damaged);
    // What comes later does not build on it.
    await snapshots.put('snap-2', pieces(content), options);
    await snapshots.verify('snap-2', signal);
    const index = join(server.bucketDirectory, prefix, 'red/snapshots/snap-2.json');
    const text = await readFile(index);
    text[100]! ^= 1;
    await writeFile(index, text);
    await expect(snapshots.verify('snap-2', signal)).rejects.toMatchObject(damaged);
  });

  it('removes uploads that died, when they are old enough, and no upload of a running put', async () => {
    const clock = new FakeClock(Date.now());
    const store = await openStore(prefix, { clock });
    const dead = { Bucket: server.bucket, Key: `${prefix}red/packs/${'a'.repeat(32)}.pack` };
    const { UploadId } = await client().send(new CreateMultipartUploadCommand(dead));
    await client().send(
      new UploadPartCommand({ ...dead, UploadId, PartNumber: 1, Body: Buffer.alloc(1000) }),
    );
    await store.of('red').put('snap-1', pieces(randomContent(1000)), options);
    const { content, reached } = hanging(randomContent(30 * MiB));
    const abort = new AbortController();
    const putting = store.of('red').put('snap-2', content, { ...options, signal: abort.signal });
    await reached;
    await vi.waitFor(async () => expect(await uploads()).toHaveLength(2));

    expect(await store.collect(60_000, signal)).toMatchObject({ filesRemoved: 0 });
    clock.advance(61_000);
    expect(await store.collect(60_000, signal)).toMatchObject({ filesRemoved: 1 });
    expect((await uploads()).map(({ Key }) => Key)).not.toContain(dead.Key);
    expect(await uploads()).toHaveLength(1);
    abort.abort();
    await expect(putting).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(await uploads()).toEqual([]);
    await store.of('red').verify('snap-1', signal);
  });

  describe('at the start', () => {
    it('says that there is no such bucket', async () => {
      const opened = openStore(prefix, { bucket: 'no-such-bucket' });
      await expect(opened).rejects.toMatchObject({
        name: 'StartError',
        message: expect.stringMatching(/no-such-bucket cannot be used: .*NoSuchBucket/),
      });
    });

    it('says that it cannot be reached', async () => {
      const opened = openStore(prefix, { endpoint: 'http://127.0.0.1:9' });
      await expect(opened).rejects.toMatchObject({
        name: 'StartError',
        message: expect.stringContaining('ECONNREFUSED'),
      });
    });

    it.each([
      ['key', 'AWS_ACCESS_KEY_ID', 'another-access-key', /InvalidAccessKeyId/],
      ['secret', 'AWS_SECRET_ACCESS_KEY', 'another-secret-key-01234', /SignatureDoesNotMatch/],
    ])('refuses a wrong %s, and repeats none', async (_, name, value, expected) => {
      vi.stubEnv(name, value);
      try {
        const error: Error = await openStore(prefix).then(
          () => expect.unreachable(),
          (error) => error,
        );
        expect(error).toMatchObject({
          name: 'StartError',
          message: expect.stringMatching(expected),
        });
        for (const secret of [value, ...Object.values(s3Credentials)])
          for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
            expect(JSON.stringify([cause, cause.message, cause.stack])).not.toContain(secret);
      } finally {
        vi.stubEnv(name, s3Credentials[name as keyof typeof s3Credentials]);
      }
    });

    it('says that there are no credentials', async () => {
      vi.stubEnv('AWS_ACCESS_KEY_ID', '');
      try {
        await expect(openStore(prefix)).rejects.toMatchObject({
          name: 'StartError',
          message: expect.stringContaining('CredentialsProviderError'),
        });
      } finally {
        vi.stubEnv('AWS_ACCESS_KEY_ID', s3Credentials.AWS_ACCESS_KEY_ID);
      }
    });

    it('refuses a place that another instance has, and takes its own again', async () => {
      await openStore(prefix);
      await openStore(prefix);
      await expect(openStore(prefix, { instanceId: 'inst_other' })).rejects.toMatchObject({
        name: 'StartError',
        message: expect.stringContaining('another instance'),
      });
      await openStore(newPrefix(), { instanceId: 'inst_other' });
    });
  });

  it('takes about the same memory for a small snapshot and for a large one', async () => {
    const program = join(import.meta.dirname, '../helpers/snapshot-memory.ts');
    const sizes = [64 * MiB, 256 * MiB].map(String);
    const place = JSON.stringify({ endpoint: server.url, bucket: server.bucket, prefix });
    const { stdout } = await promisify(execFile)(process.execPath, [program, place, ...sizes]);
    expect(JSON.parse(stdout).grownBytes).toBeLessThan(128 * MiB);
  });
});
