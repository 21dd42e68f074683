// What the digest of an archive is over: each entry's kind, name and attributes, then its content, in order. Independent of how
// a tar spells them.
import { createHash } from 'node:crypto';

export type EntryAttributes = {
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  readonly sizeBytes: number;
  readonly target: string | null;
};

export class EntryDigest {
  readonly #hash = createHash('sha256');

  begin({ kind, name, mode, mtimeMs, sizeBytes, target }: EntryAttributes): void {
    this.#hash.update(JSON.stringify([kind, name, mode, mtimeMs, sizeBytes, target]));
  }

  content(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Hexadecimal. Nothing can be added after it. */
  end(): string {
    return this.#hash.digest('hex');
  }
}
