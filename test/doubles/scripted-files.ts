// Files of a workspace in memory, with the manners of an agent: for tests of what stands above the link.
import type {
  FileRemoveRequest,
  FileStatus,
  FileStatusRequest,
  FilesReply,
  FilesRequest,
  FileWriteReply,
  FileWriteRequest,
} from '#protocol';
import { AppError } from '../../src/orchestrator/foundation/errors.ts';
import type { AgentFiles, FileReading } from '../../src/orchestrator/sandbox/agent.ts';
import { collect } from '../helpers/archives.ts';

export class ScriptedFiles implements AgentFiles {
  readonly held = new Map<string, Buffer>();
  /** Of every file. */
  modifiedMs = Date.UTC(2026, 0, 1);
  /** What the next call throws. */
  failure: AppError | null = null;
  /** Contents of files are given in pieces of so many bytes. */
  pieceBytes = 1000;
  readonly given: unknown[] = [];

  async list({ path, limit, offset }: FilesRequest): Promise<FilesReply> {
    this.#called({ path, limit, offset });
    const all = [...this.held].map(([path, bytes]) => ({ path, ...this.#facts(bytes) }));
    return { items: all.slice(offset, offset + limit), total: all.length };
  }

  async status({ path }: FileStatusRequest): Promise<FileStatus> {
    this.#called({ path });
    return this.#statusOf(path);
  }

  async read(path: string): Promise<FileReading> {
    this.#called({ path });
    const status = this.#statusOf(path);
    const bytes = this.held.get(path)!;
    const { pieceBytes } = this;
    return {
      status,
      content: async function* ({ offset, length }) {
        for (let at = offset; at < offset + length; at += pieceBytes)
          yield bytes.subarray(at, Math.min(at + pieceBytes, offset + length));
      },
      close: async () => {},
    };
  }

  async write(
    { path, expected }: FileWriteRequest,
    content: AsyncIterable<Uint8Array>,
  ): Promise<FileWriteReply> {
    this.#called({ path, expected });
    this.#expect(path, expected);
    const created = !this.held.has(path);
    this.held.set(path, await collect(content));
    return { created, status: this.#statusOf(path) };
  }

  async remove({ path, recursive, expected }: FileRemoveRequest): Promise<void> {
    this.#called({ path, recursive, expected });
    this.#statusOf(path);
    this.#expect(path, expected);
    this.held.delete(path);
  }

  tagOf(path: string): string {
    return this.#statusOf(path).tag;
  }

  #expect(path: string, expected: string | null | undefined): void {
    const present = this.held.has(path) ? this.tagOf(path) : null;
    if (expected !== undefined && expected !== present) throw new AppError('precondition_failed');
  }

  #statusOf(path: string): FileStatus {
    const bytes = this.held.get(path);
    if (bytes === undefined) throw new AppError('file_not_found');
    return { ...this.#facts(bytes), tag: `tag-${bytes.toString('hex').slice(0, 40)}` };
  }

  #facts(bytes: Buffer) {
    const { modifiedMs } = this;
    return { type: 'file' as const, sizeBytes: bytes.byteLength, modifiedMs, mode: 0o644 };
  }

  #called(request: unknown): void {
    this.given.push(request);
    const { failure } = this;
    this.failure = null;
    if (failure) throw failure;
  }
}
