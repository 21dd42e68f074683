// Counts what a service holds that it must give back: descriptors, containers, directories, files, rows, mounts, timers, listeners.
// Of nothing there is more at the next rest, or something leaks.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Service } from '../start-service.ts';
import type { ServiceInspector } from './service-inspector.ts';

/** By what is counted; the names are for whoever reads a failing test. */
export type Census = Readonly<Record<string, number>>;

export async function takeCensus(service: Service, inspector: ServiceInspector): Promise<Census> {
  const census: Record<string, number> = {};
  const count = (what: string, by = 1) => {
    census[what] = (census[what] ?? 0) + by;
  };
  // Collected first: what is garbage may still hold descriptors.
  await inspector.heap();
  for (const target of await descriptors(service.pid)) count(`descriptor of ${target}`);
  census.containers = (await service.containers()).length;
  for (const path of await paths(service.dataDirectory)) count(`path ${nameless(path)}`);
  for (const [table, rows] of rowCounts(service.dataDirectory)) count(`rows of ${table}`, rows);
  const mounts = await readFile('/proc/mounts', 'utf8');
  census.mounts = mounts.split('\n').filter((line) => line.includes(service.dataDirectory)).length;
  for (const [kind, number] of Object.entries(await inspector.activeResources()))
    count(`active ${kind}`, number);
  const { emitters, listeners } = await inspector.listeners();
  return { ...census, emitters, listeners };
}

/** What the second count has more or less of, as `what: before → after`. */
export function differences(before: Census, after: Census): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${before[name] ?? 0} → ${after[name] ?? 0}`);
}

/** Ids differ each time; what they are of does not. */
function nameless(path: string): string {
  return path.replace(/\b([a-z]{2,5})-[0-9a-z]{26}\b/g, '$1-…').replace(/\b[0-9a-f]{32}\b/g, '…');
}

/** Of what there is more in the second count, as `what: before → after`. */
export function leaked(before: Census, after: Census): string[] {
  const more = Object.keys(after).filter((name) => after[name]! > (before[name] ?? 0));
  return more.map((name) => `${name}: ${before[name] ?? 0} → ${after[name]}`);
}

/** Kinds of what a process has open; files by their names. */
async function descriptors(processId: number): Promise<string[]> {
  const directory = `/proc/${processId}/fd`;
  const targets = await Promise.all(
    (await readdir(directory)).map((entry) => readlink(join(directory, entry)).catch(() => null)),
  );
  return targets.flatMap((target) => (target === null ? [] : target.replace(/:?\[\d+\]$/, '')));
}

async function paths(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).sort();
}

/** The audit log is to grow, and what is billed; what bounds them is time. */
const growing: readonly unknown[] = ['audit', 'usage', 'usageStorage'];

function rowCounts(dataDirectory: string): [string, number][] {
  const database = new DatabaseSync(join(dataDirectory, 'registry.db'), { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const counted = tables.filter(({ name }) => !growing.includes(name));
    return counted.map(({ name }) => {
      const row = database.prepare(`SELECT count(*) AS number FROM "${name}"`).get();
      return [String(name), Number(row?.number)];
    });
  } finally {
    database.close();
  }
}
