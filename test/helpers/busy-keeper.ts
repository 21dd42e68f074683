// A process that keeps things as a busy service does, in its order: each state of a session takes the place of the one before, and what is
// not needed is removed at once. Says on standard output how many states were stored.
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { SqliteRegistry } from '../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { openDirectoryStore } from '../../src/orchestrator/snapshots/directory/directory-store.ts';
import { sessionRecord, snapshotRecord } from './records.ts';
import { randomContent } from './snapshot-content.ts';

const [directory = ''] = process.argv.slice(2);
const registry = await SqliteRegistry.open({ directory, clock: systemClock });
const store = await openDirectoryStore({
  directory: `${directory}/snapshots`,
  clock: systemClock,
  reserveBytes: 0,
});
const snapshots = store.of('default');
const signal = new AbortController().signal;
// Every state has this in common with the others, so that packs are shared and moved.
const common = randomContent(600_000);

await registry.createSession(sessionRecord());
for (let version = 1; ; version++) {
  const snapshotId = `snap-${version}`;
  const stored = await snapshots.put(snapshotId, content(version), { sizeBytesMax: 1e9, signal });
  await registry.addSnapshot(
    snapshotRecord({ ...stored, snapshotId, version, reason: 'execution' }),
  );
  await registry.apply({ sessionId: 'ses-1', session: { version } });
  await registry.durable();
  process.stdout.write(`${version}\n`);
  for (const former of await registry.releaseSnapshots([`snap-${version - 1}`]))
    await snapshots.delete(former);
  await store.collect(0, signal);
}

async function* content(version: number): AsyncGenerator<Buffer> {
  yield common;
  yield randomContent(300_000, version % 250);
}
