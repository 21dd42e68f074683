// One file, opened once: its status and its bytes are of the same file, whatever takes its place meanwhile.
import { closeSync, constants, fstatSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import type { FilePart, FileStatus } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import { fileFailure } from './file-failures.ts';
import { describe } from './file-status.ts';
import { locate } from './locate.ts';

const readAt = promisify(read);
const chunkBytes = 256 * 1024;
/** SECURITY: not through a link in the place of what was walked to, and not waiting for the other end of a pipe. */
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

export class OpenFile implements Disposable {
  readonly status: FileStatus;
  readonly #file: number;

  private constructor(file: number, status: FileStatus) {
    this.#file = file;
    this.status = status;
  }

  /** Throws AgentFailure: `unknown_file`, `is_directory`, `file_unusable` and others. */
  static open(root: string, path: string): OpenFile {
    try {
      using place = locate(root, path, { follow: true });
      const file = openSync(place.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
      try {
        const status = describe(fstatSync(file, { bigint: true }));
        if (status.type !== 'file') throw new AgentFailure('is_directory', 'This is a directory');
        return new OpenFile(file, status);
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
