// Deletes tenants with all they have. What is cut off goes on when it is asked for again, and at the next start.
import type { KeyRing } from '../auth/key-ring.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { AccessRegistry, TenantHoldings } from '../registry/access-registry.ts';
import type { SessionService } from '../sessions/session-service.ts';
import type { States } from '../sessions/state-service.ts';
import type { TenantDirectory } from './tenants.ts';

export type TenantRemovalOptions = {
  readonly registry: AccessRegistry;
  /** Resolves when what was written is on the disk. */
  readonly durable: () => Promise<void>;
  readonly tenants: Pick<TenantDirectory, 'has' | 'remove'>;
  readonly ring: Pick<KeyRing, 'removeTenant'>;
  readonly sessions: Pick<SessionService, 'list' | 'delete'>;
  readonly states: Pick<States, 'listAll' | 'removeById'>;
  readonly log: Log;
};

/** The one of the administrator's first key. */
const firstTenant = 'default';
/** Sessions or snapshots that are asked for at a time. */
const page = { limit: 100, offset: 0 };

export class TenantRemoval {
  readonly #options: TenantRemovalOptions;

  constructor(options: TenantRemovalOptions) {
    this.#options = options;
  }

  /**
   * Its keys end at once, then its sessions and snapshots go; gives what went. Throws `tenant_in_use` without `force` where there are
   * sessions or snapshots, and `tenant_not_found`.
   */
  async remove(tenantId: string, force: boolean, signal: AbortSignal): Promise<TenantHoldings> {
    const { registry, durable, tenants, ring } = this.#options;
    const isKnown = tenants.has(tenantId);
    if (!isKnown && !(await registry.leftovers()).includes(tenantId))
      throw new AppError('tenant_not_found');
    if (tenantId === firstTenant) {
      throw new AppError('tenant_in_use', {
        detail: 'The administrator’s first key belongs to this tenant.',
      });
    }
    const holdings = await registry.holdings(tenantId);
    if (isKnown) {
      if (!force) refuseToLose(holdings);
      await tenants.remove(tenantId);
      ring.removeTenant(tenantId);
      await durable();
    }
    await this.#purge(tenantId, signal);
    return holdings;
  }

  /** Goes on with deletions that were cut off by the end of an earlier process. */
  async finish(signal: AbortSignal): Promise<void> {
    const { registry, log } = this.#options;
    try {
      for (const tenantId of await registry.leftovers()) await this.#purge(tenantId, signal);
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'deleted tenants still have something');
    }
  }

  async #purge(tenantId: string, signal: AbortSignal): Promise<void> {
    const { sessions, states } = this.#options;
    await emptied(
      () => sessions.list(tenantId, {}, page),
      ({ record }) => sessions.delete(tenantId, record.sessionId, { force: true }, signal),
      signal,
    );
    await emptied(
      () => states.listAll(tenantId, page),
      ({ snapshotId }) => states.removeById(tenantId, snapshotId),
      signal,
    );
  }
}

/** Removes what is listed until nothing is. What somebody else has removed meanwhile is as good. */
async function emptied<Item>(
  list: () => Promise<{ readonly items: readonly Item[] }>,
  remove: (item: Item) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { items } = await list();
    if (items.length === 0) return;
    for (const item of items) {
      signal.throwIfAborted();
      await remove(item).catch((error: unknown) => {
        const isGone = error instanceof AppError && error.code.endsWith('_not_found');
        if (!isGone) throw error;
      });
    }
  }
}

function refuseToLose({ sessions, snapshots, keys }: TenantHoldings): void {
  if (sessions === 0 && snapshots === 0) return;
  throw new AppError('tenant_in_use', {
    detail: `It has sessions: ${sessions}, snapshots: ${snapshots}, keys: ${keys}. With force=true all of them go.`,
  });
}
