// A process that puts and reads snapshots of two sizes, for a test of how much memory that takes. Says on standard output
// how many bytes its peak grew from the small one to the large one.
import { randomFillSync } from 'node:crypto';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { openDirectoryStore } from '../../src/orchestrator/snapshots/directory/directory-store.ts';
import type { SnapshotStore } from '../../src/orchestrator/snapshots/snapshot-store.ts';

// The place is a directory, or a bucket as JSON.
const [place = '', smallBytes = '', largeBytes = ''] = process.argv.slice(2);
const store = await openStore();
const signal = new AbortController().signal;

const small = await peakBytesAfter('small', Number(smallBytes));
const large = await peakBytesAfter('large', Number(largeBytes));
process.stdout.write(`${large - small}\n`);

async function openStore(): Promise<SnapshotStore> {
  if (!place.startsWith('{'))
    return await openDirectoryStore({ directory: place, clock: systemClock, reserveBytes: 0 });
  const { openS3Store } = await import('../../src/orchestrator/snapshots/s3/s3-store.ts');
  return await openS3Store({
    ...JSON.parse(place),
    forcePathStyle: true,
    requestMsMax: 30_000,
    instanceId: 'inst_test',
    clock: systemClock,
  });
}

async function peakBytesAfter(snapshotId: string, sizeBytes: number): Promise<number> {
  await store.of('red').put(snapshotId, content(sizeBytes), { sizeBytesMax: sizeBytes, signal });
  await store.of('red').verify(snapshotId, signal);
  return process.resourceUsage().maxRSS * 1024;
}

/** As fast as it is pulled: the store must not pull more than it can write. */
async function* content(sizeBytes: number): AsyncGenerator<Buffer> {
  for (let made = 0; made < sizeBytes; made += 65_536) yield randomFillSync(Buffer.alloc(65_536));
}
