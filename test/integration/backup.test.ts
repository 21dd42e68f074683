// Backing up and restoring as an operator does it: the command beside a service that works, then another data directory as on a fresh host.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { everything, probe, step } from '../helpers/everything.ts';
import { Service, startService } from '../helpers/start-service.ts';

const program = join(import.meta.dirname, '../../src/orchestrator/main.ts');
let home: string;
let service: Service;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cellar-backup-'));
  service = await startService({ CELLAR_POOL_MIN: '0' });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

it('a backup of a service that works brings back sessions, files, versions and keys on a fresh host', async () => {
  const asleep = await service.createSession({
    name: 'asleep',
    persistence: { policy: 'hibernate' },
  });
  await service.execute(asleep.id, everything);
  const probed = (await service.execute(asleep.id, probe)).result.value;
  await service.request('PUT', '/api/sessions/asleep/files/notes/one.txt', 'first');
  await service.request('POST', '/api/sessions/asleep/snapshots', { label: 'good' });
  await service.request('PUT', '/api/sessions/asleep/files/notes/one.txt', 'second');
  const hibernated = await service.request('POST', '/api/sessions/asleep/hibernate');
  expect(hibernated.body.state).toBe('hibernated');
  await service.createSession({ name: 'unstored' });
  await service.execute('unstored', 'lost = 1');
  const tenant = await service.request('POST', '/api/tenants', { id: 'red' });
  expect(tenant.status).toBe(201);
  const made = await service.request('POST', '/api/keys', { tenant: 'red', role: 'developer' });
  const red = { authorization: `Bearer ${made.body.key}` };
  await service.request('POST', '/api/sessions', { name: 'reds' }, red);

  // Each of its states takes the place of the one before.
  await service.createSession({ name: 'busy', persistence: { policy: 'execution', keep: 1 } });
  await service.execute('busy', 'n = 0');
  const stopping = new AbortController();
  let counted = 0;
  const counting = (async () => {
    while (!stopping.signal.aborted)
      counted = (await service.execute('busy', 'n = n + 1')).result.value;
  })();
  const copies: { copy: string; before: number; after: number }[] = [];
  for (const copy of ['one', 'two', 'three']) {
    const before = counted;
    const { code, output } = await cellar(service.dataDirectory, 'backup', join(home, copy));
    expect(output).toContain('4 sessions');
    expect(code).toBe(0);
    copies.push({ copy, before, after: counted });
    await expect.poll(() => counted, { timeout: 20_000 }).toBeGreaterThan(before);
  }
  stopping.abort();
  await counting;

  for (const { copy, before, after } of copies) {
    await using restored = new Service(join(home, `new-${copy}`), { CELLAR_POOL_MIN: '0' });
    const { output } = await cellar(restored.dataDirectory, 'restore', join(home, copy));
    expect(output).toContain('as they were at');
    await restored.start();
    const { result } = await restored.execute('busy', 'n');
    // What was acknowledged before is there; one more may have been stored at the moment of the backup.
    expect(result.value).toBeGreaterThanOrEqual(before);
    expect(result.value).toBeLessThanOrEqual(after + 1);
    if (copy !== 'three') continue;

    expect((await restored.request('GET', '/api/sessions/asleep')).body.state).toBe('hibernated');
    expect((await restored.execute('asleep', probe)).result.value).toEqual(probed);
    expect((await restored.execute('asleep', step)).result.value).toBe(3);
    const file = '/api/sessions/asleep/files/notes/one.txt';
    expect((await restored.request('GET', file)).body).toBe('second');
    await restored.request('POST', '/api/sessions/asleep/rollback', { label: 'good' });
    expect((await restored.request('GET', file)).body).toBe('first');
    const { items } = (await restored.request('GET', '/api/sessions/asleep/history')).body;
    expect(items.length).toBeGreaterThan(1);
    expect((await restored.request('GET', '/api/sessions/reds', undefined, red)).status).toBe(200);
    expect((await restored.execute('unstored', 'lost')).error).toBeDefined();
    expect((await restored.execute('unstored', '1 + 1')).result.value).toBe(2);
    // The former one does not notice.
    expect((await service.execute('busy', 'n')).result.value).toBe(counted);
    expect((await service.execute('unstored', 'lost')).result.value).toBe(1);
  }
});

it('a backup that is damaged is refused in words, and nothing is written', async () => {
  const copy = join(home, 'damaged');
  await cellar(service.dataDirectory, 'backup', copy);
  const packs = join(copy, 'snapshots/default/packs');
  const [pack = ''] = await readdir(packs);
  await truncate(join(packs, pack), 10);
  const target = join(home, 'never');
  const { code, output } = await cellar(target, 'restore', copy);
  expect(code).toBe(1);
  expect(output).toContain(`the backup is damaged: ${join(packs, pack)} is not what was written`);
  expect(output).not.toContain(' at ');
  await expect(readdir(target)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a data directory that is in use is not restored over', async () => {
  const { code, output } = await cellar(service.dataDirectory, 'restore', join(home, 'one'));
  expect(code).toBe(1);
  expect(output).toContain('is not empty');
});

function cellar(
  dataDirectory: string,
  ...command: string[]
): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env.PATH, CELLAR_DATA_DIR: dataDirectory };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...command], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}
