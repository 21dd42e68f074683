// The port to where snapshots are kept. SECURITY: a snapshot is bytes that an untrusted agent wrote; here they are
// stored and given back as they came, and nobody on the host looks inside.

export type StoredSnapshot = {
  /** Bytes of the content. */
  readonly sizeBytes: number;
  /** Bytes that it added to the store: what it has in common with earlier snapshots is not stored again. */
  readonly storedBytes: number;
  /** SHA-256 of the whole content, hexadecimal. */
  readonly checksum: string;
};

export type PutOptions = {
  /** Content that turns out longer is refused. */
  readonly sizeBytesMax: number;
  /** Nor may the tenant have more than this stored with it, garbage that is not yet collected included. */
  readonly tenantBytesMax?: number;
  readonly signal: AbortSignal;
};

export type Collected = {
  readonly filesRemoved: number;
  /** Bytes that the store takes less than before. */
  readonly bytesFreed: number;
  /** Snapshots that were found damaged on the way, of any tenant. What their tenants have stored is left as it is. */
  readonly damaged: readonly { readonly tenant: string; readonly snapshotId: string }[];
};

/**
 * Every method throws AppError: `storage_failed` when the storage cannot be read or written, `deadline_exceeded` or the
 * signal's own AppError once its signal fires. Ids and tenants are ours and never a client's words; a malformed id is a
 * programmer error.
 */
export interface SnapshotStore {
  /**
   * The snapshots of one tenant. SECURITY: tenants share nothing, not even equal bytes, so that nobody can learn from
   * sizes or times what another one stores.
   */
  of(tenant: string): TenantSnapshots;
  /** Those that have anything stored, sorted. */
  tenants(): Promise<string[]>;
  /**
   * Removes what no snapshot needs and what dead writes left, if it is older than `graceMs`. May run beside puts, opens
   * and deletes of this process; it never removes what they use.
   */
  collect(graceMs: number, signal: AbortSignal): Promise<Collected>;
  /** Throws `storage_failed` or `storage_full` when a put would fail now. */
  check(signal: AbortSignal): Promise<void>;
}

/** Snapshot ids have the form of `snapshotIdPattern`. */
export interface TenantSnapshots {
  /**
   * Stores the content under an id that is not in use. All or nothing: once it resolves the snapshot survives the machine's
   * death, and if it throws there is none. Pulls no more content than it can write, and ends the iteration when it fails.
   * Throws AppError `snapshot_too_large`, `tenant_storage_full`, `storage_full`, and what the content itself throws, unchanged.
   */
  put(
    snapshotId: string,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<StoredSnapshot>;
  /**
   * The content. Nothing is read before the first pull. Every byte given out was verified; the end comes only when the whole is what was
   * put. Throws AppError `snapshot_not_found` and `snapshot_damaged`.
   */
  open(snapshotId: string, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Reads everything there is of it. Throws as `open` does. */
  verify(snapshotId: string, signal: AbortSignal): Promise<void>;
  /** Gone for good when it resolves; its space comes back with `collect`. No error when there is none. */
  delete(snapshotId: string): Promise<void>;
  /** Ids of the snapshots that were stored wholly, sorted. */
  list(): Promise<string[]>;
}

export const snapshotIdPattern = /^[a-z0-9][a-z0-9_-]{0,127}$/;
