// A session's state out of a tar, into an empty workspace and an engine.
// SECURITY: anybody may have written this archive. Every name, kind, size and count is checked before anything is made of it,
// and the engine takes the values over only when all of it has proved whole.
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { AgentFailure } from '../agent-failure.ts';
import { faulty } from './archive-failures.ts';
import {
  type ArchiveLimits,
  type ArchiveManifest,
  type ArchiveSummary,
  documentBytesMax,
  heapPrefix,
  manifestName,
  summaryName,
  workspacePrefix,
} from './archive-format.ts';
import { readManifest, readSummary } from './documents.ts';
import { type EntryAttributes, EntryDigest } from './entry-digest.ts';
import { attributesOf } from './entry-header.ts';
import { WorkspaceWriter } from './workspace-writer.ts';

export type ArchiveTarget = {
  /** An empty directory. After a failure its contents are worth nothing. */
  readonly root: string;
  /** Throws AgentFailure `archive_unsupported` for an archive that this agent cannot go on with. */
  readonly accept: (manifest: ArchiveManifest) => void;
  /** Takes the engine's image over when the stream ends; when it fails, nothing has changed. */
  readonly load: (image: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly limits: ArchiveLimits;
};

/**
 * Throws AgentFailure: `archive_malformed` (no such archive, or damaged), `archive_refused` (holds what no archive of ours does),
 * `archive_too_large`, `archive_unsupported`, and what `load` throws.
 */
export async function readArchive(
  input: AsyncIterable<Uint8Array>,
  target: ArchiveTarget,
): Promise<ArchiveSummary> {
  const tar = extract();
  // Failures come out of the iteration too; without listeners they would end the process.
  tar.on('error', () => {});
  const feeding = pipeline(input, tar);
  feeding.catch(() => {});
  const reader = new ArchiveReader(target);
  try {
    for await (const entry of tar) await reader.take(entry);
    await feeding;
    return await reader.end();
  } catch (error) {
    reader.abandon(error);
    tar.destroy();
    throw error instanceof AgentFailure ? error : faulty('not_an_archive', messageOf(error));
  }
}

/** What comes out of it are buffers, which its types do not say. */
type Entry = AsyncIterable<unknown> & { readonly header: Header };

/** The parts in their order; an entry of an earlier part is refused. */
const parts = ['manifest', 'workspace', 'links', 'heap', 'summary'] as const;

class ArchiveReader {
  readonly #target: ArchiveTarget;
  readonly #digest = new EntryDigest();
  readonly #workspace: WorkspaceWriter;
  readonly #image = new PassThrough();
  #loading: Promise<void> | null = null;
  #part = -1;
  #heapPieces = 0;
  #heapBytes = 0;
  #summary: ArchiveSummary | null = null;

  constructor(target: ArchiveTarget) {
    this.#target = target;
    this.#workspace = new WorkspaceWriter(target.root, target.limits);
    this.#image.on('error', () => {});
  }

  async take(entry: Entry): Promise<void> {
    const attributes = attributesOf(entry.header);
    const { name, kind } = attributes;
    if (name === manifestName) {
      this.#advance('manifest', 1);
      this.#target.accept(readManifest(await this.#document(entry, attributes)));
    } else if (name.startsWith(workspacePrefix)) {
      this.#advance(kind === 'symlink' ? 'links' : 'workspace');
      this.#digest.begin(attributes);
      const content = this.#digested(entry);
      await this.#workspace.add(
        { ...attributes, name: name.slice(workspacePrefix.length) },
        content,
      );
    } else if (name.startsWith(heapPrefix)) {
      this.#advance('heap');
      await this.#heapPiece(entry, attributes);
    } else if (name === summaryName) {
      this.#advance('summary', 1);
      this.#summary = readSummary(await bytesOf(entry, attributes));
    } else throw faulty('entry_unknown', name.slice(0, 100));
  }

  /** After the last entry: the counts and the digest must be those of what came. */
  async end(): Promise<ArchiveSummary> {
    const summary = this.#summary;
    if (summary === null) throw faulty(this.#part < 0 ? 'manifest_missing' : 'incomplete');
    const { files, directories, links, fileBytes } = this.#workspace.counts;
    const isAsTold =
      summary.files === files &&
      summary.directories === directories &&
      summary.links === links &&
      summary.fileBytes === fileBytes &&
      summary.heapBytes === this.#heapBytes &&
      summary.digest === this.#digest.end();
    if (!isAsTold) throw faulty('contents_differ');
    await this.#workspace.finish();
    const loading = this.#load();
    this.#image.end();
    await loading;
    return summary;
  }

  abandon(error: unknown): void {
    this.#image.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  #advance(part: (typeof parts)[number], times = Number.POSITIVE_INFINITY): void {
    const place = parts.indexOf(part);
    if (place > 0 && this.#part < 0) throw faulty('manifest_missing');
    if (place < this.#part || (place === this.#part && times === 1)) throw faulty('out_of_order');
    this.#part = place;
  }

  async #document(entry: Entry, attributes: EntryAttributes): Promise<Buffer> {
    const content = await bytesOf(entry, attributes);
    this.#digestPlain(attributes);
    this.#digest.content(content);
    return content;
  }

  async #heapPiece(entry: Entry, attributes: EntryAttributes): Promise<void> {
    const expected = heapPrefix + String(this.#heapPieces++).padStart(6, '0');
    if (attributes.name !== expected) throw faulty('heap_piece_missing');
    this.#heapBytes += attributes.sizeBytes;
    if (this.#heapBytes > this.#target.limits.heapBytesMax) throw faulty('values_too_large');
    this.#digestPlain(attributes);
    void this.#load();
    for await (const content of this.#digested(entry)) {
      // A load that fails ends the wait: it destroys the stream.
      if (!this.#image.write(content)) await drained(this.#image, this.#loading!);
    }
  }

  #load(): Promise<void> {
    if (this.#loading === null) {
      this.#loading = this.#target.load(this.#image);
      this.#loading.catch(() => {});
    }
    return this.#loading;
  }

  /** Entries of ours have no attributes worth keeping. */
  #digestPlain({ name, sizeBytes }: EntryAttributes): void {
    this.#digest.begin({ kind: 'file', name, mode: 0, mtimeMs: 0, sizeBytes, target: null });
  }

  async *#digested(entry: Entry): AsyncIterable<Buffer> {
    for await (const chunk of entry) {
      const content = chunk as Buffer;
      this.#digest.content(content);
      yield content;
    }
  }
}

async function bytesOf(entry: Entry, { kind, name, sizeBytes }: EntryAttributes): Promise<Buffer> {
  if (kind !== 'file' || sizeBytes > documentBytesMax) throw faulty('document_malformed', name);
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function drained(stream: PassThrough, loading: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('drain', resolve);
  return Promise.race([promise, loading]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
