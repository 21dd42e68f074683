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
    const used = Math.max(0, reading.cpuSeconds - (before?.cpuSeconds ?? 0));
    this.#used.set(known.tenant, (this.#used.get(known.tenant) ?? 0) + used);
    const refused = (reading.pidsRefused ?? 0) - (before?.pidsRefused ?? 0);
    if (refused > 0)
      this.#options.instruments.add('cellar_limits_hit_total', { limit: 'pids' }, refused);
  }

  #tell(): void {
    const { instruments, clock } = this.#options;
    const counts = new Map<string, number>();
    const memory = new Map<string, number>();
    let oldest = clock.monotonic();
    let unread = 0;
    for (const { tenant, reading, at } of this.#known.values()) {
      counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
      memory.set(tenant, (memory.get(tenant) ?? 0) + (reading?.memoryBytes ?? 0));
      if (reading !== null) oldest = Math.min(oldest, at);
      else if (at > Number.NEGATIVE_INFINITY) unread++;
    }
    const used = new Map(this.#used);
    this.#used.clear();
    // Who has a sandbox and uses nothing is somebody all the same.
    for (const tenant of counts.keys()) used.set(tenant, used.get(tenant) ?? 0);
    for (const tenant of this.#top.look(used)) {
      instruments.forget('cellar_tenant_cpu_seconds_total', { tenant });
      instruments.forget('cellar_tenant_memory_bytes', { tenant });
      instruments.forget('cellar_tenant_sandboxes', { tenant });
    }
    for (const [tenant, seconds] of used)
      instruments.add('cellar_tenant_cpu_seconds_total', { tenant: this.#nameOf(tenant) }, seconds);
    for (const [tenant, bytes] of this.#summed(memory))
      instruments.set('cellar_tenant_memory_bytes', { tenant }, bytes);
    for (const [tenant, count] of this.#summed(counts))
      instruments.set('cellar_tenant_sandboxes', { tenant }, count);
    const age = (clock.monotonic() - oldest) / 1000;
    instruments.set('cellar_sandbox_readings_age_seconds', {}, age);
    instruments.set('cellar_sandboxes_unread', {}, unread);
  }

  #nameOf(tenant: string): string {
    return this.#top.has(tenant) ? tenant : otherValue;
  }

  /** By the names that they are told under. */
  #summed(amounts: ReadonlyMap<string, number>): Map<string, number> {
    const summed = new Map([otherValue, ...this.#top.names].map((name) => [name, 0]));
    for (const [tenant, amount] of amounts)
      summed.set(this.#nameOf(tenant), (summed.get(this.#nameOf(tenant)) ?? 0) + amount);
    return summed;
  }
}
