// A directory of its own for the files of one test, and the real access to it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { WorkspaceFiles } from '../../src/agent/engines/anarchy/workspace-files.ts';

export class TemporaryWorkspace implements Disposable {
  /** The workspace lies in it, so that there is an outside. */
  readonly #parent = mkdtempSync(join(tmpdir(), 'workspace-'));
  readonly root = join(this.#parent, 'root');
  readonly files = new WorkspaceFiles(this.root);

  /** `texts`: what is in it from the start, by path. */
  constructor(texts: ReadonlyMap<string, string> = new Map()) {
    mkdirSync(this.root);
    for (const [path, text] of texts) {
      const place = join(this.root, path);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, text);
    }
  }

  /** A path beside the workspace. */
  outside(name: string): string {
    return join(this.#parent, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true, force: true });
  }
}
