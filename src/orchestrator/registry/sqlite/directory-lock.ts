// One process per data directory. The lock is SQLite's own lock on an empty file: the kernel drops it when the process
// dies, however it dies, so that there is never a stale one to clean up.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../foundation/start-error.ts';
import { isBusy } from './registry-error.ts';

/** Throws StartError when another process holds the directory. */
export function lockDirectory(directory: string): Disposable {
  return lockFile(join(directory, 'lock'), `another process uses the data directory ${directory}`);
}

/** Throws StartError with the refusal when another process holds that file. */
export function lockFile(path: string, refusal: string): Disposable {
  const lock = new DatabaseSync(path, { timeout: 1000 });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new StartError(refusal, { cause: error });
  }
  return { [Symbol.dispose]: () => lock.close() };
}
