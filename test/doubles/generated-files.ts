// Files that exist because somebody asks for them: a text for every path, and nothing to write to.
import { type FileStatus, type Files, HostFailure } from '#language';

export class GeneratedFiles implements Files {
  readonly #textOf: (path: string) => string | null;

  /** `textOf` gives null for a path without a file. */
  constructor(textOf: (path: string) => string | null) {
    this.#textOf = textOf;
  }

  read(path: string): string {
    return this.#textOf(path) ?? this.#refuse(path);
  }

  status(path: string): FileStatus | null {
    const text = this.#textOf(path);
    return text === null ? null : { kind: 'file', bytes: text.length, modifiedMs: 0 };
  }

  write(path: string): void {
    this.#refuse(path);
  }
  list(path: string): string[] {
    return this.#refuse(path);
  }
  makeDirectory(path: string): void {
    this.#refuse(path);
  }
  remove(path: string): void {
    this.#refuse(path);
  }
  copy(path: string): void {
    this.#refuse(path);
  }
  move(path: string): void {
    this.#refuse(path);
  }
  digest(path: string): string {
    return this.#refuse(path);
  }

  #refuse(path: string): never {
    throw new HostFailure('IOError', `Not there: '${path}'`);
  }
}
