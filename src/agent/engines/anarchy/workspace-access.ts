// Open files and directories of the workspace, read and written piece by piece, so that a program can be stopped in between.
// Places come from workspace-paths.ts.
import {
  closeSync,
  constants,
  fstatSync,
  opendirSync,
  openSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs';
import type { Meter } from '#language';
import { FileRefusal } from './file-failure.ts';

/** What one name or entry costs, against the ten thousand steps between two questions whether to stop. */
export const entrySteps = 50;
const chunkSteps = 1000;
const chunkBytes = 64 * 1024;
const fileMode = 0o644;
/** SECURITY: not through a link in the place of what was walked to, and not waiting for the other end of a pipe. */
const guardFlags = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Opens the file at a place, and closes it whatever happens. Refuses what is no file before anything was done to it. */
export function withFile<Result>(
  place: string,
  flags: number,
  work: (file: number, stats: Stats) => Result,
): Result {
  const file = openSync(place, flags | guardFlags, fileMode);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new FileRefusal(stats.isDirectory() ? 'EISDIR' : 'ENXIO');
    return work(file, stats);
  } finally {
    closeSync(file);
  }
}

/** The bytes of a file; each chunk is overwritten by the next. */
export function* readChunks(file: number, meter: Meter): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (;;) {
    meter.step(chunkSteps);
    const length = readSync(file, buffer);
    if (length === 0) return;
    yield buffer.subarray(0, length);
  }
}

export function writeChunk(file: number, chunk: Buffer, meter: Meter): void {
  meter.step(chunkSteps);
  for (let written = 0; written < chunk.length; ) {
    written += writeSync(file, chunk, written);
  }
}

/** The names in a directory, as the file system has them. */
export function entryNames(place: string, meter: Meter): string[] {
  const directory = opendirSync(place);
  try {
    const names: string[] = [];
    let length = 0;
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      meter.step(entrySteps);
      length += entry.name.length;
      meter.allocate(length * 2 + names.length * 8);
      names.push(entry.name);
    }
    return names;
  } finally {
    directory.closeSync();
  }
}
