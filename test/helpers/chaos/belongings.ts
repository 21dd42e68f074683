// What sessions of the chaos test have on the host: nothing that another one has, and nothing any more when all are gone.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expectStoreSound } from '../faults/aftermath.ts';
import { docker, type Service } from '../start-service.ts';
import { until } from './failing-service.ts';
import { BrokenPromise } from './session-model.ts';

/** The sandbox that waits for the next session. */
const waiting = 1;

/** Containers that are still to be removed have theirs, too. */
export async function expectOwnUids(service: Service): Promise<void> {
  const holders = new Map<string, string>();
  for (const { Id, Names } of await service.containers()) {
    const user = await docker
      .getContainer(Id)
      .inspect()
      .then(({ Config }) => Config.User)
      .catch((error: { statusCode?: number }) => {
        // It was about to go, and has gone.
        if (error.statusCode !== 404) throw error;
        return `none of ${Id}`;
      });
    const other = holders.get(user);
    if (other) throw new BrokenPromise(`${other} and ${Names[0]} run under one uid, ${user}`);
    holders.set(user, String(Names[0]));
  }
}

export async function expectNothingLeft(service: Service): Promise<void> {
  const run = join(service.dataDirectory, 'run');
  await until('containers and their directories go with their sessions', async () => {
    const containers = (await service.containers()).length;
    const directories = (await readdir(run)).length;
    return containers === waiting && directories === waiting ? true : null;
  });
  const code = await service.kill('SIGTERM');
  if (code !== 0) throw new BrokenPromise(`the service ends with ${code}`);
  const left = [
    ...(await service.containers()).map(({ Names }) => `container ${Names[0]}`),
    ...(await readdir(run)).map((name) => `directory ${name}`),
    ...rowsLeft(service),
  ];
  if (left.length > 0) throw new BrokenPromise(`left behind: ${left.join(', ')}`);
  await expectStoreSound(service);
  const complaint = /.*(a bug|registry refused|UnhandledPromise|MaxListeners).*/.exec(service.log);
  if (complaint) throw new BrokenPromise(`the log complains: ${complaint[0]}`);
}

function rowsLeft(service: Service): string[] {
  const path = join(service.dataDirectory, 'registry.db');
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return ['session', 'execution', 'event', 'snapshot'].flatMap((table) => {
      const row = database.prepare(`SELECT count(*) AS rows FROM ${table}`).get();
      return row?.rows === 0 ? [] : [`${row?.rows} rows of ${table}`];
    });
  } finally {
    database.close();
  }
}
