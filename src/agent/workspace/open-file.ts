// One file, opened once: its status and its bytes are of the same file, whatever takes its place meanwhile.
import { closeSync, fstatSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import type { FilePart, FileStatus } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import { fileFailure } from './file-failures.ts';
import { describe, readFlags, statusOf } from './file-status.ts';
import { tagOf } from './file-tag.ts';
import { locate } from './locate.ts';

const readAt = promisify(read);
const chunkBytes = 256 * 1024;

export class OpenFile implements Disposable {
  readonly status: FileStatus;
  readonly #file: number;

  private constructor(file: number, status: FileStatus) {
    this.#file = file;
    this.status = status;
  }

  /** Throws AgentFailure: `unknown_file`, `is_directory`, `file_unusable` and others. */
  static async open(root: string, path: string): Promise<OpenFile> {
    try {
      const file = openAt(root, path);
      try {
        const { type } = describe(fstatSync(file, { bigint: true }));
        if (type !== 'file') throw new AgentFailure('is_directory', 'This is a directory');
        const tag = await tagOf(file);
        return new OpenFile(file, statusOf(describe(fstatSync(file, { bigint: true })), tag));
      } catch (error) {
        closeSync(file);
        throw error;
      }
    } catch (error) {
      throw fileFailure(error);
    }
  }

  /** Exactly the part. Throws when the file has become shorter. */
  async *content({ offset, length }: FilePart): AsyncGenerator<Buffer> {
    for (let position = offset; position < offset + length; ) {
      const wanted = Math.min(chunkBytes, offset + length - position);
      const buffer = Buffer.allocUnsafe(wanted);
      const { bytesRead } = await readAt(this.#file, buffer, 0, wanted, position);
      if (bytesRead === 0) throw new Error('the file became shorter while it was read');
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function openAt(root: string, path: string): number {
  using place = locate(root, path, { follow: true });
  return openSync(place.path, readFlags);
}
