// A session manager over a real registry and a real snapshot store, with sandboxes that the test plays.
import { join } from 'node:path';
import { createLog } from '../../src/orchestrator/foundation/log.ts';
import type { SessionRegistry } from '../../src/orchestrator/registry/session-registry.ts';
import type { SandboxSource } from '../../src/orchestrator/sandbox/sandbox-source.ts';
import { Admission } from '../../src/orchestrator/sessions/admission.ts';
import { Retention } from '../../src/orchestrator/sessions/retention.ts';
import { SessionManager } from '../../src/orchestrator/sessions/session-manager.ts';
import { type SnapshotBounds, Snapshots } from '../../src/orchestrator/sessions/snapshots.ts';
import { openDirectoryStore } from '../../src/orchestrator/snapshots/directory/directory-store.ts';
import type { FakeClock } from '../doubles/fake-clock.ts';
import { admissionLimits, limits } from './session-settings.ts';

const log = createLog('silent');

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
}): SessionManager {
  const admission = new Admission(admissionLimits);
  const retention = new Retention({ ...parts, keepDefault: 10 });
  return new SessionManager({ ...parts, admission, retention, log, limits });
}
