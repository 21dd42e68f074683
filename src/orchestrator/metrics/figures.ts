// What parts of the service count themselves, asked when somebody collects.
import { statfs } from 'node:fs/promises';
import type { Instruments } from './instruments.ts';

type Amounts = {
  readonly sandboxes: number;
  readonly memoryBytes: number;
  readonly milliCpus: number;
};

export type Figures = {
  /** Its disk is looked at. */
  readonly dataDirectory: string;
  readonly sandboxes: { readonly figures: { readonly starting: number; readonly live: number } };
  readonly admission: {
    readonly figures: {
      readonly used: Amounts;
      readonly starting: number;
      readonly waiting: number;
      readonly reclaimed: number;
    };
  };
  readonly room: Amounts;
  readonly pool: {
    readonly figures: {
      readonly ready: number;
      readonly starting: number;
      readonly wanted: number;
      readonly hits: number;
      readonly misses: number;
      readonly failedStarts: number;
      readonly retired: Readonly<Record<string, number>>;
    };
  } | null;
  /** Null where the service speaks plain HTTP. Milliseconds since 1970. */
  readonly certificate?: { readonly expiresAt: number } | null;
  readonly overload: { readonly figures: { readonly over: readonly string[] } };
};

const overloadCauses = ['loopDelayMs', 'residentBytes', 'openFiles'] as const;

/** Sets what can only be looked at. */
export async function setFigures(instruments: Instruments, figures: Figures): Promise<void> {
  const disk = await statfs(figures.dataDirectory).catch(() => null);
  if (disk !== null) {
    instruments.set('cellar_disk_free_bytes', {}, disk.bavail * disk.bsize);
    instruments.set('cellar_disk_size_bytes', {}, disk.blocks * disk.bsize);
  }
  const { starting, live } = figures.sandboxes.figures;
  instruments.set('cellar_sandboxes', { state: 'starting' }, starting);
  instruments.set('cellar_sandboxes', { state: 'live' }, live);
  setRoom(instruments, figures);
  if (figures.pool) setPool(instruments, figures.pool.figures);
  if (figures.certificate)
    instruments.set(
      'cellar_tls_certificate_expiry_timestamp_seconds',
      {},
      figures.certificate.expiresAt / 1000,
    );
  const { over } = figures.overload.figures;
  for (const cause of overloadCauses)
    instruments.set('cellar_overloaded', { cause }, over.includes(cause) ? 1 : 0);
}

function setRoom(instruments: Instruments, { admission, room }: Figures): void {
  const { used, starting, waiting, reclaimed } = admission.figures;
  instruments.set('cellar_admission_sandboxes', {}, used.sandboxes);
  instruments.set('cellar_admission_sandboxes_max', {}, room.sandboxes);
  instruments.set('cellar_admission_memory_bytes', {}, used.memoryBytes);
  instruments.set('cellar_admission_memory_bytes_max', {}, room.memoryBytes);
  instruments.set('cellar_admission_processors', {}, used.milliCpus / 1000);
  instruments.set('cellar_admission_processors_max', {}, room.milliCpus / 1000);
  instruments.set('cellar_admission_starting', {}, starting);
  instruments.set('cellar_admission_waiting', {}, waiting);
  instruments.follow('cellar_admission_reclaimed_total', {}, reclaimed);
}

function setPool(instruments: Instruments, pool: NonNullable<Figures['pool']>['figures']): void {
  instruments.set('cellar_pool_sandboxes', { state: 'ready' }, pool.ready);
  instruments.set('cellar_pool_sandboxes', { state: 'starting' }, pool.starting);
  instruments.set('cellar_pool_wanted_sandboxes', {}, pool.wanted);
  instruments.follow('cellar_pool_takes_total', { outcome: 'hit' }, pool.hits);
  instruments.follow('cellar_pool_takes_total', { outcome: 'miss' }, pool.misses);
  instruments.follow('cellar_pool_start_failures_total', {}, pool.failedStarts);
  for (const [reason, count] of Object.entries(pool.retired))
    instruments.follow('cellar_pool_retired_total', { reason }, count);
}
