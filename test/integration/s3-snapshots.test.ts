// A service that keeps its snapshots in a bucket: what its users see is the same.
import { readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything, probe, step } from '../helpers/everything.ts';
import { S3Server, s3Credentials } from '../helpers/start-s3-server.ts';
import { type Service, startService } from '../helpers/start-service.ts';

let server: S3Server;
let service: Service;
beforeAll(async () => {
  server = await S3Server.start();
  service = await startService({
    ...s3Credentials,
    CELLAR_SNAPSHOT_STORE: 's3',
    CELLAR_S3_BUCKET: server.bucket,
    CELLAR_S3_PREFIX: 'cellar/',
    CELLAR_S3_ENDPOINT: server.url,
    CELLAR_S3_FORCE_PATH_STYLE: 'true',
    CELLAR_SNAPSHOT_CLEANING_MS: '1000',
    CELLAR_ORPHAN_GRACE_MS: '0',
  });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function objects(): Promise<string[]> {
  const names = await readdir(server.bucketDirectory, { recursive: true });
  return names.filter((name) => /\.(json|pack)$/.test(name) && !name.includes('.nanio'));
}

async function resultOf(id: string, code: string): Promise<unknown> {
  const execution = await service.execute(id, code);
  expect(execution.error).toBeUndefined();
  return execution.result.value;
}

describe('a session whose states lie in a bucket', () => {
  it('hibernates, comes back, is rolled back, survives a restart, and leaves no object when it goes', async () => {
    const post = (path: string, body?: unknown) => service.request('POST', path, body);
    const { id } = await service.createSession();
    await service.execute(id, everything);
    const before = await resultOf(id, probe);

    const { version } = (await post(`/api/sessions/${id}/snapshots`, {})).body;
    expect((await objects()).length).toBeGreaterThanOrEqual(2);
    expect(await readdir(service.dataDirectory)).not.toContain('snapshots');
    await resultOf(id, step);
    const hibernated = await post(`/api/sessions/${id}/hibernate`);
    expect(hibernated.body).toMatchObject({ state: 'hibernated', sandbox: null });
    await service.kill('SIGTERM');
    await service.start();
    expect(await resultOf(id, 'pair.now()')).toBe(2 + 1);

    const rolledBack = await post(`/api/sessions/${id}/rollback`, { version });
    expect(rolledBack.body).toMatchObject({ version, state: 'idle' });
    expect(await resultOf(id, probe)).toEqual(before);

    expect((await service.request('DELETE', `/api/sessions/${id}?force=true`)).status).toBe(204);
    await expect.poll(objects, { timeout: 20_000 }).toEqual([]);
    const ready = await service.request('GET', '/readyz');
    expect(ready.status).toBe(200);
  });

  it('cannot be stored while the bucket is away; the service says so, and nothing of the session is lost', async () => {
    const { id } = await service.createSession();
    await service.execute(id, everything);
    const before = await resultOf(id, probe);
    await rm(server.bucketDirectory, { recursive: true });
    const refused = await service.request('POST', `/api/sessions/${id}/snapshots`, {});
    expect(refused).toMatchObject({ status: 503, body: { code: 'storage_failed' } });
    expect(JSON.stringify(refused.body)).not.toContain(server.bucket);
    await expect
      .poll(async () => (await service.request('GET', '/readyz')).status, { timeout: 20_000 })
      .toBe(503);
    expect(await resultOf(id, probe)).toEqual(before);
    for (const secret of Object.values(s3Credentials)) expect(service.log).not.toContain(secret);
    await service.request('DELETE', `/api/sessions/${id}?force=true`);
  });

  it('does not start without its bucket, and says why', async () => {
    const environment = {
      ...s3Credentials,
      CELLAR_SNAPSHOT_STORE: 's3',
      CELLAR_S3_BUCKET: 'another',
      CELLAR_S3_ENDPOINT: server.url,
      CELLAR_S3_FORCE_PATH_STYLE: 'true',
    };
    await expect(startService(environment)).rejects.toThrow(
      /exited with 1.*The bucket another cannot be used: .*NoSuchBucket/s,
    );
  });
});
