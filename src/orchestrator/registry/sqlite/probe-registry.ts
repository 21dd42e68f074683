// Looks whether a registry could be opened by this version, without opening it for writing.
import { existsSync } from 'node:fs';
import { migrationNames } from './migrations.ts';
import { migrationsIn, openToRead, registryPath } from './open-to-read.ts';

export type RegistryState =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'readable'; readonly newer: readonly string[]; readonly pending: number };

/** `newer`: migrations that this version does not know; `pending`: those that the next start will do. */
export function probeRegistry(directory: string): RegistryState {
  const path = registryPath(directory);
  if (!existsSync(path)) return { kind: 'none' };
  try {
    using connection = openToRead(path);
    const applied = migrationsIn(connection);
    const newer = applied.filter((name) => !migrationNames.includes(name));
    return { kind: 'readable', newer, pending: migrationNames.length - applied.length };
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  }
}
