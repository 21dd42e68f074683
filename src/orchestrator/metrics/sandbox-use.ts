// What the sandboxes of each tenant use, from the host's control groups. Read when somebody collects, a bounded time long, those first whose
// last reading is oldest; the others keep theirs. Once more before a container goes, so that what it used is counted to its end.
import type { Clock } from '../foundation/clock.ts';
import type { ControlGroups, GroupReading } from './control-groups.ts';
import { otherValue } from './declaration.ts';
import { tenantsMax } from './declarations.ts';
import type { Instruments } from './instruments.ts';
import { TopNames } from './top-names.ts';

export type SandboxUseOptions = {
  readonly instruments: Instruments;
  readonly groups: Pick<ControlGroups, 'read'>;
  readonly clock: Clock;
};

type Known = {
  readonly tenant: string;
  /** On the monotonic clock. */
  at: number;
  reading: GroupReading | null;
};

/** For reading, in one go. A reading takes about 0.06 ms. */
const readMsMax = 6;
/** Younger readings are good enough. */
const ageMsMax = 2_000;

export class SandboxUse {
  readonly #options: SandboxUseOptions;
  readonly #known = new Map<string, Known>();
  readonly #top = new TopNames(tenantsMax, [otherValue]);
  /** Processor seconds by tenant that are not counted yet. */
  readonly #used = new Map<string, number>();
  /** Seconds by tenant in which its sandboxes stood still, not counted yet. */
  readonly #throttled = new Map<string, number>();

  constructor(options: SandboxUseOptions) {
    this.#options = options;
  }

  /** A session has this container from now on. */
  take(runtimeId: string, tenant: string): void {
    if (!this.#known.has(runtimeId))
      this.#known.set(runtimeId, { tenant, at: Number.NEGATIVE_INFINITY, reading: null });
  }

  /** Brings the metrics up to date, as far as the time allows. */
  collect(): void {
    const { clock } = this.#options;
    const begun = clock.monotonic();
    const due = [...this.#known]
      .filter(([, { at }]) => begun - at >= ageMsMax)
      .sort(([, one], [, other]) => one.at - other.at);
    for (const [runtimeId, known] of due) {
      this.#read(runtimeId, known);
      if (clock.monotonic() - begun >= readMsMax) break;
    }
    this.#tell();
  }

  /** A container is about to go. One that no session had is nobody's. */
  last(runtimeId: string): void {
    const known = this.#known.get(runtimeId);
    if (known === undefined) return;
    this.#read(runtimeId, known);
    this.#known.delete(runtimeId);
  }

  #read(runtimeId: string, known: Known): void {
    const reading = this.#options.groups.read(runtimeId);
    known.at = this.#options.clock.monotonic();
    if (reading === null) return;
    const { reading: before } = known;
    known.reading = reading;
    grow(this.#used, known.tenant, reading.cpuSeconds - (before?.cpuSeconds ?? 0));
    grow(this.#throttled, known.tenant, reading.throttledSeconds - (before?.throttledSeconds ?? 0));
    const refused = (reading.pidsRefused ?? 0) - (before?.pidsRefused ?? 0);
    if (refused > 0)
      this.#options.instruments.add('cellar_limits_hit_total', { limit: 'pids' }, refused);
  }

  #tell(): void {
    const { instruments, clock } = this.#options;
    const counts = new Map<string, number>();
    const memory = new Map<string, number>();
    const pids = new Map<string, number>();
    let oldest = clock.monotonic();
    let unread = 0;
    for (const { tenant, reading, at } of this.#known.values()) {
      grow(counts, tenant, 1);
      grow(memory, tenant, reading?.memoryBytes ?? 0);
      grow(pids, tenant, reading?.pids ?? 0);
      if (reading !== null) oldest = Math.min(oldest, at);
      else if (at > Number.NEGATIVE_INFINITY) unread++;
    }
    // Who has a sandbox and uses nothing is somebody all the same.
    for (const tenant of counts.keys()) {
      grow(this.#used, tenant, 0);
      grow(this.#throttled, tenant, 0);
    }
    for (const tenant of this.#top.look(this.#used))
      for (const name of ofTenant) instruments.forget(name, { tenant });
    this.#count('cellar_tenant_cpu_seconds_total', this.#used);
    this.#count('cellar_tenant_cpu_throttled_seconds_total', this.#throttled);
    this.#show('cellar_tenant_memory_bytes', memory);
    this.#show('cellar_tenant_pids', pids);
    this.#show('cellar_tenant_sandboxes', counts);
    const age = (clock.monotonic() - oldest) / 1000;
    instruments.set('cellar_sandbox_readings_age_seconds', {}, age);
    instruments.set('cellar_sandboxes_unread', {}, unread);
  }

  #count(name: Counts, amounts: Map<string, number>): void {
    for (const [tenant, amount] of amounts)
      this.#options.instruments.add(name, { tenant: this.#nameOf(tenant) }, amount);
    amounts.clear();
  }

  #show(name: Shows, amounts: ReadonlyMap<string, number>): void {
    for (const [tenant, amount] of this.#summed(amounts))
      this.#options.instruments.set(name, { tenant }, amount);
  }

  #nameOf(tenant: string): string {
    return this.#top.has(tenant) ? tenant : otherValue;
  }

  /** By the names that they are told under. */
  #summed(amounts: ReadonlyMap<string, number>): Map<string, number> {
    const summed = new Map([otherValue, ...this.#top.names].map((name) => [name, 0]));
    for (const [tenant, amount] of amounts) grow(summed, this.#nameOf(tenant), amount);
    return summed;
  }
}

type Counts = 'cellar_tenant_cpu_seconds_total' | 'cellar_tenant_cpu_throttled_seconds_total';
type Shows = 'cellar_tenant_memory_bytes' | 'cellar_tenant_pids' | 'cellar_tenant_sandboxes';

const ofTenant: readonly (Counts | Shows)[] = [
  'cellar_tenant_cpu_seconds_total',
  'cellar_tenant_cpu_throttled_seconds_total',
  'cellar_tenant_memory_bytes',
  'cellar_tenant_pids',
  'cellar_tenant_sandboxes',
];

/** What is counted never falls. */
function grow(amounts: Map<string, number>, name: string, by: number): void {
  amounts.set(name, (amounts.get(name) ?? 0) + Math.max(0, by));
}
