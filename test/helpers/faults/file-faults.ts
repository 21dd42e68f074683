// The files that the service writes below its data directory, with a fault point before and after each step that changes them:
// a kill there leaves what a process leaves that dies between two system calls.
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import type { FaultPoints } from './fault-points.ts';

const pathMethods = ['rename', 'rm', 'mkdir', 'chmod'] as const;
const handleMethods = ['write', 'writeFile', 'sync', 'datasync'] as const;

type Member = (...parameters: any[]) => Promise<unknown>;

/** From now on, in the whole process. */
export function installFileFaults(points: FaultPoints, dataDirectory: string): void {
  const kindOf = (path: unknown): string | null => {
    const inside = (name: string) => String(path).startsWith(join(dataDirectory, name));
    if (inside('run')) return 'link directory';
    if (!inside('snapshots')) return null;
    // The store's own try-out belongs to no session and leaves nothing.
    if (String(path).includes('/check-')) return null;
    if (String(path).endsWith('.pack')) return 'pack';
    if (String(path).endsWith('.temporary')) return 'new index';
    return String(path).endsWith('.json') ? 'index' : 'directory';
  };
  const { promises } = fs;
  const methods = promises as unknown as Record<string, Member>;
  for (const method of pathMethods) {
    const original = methods[method]!;
    methods[method] = (path, ...rest) => {
      const kind = kindOf(path);
      if (kind === null) return original(path, ...rest);
      return points.begin(`files.${method} of ${kind}`).around(() => original(path, ...rest));
    };
  }
  const open = methods.open!;
  methods.open = async (path, flags, ...rest) => {
    const kind = kindOf(path);
    if (kind === null) return open(path, flags, ...rest);
    const opened = () => open(path, flags, ...rest) as Promise<FileHandle>;
    const handle =
      flags === 'r'
        ? await opened()
        : ((await points.begin(`files.open of ${kind}`).around(opened)) as FileHandle);
    addHandleFaults(points, kind, handle);
    return handle;
  };
  syncBuiltinESMExports();
}

function addHandleFaults(points: FaultPoints, kind: string, handle: FileHandle): void {
  const methods = handle as unknown as Record<string, Member>;
  for (const method of handleMethods) {
    const original = methods[method]!.bind(handle);
    methods[method] = (...parameters) =>
      points.begin(`files.${method} of ${kind}`).around(() => original(...parameters));
  }
}
