// The audit log of a running service, verified from outside.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startService } from '../helpers/start-service.ts';

const patience = { timeout: 20_000 };

it('the audit log survives a kill, and the command finds out what was done to it', async () => {
  await using service = await startService({ CELLAR_POOL_MIN: '0' });
  const { id } = await service.createSession();
  await service.execute(id, '1+1');
  const actions = async () => {
    const { body } = await service.request('GET', '/api/audit');
    return body.items.map(({ action }: { action: string }) => action);
  };
  await expect.poll(actions, patience).toEqual(['execute', 'createSession']);
  await service.kill('SIGKILL');
  await service.start();
  await service.request('DELETE', `/api/sessions/${id}`);
  await expect.poll(actions, patience).toEqual(['deleteSession', 'execute', 'createSession']);

  const { stdout } = await verify(service.dataDirectory);
  expect(stdout).toContain('whole: 3 records, 1 to 3');
  await service.kill('SIGTERM');
  using database = new DatabaseSync(join(service.dataDirectory, 'registry.db'));
  database.exec("drop trigger auditUnchanged; update audit set role = 'viewer' where seq = 2");
  await expect(verify(service.dataDirectory)).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('record 2 was changed'),
  });
});

function verify(directory: string) {
  const program = join(import.meta.dirname, '../../src/orchestrator/main.ts');
  const env = { PATH: process.env.PATH, CELLAR_DATA_DIR: directory };
  return promisify(execFile)(process.execPath, [program, 'audit', 'verify'], { env });
}
