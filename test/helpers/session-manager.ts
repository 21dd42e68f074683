// A session manager over a real registry and a real snapshot store, with sandboxes that the test plays.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admission } from '../../src/orchestrator/admission/admission.ts';
import type { Limits } from '../../src/orchestrator/admission/ledger.ts';
import { createLog } from '../../src/orchestrator/foundation/log.ts';
import type { Observe } from '../../src/orchestrator/foundation/observe.ts';
import type { SessionRegistry } from '../../src/orchestrator/registry/session-registry.ts';
import { SqliteRegistry } from '../../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import type { SandboxSource } from '../../src/orchestrator/sandbox/sandbox-source.ts';
import { Retention } from '../../src/orchestrator/sessions/retention.ts';
import { SessionManager } from '../../src/orchestrator/sessions/session-manager.ts';
import { type SnapshotBounds, Snapshots } from '../../src/orchestrator/sessions/snapshots.ts';
import { StoredSessions } from '../../src/orchestrator/sessions/stored-sessions.ts';
import { openDirectoryStore } from '../../src/orchestrator/snapshots/directory/directory-store.ts';
import { FakeClock } from '../doubles/fake-clock.ts';
import { ScriptedSource } from '../doubles/scripted-source.ts';
import { admissionLimits, admissionOptions, limits, serviceBudget } from './session-settings.ts';

const log = createLog('silent');

/** A manager with all that it stands on, in a new directory: the caller's to close and to remove. */
export async function sessionWorld(
  bounds: Partial<SnapshotBounds> = {},
  budget: Limits = serviceBudget,
) {
  const directory = await mkdtemp(join(tmpdir(), 'cellar-sessions-'));
  const clock = new FakeClock();
  const registry = await SqliteRegistry.open({ directory, clock });
  const source = new ScriptedSource();
  const snapshots = await snapshotsIn(directory, registry, clock, bounds);
  const manager = sessionManager({ registry, source, snapshots, clock, budget });
  return { directory, clock, registry, source, snapshots, manager };
}

export type SessionWorld = Awaited<ReturnType<typeof sessionWorld>>;

export async function snapshotsIn(
  directory: string,
  registry: SessionRegistry,
  clock: FakeClock,
  changes: Partial<SnapshotBounds> = {},
): Promise<Snapshots> {
  const bounds = {
    snapshotsPerSessionMax: 20,
    snapshotTenantBytesMax: 2 ** 30,
    snapshotBytesMax: 2 ** 30,
    ...changes,
  };
  const store = await openDirectoryStore({
    directory: join(directory, 'snapshots'),
    clock,
    reserveBytes: 0,
  });
  return new Snapshots({ ...bounds, store, registry, clock, log });
}

export function sessionManager(parts: {
  registry: SessionRegistry;
  source: SandboxSource;
  snapshots: Snapshots;
  clock: FakeClock;
  budget?: Limits;
  egressAllowOf?: (tenant: string) => readonly string[] | null;
  observe?: Observe;
}): SessionManager {
  const { clock, budget = serviceBudget, egressAllowOf = () => null } = parts;
  const admission = new Admission({ ...admissionOptions, limits: budget, clock, log });
  const stored = new StoredSessions(admissionLimits.sessionsStoredMax);
  const retention = new Retention({ ...parts, keepDefault: 10 });
  return new SessionManager({
    ...parts,
    admission,
    stored,
    retention,
    egressAllowOf,
    certificates: null,
    log,
    limits,
  });
}
