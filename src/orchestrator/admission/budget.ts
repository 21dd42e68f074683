// The budget of the service and of each tenant, from the configuration and the machine. Pure.
import type { Amounts } from './amounts.ts';
import type { Limits } from './ledger.ts';

/** What the sandboxes run on. */
export type Host = { readonly memoryBytes: number; readonly cpus: number };

export type BudgetSettings = {
  readonly sessionsMax: number;
  readonly hostMemoryBytes?: number;
  readonly hostCpus?: number;
  readonly memoryOvercommit: number;
  readonly cpuOvercommit: number;
  readonly tenantSessionsMax?: number;
  readonly tenantMemoryBytesMax?: number;
  readonly tenantCpusMax?: number;
};

/** What a tenant has a limit of its own for. */
export type OwnLimits = {
  readonly sessions?: number;
  readonly memoryBytes?: number;
  readonly cpus?: number;
};

/**
 * `host` where the configuration names no other. A tenant's own limits take the place of those that the settings have for tenants; what
 * neither bounds, the service does.
 */
export function budgetOf(
  settings: BudgetSettings,
  host: Host,
  ownLimits: (tenant: string) => OwnLimits,
): Limits {
  const memoryBytes = settings.hostMemoryBytes ?? host.memoryBytes;
  const cpus = settings.hostCpus ?? host.cpus;
  const service: Amounts = {
    sandboxes: settings.sessionsMax,
    memoryBytes: Math.floor(memoryBytes * settings.memoryOvercommit),
    milliCpus: Math.floor(cpus * settings.cpuOvercommit * 1000),
  };
  const tenant: Amounts = {
    sandboxes: settings.tenantSessionsMax ?? service.sandboxes,
    memoryBytes: settings.tenantMemoryBytesMax ?? service.memoryBytes,
    milliCpus:
      settings.tenantCpusMax === undefined
        ? service.milliCpus
        : Math.floor(settings.tenantCpusMax * 1000),
  };
  const tenantOf = (id: string): Amounts => {
    const own = ownLimits(id);
    return {
      sandboxes: own.sessions ?? tenant.sandboxes,
      memoryBytes: own.memoryBytes ?? tenant.memoryBytes,
      milliCpus: own.cpus === undefined ? tenant.milliCpus : Math.floor(own.cpus * 1000),
    };
  };
  return { service, tenantOf };
}

/** Sandboxes that are best started at once: one for each processor, and one that waits for the disk or for the engine meanwhile. */
export function startsAtOnceOn(host: Host, { hostCpus }: Pick<BudgetSettings, 'hostCpus'>): number {
  return Math.ceil(hostCpus ?? host.cpus) + 1;
}
