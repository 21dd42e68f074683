// A session's state as a tar, made while it is read: what is held in memory does not depend on how much there is.
import { once } from 'node:events';
import { readSync } from 'node:fs';
import { constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Header, type Pack, pack } from 'tar-stream';
import { faulty } from './archive-failures.ts';
import {
  type ArchiveLimits,
  type ArchiveManifest,
  type ArchiveSummary,
  heapPieceBytes,
  heapPrefix,
  manifestName,
  summaryName,
  workspacePrefix,
} from './archive-format.ts';
import { type EntryAttributes, EntryDigest } from './entry-digest.ts';
import { listWorkspace } from './workspace-walk.ts';

export type ArchiveSource = {
  readonly root: string;
  readonly manifest: ArchiveManifest;
  /** The engine's image, in pieces of any size. */
  readonly heap: AsyncIterable<Uint8Array>;
  readonly limits: ArchiveLimits;
};

/**
 * The bytes of the archive. Nothing may change the workspace meanwhile: a file that does fails the archive. The stream fails with
 * AgentFailure `archive_too_large` over a limit, and with whatever the heap or the file system failed with.
 */
export function writeArchive(source: ArchiveSource): AsyncIterable<Buffer> {
  const tar = pack();
  const writing = new ArchiveWriter(tar).write(source);
  writing.then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(error),
  );
  // Its types do not say that these are buffers.
  return tar as AsyncIterable<Buffer>;
}

type EntryHeader = Partial<Header> & Pick<Header, 'name'>;

class ArchiveWriter {
  readonly #tar: Pack;
  readonly #digest = new EntryDigest();

  constructor(tar: Pack) {
    this.#tar = tar;
  }

  async write({ root, manifest, heap, limits }: ArchiveSource): Promise<void> {
    const { entries, omitted } = await listWorkspace(root, limits.entriesMax);
    const fileBytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (fileBytes > limits.fileBytesMax) throw faulty('files_too_large', `${fileBytes} bytes`);
    await this.#document(manifestName, manifest);
    for (const entry of entries) await this.#workspaceEntry(root, entry);
    const heapBytes = await this.#heap(heap, limits.heapBytesMax);
    const summary: ArchiveSummary = {
      files: countOf(entries, 'file'),
      directories: countOf(entries, 'directory'),
      links: countOf(entries, 'symlink'),
      fileBytes,
      heapBytes,
      omitted,
      digest: this.#digest.end(),
    };
    await this.#put({ name: summaryName, type: 'file' }, [Buffer.from(JSON.stringify(summary))]);
  }

  async #document(name: string, content: unknown): Promise<void> {
    await this.#plainFile(name, Buffer.from(JSON.stringify(content)));
  }

  async #heap(image: AsyncIterable<Uint8Array>, bytesMax: number): Promise<number> {
    let bytes = 0;
    let count = 0;
    for await (const piece of piecesOf(image, heapPieceBytes)) {
      bytes += piece.byteLength;
      if (bytes > bytesMax) throw faulty('values_too_large', `more than ${bytesMax} bytes`);
      await this.#plainFile(heapPrefix + String(count++).padStart(6, '0'), piece);
    }
    return bytes;
  }

  /** A file of ours, without attributes that would differ from one time to the next. */
  async #plainFile(name: string, content: Buffer): Promise<void> {
    const sizeBytes = content.byteLength;
    this.#digest.begin({ kind: 'file', name, mode: 0, mtimeMs: 0, sizeBytes, target: null });
    this.#digest.content(content);
    await this.#put({ name, type: 'file' }, [content]);
  }

  async #workspaceEntry(root: string, entry: EntryAttributes): Promise<void> {
    const name = workspacePrefix + entry.name;
    this.#digest.begin({ ...entry, name });
    const header: EntryHeader = {
      name,
      type: entry.kind,
      mode: entry.mode,
      mtime: new Date(entry.mtimeMs),
      size: entry.sizeBytes,
      ...(entry.target === null ? {} : { linkname: entry.target }),
      // The header itself holds whole seconds only.
      pax: { mtime: secondsText(entry.mtimeMs) },
    };
    if (entry.kind !== 'file') return this.#put(header, null);
    await this.#put(header, this.#fileContent(join(root, entry.name), entry));
  }

  async *#fileContent(path: string, { name, sizeBytes }: EntryAttributes): AsyncIterable<Buffer> {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    let left = sizeBytes;
    while (left > 0) {
      const wanted = Math.min(left, 256 * 1024);
      const buffer = Buffer.allocUnsafe(wanted);
      const bytesRead = readSync(file.fd, buffer, 0, wanted, null);
      if (bytesRead === 0) throw new Error(`${name} became shorter while it was read`);
      const content = buffer.subarray(0, bytesRead);
      left -= bytesRead;
      this.#digest.content(content);
      yield content;
    }
  }

  /** One entry, wholly handed over before the next one begins. */
  async #put(
    header: EntryHeader,
    content: readonly Buffer[] | AsyncIterable<Buffer> | null,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const size = Array.isArray(content) ? content.reduce((sum, { length }) => sum + length, 0) : 0;
    const entry = this.#tar.entry({ mtime: new Date(0), size, ...header }, (error) =>
      error ? reject(error) : resolve(),
    );
    // Awaited below; when it fails while a piece is being read, that is found out there.
    promise.catch(() => {});
    for await (const piece of content ?? []) {
      if (!entry.write(piece)) await Promise.race([once(entry, 'drain'), promise]);
    }
    entry.end(null);
    await promise;
  }
}

/** The same bytes in pieces of one length; the last one may be shorter. */
async function* piecesOf(
  chunks: AsyncIterable<Uint8Array>,
  pieceBytes: number,
): AsyncIterable<Buffer> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.byteLength;
    if (heldBytes < pieceBytes) continue;
    const joined = Buffer.concat(held);
    const whole = heldBytes - (heldBytes % pieceBytes);
    for (let start = 0; start < whole; start += pieceBytes)
      yield joined.subarray(start, start + pieceBytes);
    held = [joined.subarray(whole)];
    heldBytes -= whole;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

function countOf(entries: readonly EntryAttributes[], wanted: EntryAttributes['kind']): number {
  return entries.filter(({ kind }) => kind === wanted).length;
}

function secondsText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${seconds}.${String(milliseconds - seconds * 1000).padStart(3, '0')}`;
}
