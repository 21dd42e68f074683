// What may be left behind when a service has died and come back: nothing but what its sessions have.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { openDirectoryStore } from '../../../src/orchestrator/snapshots/directory/directory-store.ts';
import type { Service } from '../start-service.ts';

const patience = { timeout: 30_000, interval: 100 };

const sessions = 'SELECT sessionId FROM session';
const strayRows = [
  "SELECT sessionId FROM session WHERE state = 'deleted' OR complete = 0",
  `SELECT executionId FROM execution WHERE sessionId NOT IN (${sessions})`,
  `SELECT executionId FROM execution WHERE endedAt IS NULL`,
  `SELECT seq FROM event WHERE sessionId NOT IN (${sessions})`,
  'SELECT executionId FROM importedOutput WHERE executionId NOT IN (SELECT executionId FROM execution)',
  'SELECT executionId FROM profile WHERE executionId NOT IN (SELECT executionId FROM execution)',
];

/** Of a service that runs and has nothing to do: no container, directory, user id or content that no session has. */
export async function expectNothingStray(service: Service): Promise<void> {
  await expect
    .poll(async () => {
      const sandboxes = sandboxesOf(service);
      return {
        containers: (await service.containers())
          .map(({ Labels }) => Labels['cellar.sandbox'])
          .sort(),
        directories: (await readdir(join(service.dataDirectory, 'run'))).sort(),
        sandboxes: sandboxes.map(({ sandboxId }) => sandboxId).sort(),
      };
    }, patience)
    .toSatisfy(
      ({ containers, directories, sandboxes }) =>
        `${containers}` === `${sandboxes}` && `${directories}` === `${sandboxes}`,
    );
  const uids = sandboxesOf(service).map(({ uid }) => uid);
  expect(uids).toEqual([...new Set(uids)]);
  // What is deleted, or never came to be, has no row of any kind.
  for (const query of strayRows) expect(rowsOf(service, query), query).toEqual([]);
  const snapshots = join(service.dataDirectory, 'snapshots/default/snapshots');
  await expect
    .poll(async () => {
      const recorded = rowsOf(service, 'SELECT snapshotId FROM snapshot')
        .map(({ snapshotId }) => `${snapshotId}.json`)
        .sort();
      const files = await readdir(snapshots);
      // The history of an imported one is beside it.
      const stored = new Set(files.map((file) => file.replace('-history.json', '.json')));
      return { recorded, stored: [...stored].sort() };
    }, patience)
    .toSatisfy(({ recorded, stored }) => `${recorded}` === `${stored}`);
}

/** Of a service that has stopped: every snapshot can be read, and the store has nothing that no snapshot needs. */
export async function expectStoreSound(service: Service): Promise<void> {
  const directory = join(service.dataDirectory, 'snapshots');
  const store = await openDirectoryStore({ directory, clock: systemClock, reserveBytes: 0 });
  const signal = AbortSignal.timeout(60_000);
  const snapshots = store.of('default');
  for (const { snapshotId } of rowsOf(service, 'SELECT snapshotId FROM snapshot'))
    await snapshots.verify(String(snapshotId), signal);
  expect((await store.collect(0, signal)).damaged).toEqual([]);
  expect(await store.collect(0, signal)).toMatchObject({ filesRemoved: 0, bytesFreed: 0 });
  const files = await readdir(directory, { recursive: true });
  expect(files.filter((file) => file.endsWith('.temporary'))).toEqual([]);
  if ((await snapshots.list()).length === 0)
    expect(files.filter((file) => file.endsWith('.pack'))).toEqual([]);
}

function sandboxesOf(service: Service): { sandboxId: string; uid: number }[] {
  const rows = rowsOf(service, 'SELECT sandbox FROM session WHERE sandbox IS NOT NULL');
  return rows.map(({ sandbox }) => JSON.parse(String(sandbox)));
}

function rowsOf(service: Service, query: string) {
  const database = new DatabaseSync(join(service.dataDirectory, 'registry.db'), {
    readOnly: true,
  });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}
