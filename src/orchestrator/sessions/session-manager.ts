// All sessions of this process: finds the one that is asked for, makes new ones, brings back those of an earlier
// process. What happens inside a session is the session's.
import type { InspectedNode, VariablesReply } from '#protocol';
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import { newId } from '../foundation/id.ts';
import type { ExecutionRecord, SessionRecord } from '../registry/records.ts';
import type { Listing, Page, SessionFilter } from '../registry/session-registry.ts';
import { Session } from './session.ts';
import type { Origin } from './session-life.ts';
import type { SessionOptions } from './session-options.ts';
import type {
  ConfigChange,
  ExecuteRequest,
  ExecutionView,
  LiveFollower,
  LiveSubscription,
  NewSession,
  SessionService,
  SessionView,
} from './session-service.ts';
import { StateService } from './state-service.ts';
import { UsageReadings } from './usage-readings.ts';

const recoveriesAtOnce = 4;
const recoveryRetryMs = 2_000;

export class SessionManager implements SessionService {
  readonly #options: SessionOptions;
  /** Versions, rollback, hibernation, archives. */
  readonly states: StateService;
  readonly #sessions = new Map<string, Session>();
  readonly #usages: UsageReadings;
  /** CPU readings for `metrics`: percent is the difference between two. */
  readonly #readings = new WeakMap<Session, { cpuMs: number; at: number }>();
  #stopping = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#usages = new UsageReadings(options);
    this.states = new StateService(options, (tenant, idOrName) => this.#session(tenant, idOrName));
  }

