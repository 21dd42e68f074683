// The port beneath the store: where packs and indexes lie. A pack is written once and never changed; an index is one small
// text, there wholly or not at all.
//
// Every method throws AppErrors only: `storage_failed`, `storage_full`, `deadline_exceeded` or the signal's own. Names of tenants and ids were
// checked before they come here.

export type PackStorage = {
  /** What one tenant has. Nothing is made by asking. */
  of(tenant: string): TenantStorage;
  /** Tenants that have anything stored, sorted. */
  tenants(signal: AbortSignal): Promise<string[]>;
  /** Throws when nothing could be written now. */
  check(signal: AbortSignal): Promise<void>;
};

/** A pack or an index that is stored wholly. */
export type StoredFile = {
  readonly id: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, by the storage's own clock. */
  readonly changedAt: number;
};

export type ByteRange = { readonly offset: number; readonly sizeBytes: number };

export type Leftovers = {
  readonly filesRemoved: number;
  readonly bytesFreed: number;
  /** Too young, or still in use. */
  readonly filesKept: number;
};

export type TenantStorage = {
  /** Before anything is written: throws `storage_full` when there is no room. */
  prepare(signal: AbortSignal): Promise<void>;

  /** Sorted by id. */
  indexes(signal: AbortSignal): Promise<StoredFile[]>;
  hasIndex(snapshotId: string, signal: AbortSignal): Promise<boolean>;
  /** Null when there is none. */
  readIndex(snapshotId: string, signal: AbortSignal): Promise<string | null>;
  /** Does what can be done before the packs are stored. One at a time for a snapshot. */
  stageIndex(snapshotId: string, text: string, signal: AbortSignal): Promise<StagedIndex>;
  /** Gone for good when it resolves. No error when there is none. */
  removeIndex(snapshotId: string, signal: AbortSignal): Promise<void>;

  /** Sorted by id. */
  packs(signal: AbortSignal): Promise<StoredFile[]>;
  /** Bytes; 0 when there is no such pack. */
  packSize(pack: string, signal: AbortSignal): Promise<number>;
  /** Null when the pack is missing, or ends before the range does. */
  readPack(pack: string, range: ByteRange, signal: AbortSignal): Promise<Buffer | null>;
  /** Makes nothing before the first batch. */
  writePack(pack: string, options: WritePackOptions): PackTarget;
  /** How many bytes that freed. */
  removePack(pack: string, signal: AbortSignal): Promise<number>;

  /** Removes what dead writes left half done, unless a snapshot or pack with that id is being written. */
  removeLeftovers(options: LeftoverOptions): Promise<Leftovers>;
};

export type StagedIndex = {
  /** The snapshot is there for good when it resolves, in the place of a former index; that is one step. */
  commit(): Promise<void>;
  /** Instead of a commit, or after one that failed. */
  discard(): Promise<void>;
};

export type WritePackOptions = {
  /** More will not come. */
  readonly sizeBytesMax: number;
  readonly signal: AbortSignal;
};

/** A pack being written, in batches of equal size. */
export type PackTarget = AsyncDisposable & {
  /** At least as much as the largest part. */
  readonly batchBytes: number;
  /** Writes that may run at the same time. */
  readonly writesMax: number;
  /** Writes a full batch; the first one has number 0. The buffer is the caller's again when it resolves. */
  write(batch: Buffer, number: number): Promise<void>;
  /** Writes the rest, which is shorter than a batch and may be empty. The pack is there for good when it resolves. No write may be running. */
  finish(rest: Buffer, number: number): Promise<void>;
  /** Removes what was written, finished or not. No write may be running. */
  discard(signal: AbortSignal): Promise<void>;
};

export type LeftoverOptions = {
  /** What was changed later than this stays; milliseconds since 1970. */
  readonly changedBefore: number;
  readonly isInUse: (id: string) => boolean;
  readonly signal: AbortSignal;
};
