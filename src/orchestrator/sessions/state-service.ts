// What the API may ask about the state of sessions: versions, rollback, hibernation, archives. Every call names the tenant first.
// Errors are AppErrors.
import { AppError, type ErrorCode } from '../foundation/errors.ts';
import { newId } from '../foundation/id.ts';
import { Permits } from '../foundation/permits.ts';
import type { IdempotencyKey, SnapshotRecord } from '../registry/records.ts';
import type { Listing, Page } from '../registry/session-registry.ts';
import { historyEntries, versionEntry } from './archive-entries.ts';
import { encodeVersion } from './archived-version.ts';
import { encodeHistory } from './history-line.ts';
import type { HeldSession, LoadedSessions } from './loaded-sessions.ts';
import type { Origin } from './origins.ts';
import { SandboxKeeper, type SandboxSettings } from './sandbox-keeper.ts';
import type { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import type { ForkSource } from './session-service.ts';
import type { VersionChoice } from './snapshots.ts';
import { Uses } from './uses.ts';

/** Executions that are read at a time. */
const historyPageLength = 20;

export type Archive = {
  readonly record: SnapshotRecord;
  readonly content: AsyncIterable<Buffer>;
};

/** What others see of it. */
export type States = { readonly [Method in keyof StateService]: StateService[Method] };

export class StateService {
  readonly #options: SessionOptions;
  readonly #sessions: LoadedSessions<Session>;
  readonly #trials: Permits;

  constructor(options: SessionOptions, sessions: LoadedSessions<Session>) {
    this.#options = options;
    this.#sessions = sessions;
    this.#trials = new Permits(options.limits.importTrialsMax);
  }

  async take(
    tenant: string,
    idOrName: string,
    label: string | null,
    signal: AbortSignal,
    idempotencyKey?: IdempotencyKey,
  ): Promise<SnapshotRecord> {
    const effect =
      idempotencyKey &&
      (({ snapshotId }: SnapshotRecord) => ({ ...idempotencyKey, made: snapshotId }));
    return this.#sessions.using(tenant, idOrName, (session) =>
      session.snapshot({ label, reason: 'requested', ...(effect && { effect }) }, signal),
    );
  }

  /** Newest first. */
  async list(tenant: string, idOrName: string, page: Page): Promise<Listing<SnapshotRecord>> {
    return this.#sessions.viewing(tenant, idOrName, ({ sessionId }) =>
      this.#options.registry.listSnapshots(sessionId, page),
    );
  }

  async find(tenant: string, idOrName: string, version: number): Promise<SnapshotRecord> {
    return this.#version(tenant, idOrName, { version });
  }

  #version(tenant: string, idOrName: string, wanted: VersionChoice): Promise<SnapshotRecord> {
    return this.#sessions.viewing(tenant, idOrName, ({ sessionId }) =>
      this.#options.snapshots.find(sessionId, wanted),
    );
  }

  /** Another version of the session that has the label loses it. */
  label(
    tenant: string,
    idOrName: string,
    version: number,
    label: string | null,
  ): Promise<SnapshotRecord> {
    return this.#sessions.using(tenant, idOrName, (session) =>
      session.labelVersion(version, label),
    );
  }

  /** Throws `snapshot_in_use` for the version that the session stands on. */
  async remove(tenant: string, idOrName: string, version: number): Promise<void> {
    await this.#sessions.using(tenant, idOrName, (session) => session.removeVersion(version));
  }

  /** Of all sessions of a tenant, deleted ones too, and those that were imported; newest first. */
  listAll(tenant: string, page: Page): Promise<Listing<SnapshotRecord>> {
    return this.#options.registry.listTenantSnapshots(tenant, page);
  }

  async findById(tenant: string, snapshotId: string): Promise<SnapshotRecord> {
    const found = await this.#options.registry.findSnapshotById(tenant, snapshotId);
    if (found === null) throw new AppError('snapshot_not_found');
    return found;
  }

  /** Throws `snapshot_in_use` for a version that a session stands on. */
  async removeById(tenant: string, snapshotId: string): Promise<void> {
    const snapshot = await this.findById(tenant, snapshotId);
    const { sessionId, version } = snapshot;
    const owner =
      sessionId === null || version === null ? null : await this.#living(tenant, sessionId);
    if (owner === null) return this.#options.snapshots.remove(snapshot);
    try {
      await owner.session.removeVersion(version!);
    } finally {
      owner.release();
    }
  }

  /** Null when the session is deleted. */
  async #living(tenant: string, sessionId: string): Promise<HeldSession<Session> | null> {
    try {
      return await this.#sessions.hold(tenant, sessionId);
    } catch (error) {
      if (error instanceof AppError && error.code === 'session_not_found') return null;
      throw error;
    }
  }

  async archive(
    tenant: string,
    idOrName: string,
    version: number,
    signal: AbortSignal,
  ): Promise<Archive> {
    const record = await this.find(tenant, idOrName, version);
    return { record, content: this.#wholeArchive(record, signal) };
  }

  /** What the registry knows of the version, the history until then, and after it what the agent wrote, unread. */
  async *#wholeArchive(record: SnapshotRecord, signal: AbortSignal): AsyncIterable<Buffer> {
    yield versionEntry(encodeVersion(record));
    yield* historyEntries(this.#historyUntil(record, signal));
    yield* this.#options.snapshots.open(record, signal);
  }

  async *#historyUntil(
    { sessionId, createdAt }: SnapshotRecord,
    signal: AbortSignal,
  ): AsyncIterable<Buffer> {
    const { registry } = this.#options;
    if (sessionId === null) return;
    for (let after = 0; ; ) {
      const { items, last } = await registry.executionsStartedBy(
        sessionId,
        createdAt,
        after,
        historyPageLength,
      );
      for (const execution of items) {
        signal.throwIfAborted();
        yield encodeHistory(execution, await registry.outputOf(execution.executionId));
      }
      if (items.length < historyPageLength) return;
      after = last;
    }
  }

  async rollback(
    tenant: string,
    idOrName: string,
    wanted: VersionChoice,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#sessions.using(tenant, idOrName, (session) => session.rollback(wanted, signal));
  }

  async hibernate(tenant: string, idOrName: string, signal: AbortSignal): Promise<void> {
    await this.#sessions.using(tenant, idOrName, (session) => session.hibernate(signal));
  }

  /** Throws `session_busy`, `pause_unsupported`. */
  async pause(tenant: string, idOrName: string, signal: AbortSignal): Promise<void> {
    await this.#sessions.using(tenant, idOrName, (session) => session.pause(signal));
  }

  async resume(tenant: string, idOrName: string, signal: AbortSignal): Promise<void> {
    await this.#sessions.using(tenant, idOrName, async (session) => {
      using _lease = await session.lease(signal);
    });
  }

  /** The state that a new session begins with: a version, or what a living session has now. */
  async origin(tenant: string, source: ForkSource, signal: AbortSignal): Promise<Origin> {
    if ('snapshot' in source) {
      return { snapshot: await this.findById(tenant, source.snapshot), fork: true };
    }
    return { snapshot: await this.#forked(tenant, source, signal), fork: true };
  }

  async #forked(
    tenant: string,
    source: Exclude<ForkSource, { readonly snapshot: string }>,
    signal: AbortSignal,
  ): Promise<SnapshotRecord> {
    if ('label' in source) return this.#version(tenant, source.session, { label: source.label });
    const version = source.version ?? (await this.#versionAsleep(tenant, source.session));
    if (version !== null) return this.find(tenant, source.session, version);
    return this.#sessions.using(tenant, source.session, (session) =>
      session.snapshot({ label: null, reason: 'fork' }, signal),
    );
  }

  /** The version that is all there is of a sleeping session's state; null for one that is awake. */
  #versionAsleep(tenant: string, idOrName: string): Promise<number | null> {
    return this.#sessions.viewing(tenant, idOrName, ({ state, version }) =>
      state === 'hibernated' ? version : null,
    );
  }

  /**
   * Stores an archive that came from elsewhere, if an agent can bring it back. SECURITY: it is tried in a sandbox of its own, for only there
   * is it ever looked into.
   */
  async import(
    tenant: string,
    language: string,
    content: AsyncIterable<Uint8Array>,
    label: string | null,
    signal: AbortSignal,
    idempotencyKey?: IdempotencyKey,
  ): Promise<SnapshotRecord> {
    const { snapshots, observe } = this.#options;
    let record: SnapshotRecord | null = null;
    try {
      record = await snapshots.import(tenant, language, content, label, signal);
      await this.#tryOut(tenant, record, signal);
      signal.throwIfAborted();
      const effect = idempotencyKey && { ...idempotencyKey, made: record.snapshotId };
      await snapshots.add(record, effect);
      return record;
    } catch (error) {
      if (isArchiveFault(error))
        observe?.({ type: 'archiveRefused', reason: error.reason ?? null });
      if (record !== null) await snapshots.discard(record);
      throw error;
    }
  }

  /** Throws what is wrong with it, or the signal's reason; in any case nothing is left of the sandbox. */
  async #tryOut(tenant: string, record: SnapshotRecord, signal: AbortSignal): Promise<void> {
    const { source, log, limits, snapshots, admission, observe, tracer } = this.#options;
    using _ = await this.#trials.take(signal);
    signal.throwIfAborted();
    const keeper = new SandboxKeeper({
      source,
      log,
      startMsMax: limits.sandboxStartMsMax,
      uses: new Uses(),
      tracer,
      owner: { events: async () => {}, lost: () => {} },
      took: ({ runtimeId }) =>
        observe?.({ type: 'sandboxTaken', tenant, sessionId: null, runtimeId }),
    });
    using room = await admission.enter(tenant, limits.trial, signal);
    const giveUp = () => void keeper.putAway();
    signal.addEventListener('abort', giveUp, { once: true });
    const settings: SandboxSettings = {
      limits: limits.trial,
      configure: {
        sessionId: newId('ses'),
        language: record.language,
        environment: {},
        outputBytesMax: limits.trial.outputBytes,
        heapBytesMax: Math.floor(limits.trial.memoryBytes * limits.heapShare),
      },
      permit: async () => {},
      prepare: (agent, signal) =>
        agent.restore(snapshots.open(record, signal), { fork: true }, signal),
    };
    try {
      const { sandbox, plan } = await keeper.startUnstored(settings);
      room.started();
      keeper.discard(sandbox, plan);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', giveUp);
      await keeper.putAway();
    }
  }
}

function isArchiveFault(error: unknown): error is AppError {
  const codes: readonly ErrorCode[] = [
    'snapshot_refused',
    'snapshot_unsupported',
    'snapshot_too_large',
  ];
  return error instanceof AppError && codes.includes(error.code);
}
