// A process that puts one snapshot after another into a directory, deletes old ones and collects, for tests that kill it.
// Says on standard output how far it is, a line each.
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { openDirectoryStore } from '../../src/orchestrator/snapshots/directory/directory-store.ts';
import { sessionContent } from './snapshot-content.ts';

const [directory = ''] = process.argv.slice(2);
const store = await openDirectoryStore({ directory, clock: systemClock, reserveBytes: 0 });
const snapshots = store.of('red');
const signal = new AbortController().signal;

for (let number = 0; ; number++) {
  await snapshots.put(`snap-${number}`, content(number), { sizeBytesMax: 2 ** 30, signal });
  process.stdout.write(`stored ${number}\n`);
  if (number >= 2) await snapshots.delete(`snap-${number - 2}`);
  process.stdout.write(`deleted ${number - 2}\n`);
  await store.collect(0, signal);
  process.stdout.write(`collected ${number}\n`);
}

async function* content(number: number): AsyncGenerator<Buffer> {
  const bytes = sessionContent(number);
  const middle = bytes.length >> 1;
  yield bytes.subarray(0, middle);
  process.stdout.write(`half ${number}\n`);
  yield bytes.subarray(middle);
  process.stdout.write(`pulled ${number}\n`);
}
