// A snapshot store whose calls are told: how long each takes, and how it fails.
import type { Clock } from '../foundation/clock.ts';
import { AppError, type ErrorCode } from '../foundation/errors.ts';
import type { Observe, StoreCall } from '../foundation/observe.ts';
import type {
  Collected,
  PutOptions,
  SnapshotStore,
  StoredSnapshot,
  TenantSnapshots,
} from './snapshot-store.ts';

export type ObservedStoreOptions = {
  readonly store: SnapshotStore;
  readonly clock: Clock;
  readonly observe: Observe;
};

export class ObservedStore implements SnapshotStore {
  readonly #store: SnapshotStore;
  readonly #calls: StoreCalls;

  constructor(options: ObservedStoreOptions) {
    this.#store = options.store;
    this.#calls = new StoreCalls(options);
  }

  of(tenant: string): TenantSnapshots {
    return new ObservedSnapshots(this.#store.of(tenant), this.#calls);
  }

  tenants(): Promise<string[]> {
    return this.#calls.told('list', () => this.#store.tenants());
  }

  collect(graceMs: number, signal: AbortSignal): Promise<Collected> {
    return this.#calls.told('collect', () => this.#store.collect(graceMs, signal));
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#calls.told('check', () => this.#store.check(signal));
  }
}

class ObservedSnapshots implements TenantSnapshots {
  readonly #snapshots: TenantSnapshots;
  readonly #calls: StoreCalls;

  constructor(snapshots: TenantSnapshots, calls: StoreCalls) {
    this.#snapshots = snapshots;
    this.#calls = calls;
  }

  put(
    snapshotId: string,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<StoredSnapshot> {
    return this.#calls.told('put', () => this.#snapshots.put(snapshotId, content, options));
  }

  open(snapshotId: string, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#calls.toldWhole('open', this.#snapshots.open(snapshotId, signal));
  }

  verify(snapshotId: string, signal: AbortSignal): Promise<void> {
    return this.#calls.told('open', () => this.#snapshots.verify(snapshotId, signal));
  }

  delete(snapshotId: string): Promise<void> {
    return this.#calls.told('delete', () => this.#snapshots.delete(snapshotId));
  }

  list(): Promise<string[]> {
    return this.#calls.told('list', () => this.#snapshots.list());
  }
}

class StoreCalls {
  readonly #options: ObservedStoreOptions;

  constructor(options: ObservedStoreOptions) {
    this.#options = options;
  }

  async told<Result>(call: StoreCall, work: () => Promise<Result>): Promise<Result> {
    const begun = this.#options.clock.monotonic();
    try {
      const result = await work();
      this.#tell(call, begun, null);
      return result;
    } catch (error) {
      this.#tell(call, begun, codeOf(error));
      throw error;
    }
  }

  /** Told at its end; whoever stops reading before that has all that was wanted. */
  async *toldWhole<Item>(call: StoreCall, items: AsyncIterable<Item>): AsyncIterable<Item> {
    const begun = this.#options.clock.monotonic();
    let code: ErrorCode | null = null;
    try {
      yield* items;
    } catch (error) {
      code = codeOf(error);
      throw error;
    } finally {
      this.#tell(call, begun, code);
    }
  }

  #tell(call: StoreCall, begun: number, code: ErrorCode | null): void {
    const { clock, observe } = this.#options;
    observe({ type: 'storeCall', call, ms: clock.monotonic() - begun, code });
  }
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof AppError ? error.code : 'internal';
}
