// The session's files: a directory of the sandbox and what is below it, through calls that block no longer than a local file
// system does. What a program is told names its own paths, never those of the machine.
import { createHash } from 'node:crypto';
import {
  constants,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import type { FileStatus, Files, HashAlgorithm, Meter } from '#language';
import { FileRefusal, fileFailure } from './file-failure.ts';
import { decodeUtf8, encodeUtf8 } from './utf8-chunks.ts';
import { entryNames, entrySteps, readChunks, withFile, writeChunk } from './workspace-access.ts';
import { WorkspacePaths } from './workspace-paths.ts';

const directoryMode = 0o755;

export class WorkspaceFiles implements Files {
  readonly #paths: WorkspacePaths;

  /** `root`: the directory that no path leaves. It need not be there before the first call. */
  constructor(root: string) {
    this.#paths = new WorkspacePaths(root);
  }

  read(path: string, meter: Meter): string {
    return told(path, () =>
      withFile(this.#paths.locate(path), constants.O_RDONLY, (file, { size }) => {
        // The least that the text can take; what it does take is asked for as it grows.
        meter.allocate(Math.floor((size * 2) / 3));
        return decodeUtf8(readChunks(file, meter), meter);
      }),
    );
  }

  write(path: string, text: string, mode: 'replace' | 'append', meter: Meter): void {
    const append = mode === 'append' ? constants.O_APPEND : 0;
    const flags = constants.O_WRONLY | constants.O_CREAT | append;
    told(path, () =>
      withFile(this.#paths.locate(path), flags, (file) => {
        if (mode === 'replace') ftruncateSync(file);
        for (const chunk of encodeUtf8(text)) writeChunk(file, chunk, meter);
      }),
    );
  }

  status(path: string): FileStatus | null {
    return told(path, () => {
      const stats = statsOf(() => this.#paths.locate(path));
      if (stats === null) return null;
      return { kind: kindOf(stats), bytes: stats.size, modifiedMs: Math.trunc(stats.mtimeMs) };
    });
  }

  list(path: string, meter: Meter): string[] {
    return told(path, () => entryNames(this.#paths.locate(path), meter));
  }

  makeDirectory(path: string, meter: Meter): void {
    told(path, () => {
      for (const place of this.#paths.descend(path)) {
        meter.step(entrySteps);
        const stats = lstatSync(place, { throwIfNoEntry: false });
        if (stats === undefined) mkdirSync(place, directoryMode);
        else if (!stats.isDirectory()) throw new FileRefusal('ENOTDIR');
      }
    });
  }

  remove(path: string, meter: Meter): void {
    told(path, () => {
      const place = this.#paths.locate(path, false);
      if (place === this.#paths.root) throw new FileRefusal('EBUSY');
      removeAll(place, meter);
    });
  }

  copy(source: string, target: string, meter: Meter): void {
    const from = told(source, () => this.#paths.locate(source));
    const flags = constants.O_WRONLY | constants.O_CREAT;
    told(source, () =>
      withFile(from, constants.O_RDONLY, (read, original) =>
        told(target, () =>
          withFile(this.#paths.locate(target), flags, (written, { dev, ino }) => {
            if (dev === original.dev && ino === original.ino) return;
            ftruncateSync(written);
            for (const chunk of readChunks(read, meter)) writeChunk(written, chunk, meter);
          }),
        ),
      ),
    );
  }

  move(source: string, target: string): void {
    const from = told(source, () => this.#movable(source));
    told(target, () => {
      const to = this.#paths.locate(target, false);
      if (statsOf(() => to)?.isDirectory()) throw new FileRefusal('EISDIR');
      renameSync(from, to);
    });
  }

  digest(path: string, algorithm: HashAlgorithm, meter: Meter): string {
    return told(path, () =>
      withFile(this.#paths.locate(path), constants.O_RDONLY, (file) => {
        const hash = createHash(algorithm);
        for (const chunk of readChunks(file, meter)) hash.update(chunk);
        return hash.digest('hex');
      }),
    );
  }

  /** The place of a file or link, as itself. */
  #movable(path: string): string {
    const place = this.#paths.locate(path, false);
    const stats = lstatSync(place);
    if (stats.isDirectory()) throw new FileRefusal('EISDIR');
    if (!stats.isFile() && !stats.isSymbolicLink()) throw new FileRefusal('ENXIO');
    return place;
  }
}

/** Names the program's path in whatever the file system refuses. */
function told<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (failure) {
    throw fileFailure(failure, path) ?? failure;
  }
}

/** null where nothing is, or where a link leads to nothing. */
function statsOf(locate: () => string): Stats | null {
  try {
    return lstatSync(locate());
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw failure;
  }
}

function kindOf(stats: Stats): FileStatus['kind'] {
  if (stats.isFile()) return 'file';
  return stats.isDirectory() ? 'directory' : 'other';
}

/** Removes a place and, if it is a directory, first what it contains. No link is followed. */
function removeAll(root: string, meter: Meter): void {
  const places = [root];
  for (let place = places.at(-1); place !== undefined; place = places.at(-1)) {
    meter.step(entrySteps);
    const inside = lstatSync(place).isDirectory() ? entryNames(place, meter) : null;
    if (inside !== null && inside.length > 0) {
      for (const name of inside) places.push(`${place}/${name}`);
      continue;
    }
    if (inside === null) unlinkSync(place);
    else rmdirSync(place);
    places.pop();
  }
}
