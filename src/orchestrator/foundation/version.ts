// The version of the service, as its package says.
import { readFile } from 'node:fs/promises';

/** It came with this version. */
export const packageFile = new URL('../../../package.json', import.meta.url);

export async function readVersion(): Promise<string> {
  return JSON.parse(await readFile(packageFile, 'utf8')).version;
}
