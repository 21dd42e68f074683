// A process that puts and reads snapshots of two sizes, for a test of how much memory that takes. Says on standard output, as
// JSON, how many bytes its peak grew from the small one to the large one, and how many its buffers had at most.
import { randomFillSync } from 'node:crypto';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { openDirectoryStore } from '../../src/orchestrator/snapshots/directory/directory-store.ts';
import type { SnapshotStore } from '../../src/orchestrator/snapshots/snapshot-store.ts';

// The place is a directory, or a bucket as JSON.
const [place = '', smallBytes = '', largeBytes = ''] = process.argv.slice(2);
const store = await openStore();
const signal = new AbortController().signal;

let bufferBytesMax = 0;
const small = await peakBytesAfter('small', Number(smallBytes));
const large = await peakBytesAfter('large', Number(largeBytes));
process.stdout.write(JSON.stringify({ grownBytes: large - small, bufferBytesMax }));

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
  for await (const _ of store.of('red').open(snapshotId, signal)) lookAtBuffers();
  return process.resourceUsage().maxRSS * 1024;
}

/** As fast as it is pulled: the store must not pull more than it can write. */
async function* content(sizeBytes: number): AsyncGenerator<Buffer> {
  for (let made = 0; made < sizeBytes; made += 65_536) {
    lookAtBuffers();
    yield randomFillSync(Buffer.alloc(65_536));
  }
}

/** Those that are garbage and were not collected yet are among them. */
function lookAtBuffers(): void {
  bufferBytesMax = Math.max(bufferBytesMax, process.memoryUsage().arrayBuffers);
}