  /**
   * Brings back every session that the registry knows. Call before anything is created. Resolves when each was tried once; those
   * that have to wait for the container engine are tried again on their own.
   */
  async recover(): Promise<void> {
    const records = await this.#options.registry.allSessions();
    const sessions = records.map((record) => new Session(record, this.#options, true));
    for (const session of sessions) this.#sessions.set(session.record.sessionId, session);
    const worker = async () => {
      for (let session = sessions.shift(); session; session = sessions.shift())
        await this.#recover(session);
    };
    await Promise.all(Array.from({ length: recoveriesAtOnce }, worker));
  }

  async #recover(session: Session): Promise<void> {
    if (this.#stopping) return;
    try {
      if (session.record.state === 'deleted') await this.#remove(session, { force: true });
      else await session.recover();
    } catch (error) {
      const { sessionId } = session.record;
      this.#options.log.error({ sessionId, err: error }, 'session could not be recovered yet');
      this.#options.clock.after(recoveryRetryMs, () => void this.#recover(session));
    }
  }

  /** Sandboxes that belong to a session of this process, for the reconciler. */
  sandboxIds(): Set<string> {
    return new Set([...this.#sessions.values()].flatMap((session) => session.sandboxIds));
  }

  /** Lets go of every session; containers and what runs in them go on for the next process. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#sessions.values()].map((session) => session.leave()));
  }

  async create(tenant: string, wanted: NewSession, signal: AbortSignal): Promise<SessionView> {
    if (this.#stopping) throw new AppError('shutting_down');
    if (this.#sessions.size >= this.#options.limits.sessionsMax) {
      throw new AppError('overloaded', { detail: 'All sessions of this service are in use.' });
    }
    const origin = wanted.from ? await this.states.origin(tenant, wanted.from, signal) : null;
    const record = this.#newRecord(tenant, wanted, origin);
    const session = new Session(record, this.#options);
    this.#sessions.set(record.sessionId, session);
    try {
      await this.#options.registry.createSession(record);
    } catch (error) {
      this.#sessions.delete(record.sessionId);
      this.#options.source.release(record.sandbox!);
      throw error;
    }
    try {
      await abortable(session.begin(origin), signal);
      // A fork stands on its own from the beginning.
      if (origin) await session.snapshot({ label: null, reason: 'fork' }, signal);
      await this.#options.registry.durable();
    } catch (error) {
      // What a session that was let go of has started is taken down by itself.
      if (this.#stopping) await this.#options.registry.deleteSession(record.sessionId);
      else await this.#remove(session, { force: true });
      throw error;
    }
    return this.#view(session);
  }

  async find(tenant: string, idOrName: string): Promise<SessionView> {
    return this.#view(await this.#session(tenant, idOrName));
  }

  async list(tenant: string, filter: SessionFilter, page: Page): Promise<Listing<SessionView>> {
    const { items, total } = await this.#options.registry.listSessions(tenant, filter, page);
    return {
      total,
      items: items.map((stored) => {
        const session = this.#sessions.get(stored.sessionId);
        return {
          record: session?.record ?? stored,
          connections: session?.connections ?? 0,
          memoryBytes: null,
        };
      }),
    };
  }

  async delete(
    tenant: string,
    idOrName: string,
    options: { force: boolean; keepSnapshots?: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const session = await this.#session(tenant, idOrName);
    await abortable(this.#remove(session, options), signal);
  }

  async configure(
    tenant: string,
    idOrName: string,
    change: ConfigChange,
    signal: AbortSignal,
  ): Promise<SessionView> {
    const session = await this.#session(tenant, idOrName);
    await abortable(session.configure(change), signal);
    return this.#view(session);
  }

  async restart(tenant: string, idOrName: string, signal: AbortSignal): Promise<SessionView> {
    const session = await this.#session(tenant, idOrName);
    await abortable(session.restart(), signal);
    return this.#view(session);
  }

  async submit(
    tenant: string,
    idOrName: string,
    request: ExecuteRequest,
  ): Promise<ExecutionRecord> {
    if (this.#stopping) throw new AppError('shutting_down');
    return (await this.#session(tenant, idOrName)).submit(request);
  }

  async ended(
    tenant: string,
    idOrName: string,
    executionId: string,
    signal: AbortSignal,
  ): Promise<ExecutionView> {
    const session = await this.#session(tenant, idOrName);
    return (await session.ended(executionId, signal)) ?? this.#stored(session, executionId);
  }

  async execution(tenant: string, idOrName: string, executionId: string): Promise<ExecutionView> {
    const session = await this.#session(tenant, idOrName);
    return session.soFar(executionId) ?? this.#stored(session, executionId);
  }

  async cancel(tenant: string, idOrName: string, executionId: string): Promise<void> {
    const session = await this.#session(tenant, idOrName);
    if (await session.cancel(executionId)) return;
    await this.#stored(session, executionId);
    throw new AppError('execution_ended');
  }

  async stdin(
    tenant: string,
    idOrName: string,
    executionId: string,
    content: string,
  ): Promise<void> {
    const session = await this.#session(tenant, idOrName);
    if (session.stdin(executionId, content)) return;
    const { record } = await this.execution(tenant, idOrName, executionId);
    throw record.endedAt === null
      ? new AppError('session_busy', { detail: 'This execution has not started yet.' })
      : new AppError('execution_ended');
  }

  async history(
    tenant: string,
    idOrName: string,
    page: Page,
    includeOutput: boolean,
  ): Promise<Listing<ExecutionView>> {
    const { registry } = this.#options;
    const { sessionId } = (await this.#session(tenant, idOrName)).record;
    const { items, total } = await registry.listExecutions(sessionId, page);
    const view = async (record: ExecutionRecord) => ({
      record,
      output: includeOutput ? await registry.outputOf(record.executionId) : [],
    });
    return { total, items: await Promise.all(items.map(view)) };
  }

  async clearHistory(tenant: string, idOrName: string): Promise<void> {
    await (await this.#session(tenant, idOrName)).clearHistory();
  }

  async variables(
    tenant: string,
    idOrName: string,
    request: { filter?: string; includeValues: boolean },
    signal: AbortSignal,
  ): Promise<VariablesReply> {
    const sandbox = await (await this.#session(tenant, idOrName)).awake(signal);
    return sandbox.agent.variables(request, signal);
  }

  async inspect(
    tenant: string,
    idOrName: string,
    request: { variable: string; path: readonly (string | number)[]; depth: number },
    signal: AbortSignal,
  ): Promise<InspectedNode> {
    const sandbox = await (await this.#session(tenant, idOrName)).awake(signal);
    return sandbox.agent.inspect({ ...request, path: [...request.path] }, signal);
  }

  async follow(
    tenant: string,
    idOrName: string,
    options: { since?: number; connection: boolean },
    follower: LiveFollower,
  ): Promise<LiveSubscription> {
    return (await this.#session(tenant, idOrName)).follow(options, follower);
  }

  async metrics(
    tenant: string,
    idOrName: string,
    signal: AbortSignal,
  ): Promise<{ cpuPercent: number; memoryBytes: number; pids: number }> {
    const session = await this.#session(tenant, idOrName);
    const { sandbox } = session;
    const usage = sandbox && (await this.#usages.read(sandbox, signal));
    const at = this.#options.clock.monotonic();
    const before = this.#readings.get(session);
    this.#readings.set(session, { cpuMs: usage?.cpuMs ?? 0, at });
    if (!usage) return { cpuPercent: 0, memoryBytes: 0, pids: 0 };
    const elapsedMs = before ? at - before.at : 0;
    const cpuPercent =
      elapsedMs > 0 ? (Math.max(0, usage.cpuMs - before!.cpuMs) / elapsedMs) * 100 : 0;
    return {
      cpuPercent: Math.round(cpuPercent * 10) / 10,
      memoryBytes: usage.memoryBytes,
      pids: usage.pids,
    };
  }

  // --- helpers ----------------------------------------------------------------------------------------------------

  #newRecord(tenant: string, wanted: NewSession, origin: Origin | null): SessionRecord {
    const now = this.#options.clock.now();
    return {
      sessionId: newId('ses'),
      tenant,
      name: wanted.name ?? null,
      language: origin?.snapshot.language ?? wanted.language,
      state: 'creating',
      config: wanted.config,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: null,
      sandbox: this.#options.source.plan(),
      agentSeq: 0,
      seqReserved: 0,
      version: null,
      versionLast: 0,
      seqPruned: 0,
      statistics: {
        executions: 0,
        errors: 0,
        cpuMs: 0,
        memoryPeakBytes: 0,
        networkBytes: 0,
        snapshots: 0,
      },
    };
  }

  async #session(tenant: string, idOrName: string): Promise<Session> {
    const own = this.#sessions.get(idOrName);
    if (own?.record.tenant === tenant && own.record.state !== 'deleted') return own;
    const record = await this.#options.registry.findSession(tenant, idOrName);
    const session = record && this.#sessions.get(record.sessionId);
    if (!session || session.record.state === 'deleted') throw new AppError('session_not_found');
    return session;
  }

  async #stored(session: Session, executionId: string): Promise<ExecutionView> {
    const record = await this.#options.registry.findExecution(
      session.record.sessionId,
      executionId,
    );
    if (!record) throw new AppError('execution_not_found');
    return { record, output: await this.#options.registry.outputOf(executionId) };
  }

  /** Deletes, or finishes a deletion that was cut off. It goes on to the end whether anybody waits for it or not. */
  async #remove(
    session: Session,
    options: { force: boolean; keepSnapshots?: boolean },
  ): Promise<void> {
    try {
      if (session.record.state === 'deleted') await session.finishDeletion();
      else await session.delete(options);
    } finally {
      const { sessionId, state } = session.record;
      if (state === 'deleted') this.#sessions.delete(sessionId);
    }
  }

  #view(session: Session): SessionView {
    const { record, connections, sandbox } = session;
    const usage = sandbox && this.#usages.latest(sandbox);
    if (!usage) return { record, connections, memoryBytes: null };
    const { statistics } = record;
    return {
      record: {
        ...record,
        statistics: {
          ...statistics,
          cpuMs: statistics.cpuMs + usage.cpuMs,
          memoryPeakBytes: Math.max(statistics.memoryPeakBytes, usage.memoryPeakBytes),
        },
      },
      connections,
      memoryBytes: usage.memoryBytes,
    };
  }
}
