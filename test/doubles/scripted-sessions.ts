// A SessionService that does what a test tells it to: no containers, no database. For tests of the API only.

import { AppError } from '../../src/orchestrator/foundation/errors.ts';
import type {
  ExecutionRecord,
  OutputRecord,
  RequestEffect,
  SessionRecord,
} from '../../src/orchestrator/registry/records.ts';
import type {
  Listing,
  Page,
  SessionFilter,
  StoredProfile,
} from '../../src/orchestrator/registry/session-registry.ts';
import {
  type ProfileView,
  profileView,
} from '../../src/orchestrator/sessions/execution-profile.ts';
import type {
  ConfigChange,
  ExecuteRequest,
  ExecutionView,
  LiveEvent,
  LiveFollower,
  LiveSubscription,
  NewSession,
  SessionService,
  SessionView,
} from '../../src/orchestrator/sessions/session-service.ts';
import { sessionRecord } from '../helpers/records.ts';

type Held = {
  record: SessionRecord;
  seq: number;
  events: LiveEvent[];
  followers: Set<LiveFollower>;
  connections: number;
  executions: Map<string, { view: ExecutionView; ended: PromiseWithResolvers<void> }>;
};

/** What a call was given, in order. */
export type Call = { readonly method: string; readonly given: readonly unknown[] };

export class ScriptedSessions implements SessionService {
  readonly calls: Call[] = [];
  /** Runs in place of the next call of that name; throwing makes the call fail. */
  readonly before = new Map<string, () => Promise<void> | void>();
  /** What an execution does once it is submitted; without it it waits for the test. */
  onSubmit: ((execution: ExecutionRecord) => void) | null = null;
  /** Told what a request with an idempotency key has made. */
  tookEffect: (effect: RequestEffect) => void = () => {};
  /** By execution. */
  readonly profiles = new Map<string, StoredProfile>();
  readonly #sessions = new Map<string, Held>();
  #count = 0;

  /** Makes a session without going through `create`. */
  add(changes: Partial<SessionRecord> = {}): SessionRecord {
    const record = sessionRecord({ sessionId: `ses-${++this.#count}`, ...changes });
    this.#sessions.set(record.sessionId, {
      record,
      seq: 1,
      events: [],
      followers: new Set(),
      connections: 0,
      executions: new Map(),
    });
    return record;
  }

  /** Sends a live event to all who follow, and keeps it for those who come later. */
  emit(sessionId: string, message: { type: string; [key: string]: unknown }): LiveEvent {
    const held = this.#held(sessionId);
    const seq = held.seq++;
    const id = message.type === 'executionStart' ? message.id : message.executionId;
    const event: LiveEvent = {
      seq,
      type: message.type,
      executionId: typeof id === 'string' ? id : null,
      text: JSON.stringify({ ...message, seq }),
    };
    held.events.push(event);
    for (const follower of held.followers) follower.event(event);
    return event;
  }

  /** Ends an execution: its record, its waiters, its last event. */
  end(
    execution: ExecutionRecord,
    changes: Partial<ExecutionRecord> = {},
    output: OutputRecord[] = [],
  ) {
    const held = this.#held(execution.sessionId);
    const entry = held.executions.get(execution.executionId)!;
    const record: ExecutionRecord = {
      ...execution,
      status: 'success',
      startedAt: 1_767_225_600_000,
      endedAt: 1_767_225_600_015,
      durationMs: 15,
      usage: { cpuMs: 3, memoryPeakBytes: 1024, outputBytes: 3 },
      ...changes,
    };
    entry.view = { record, output };
    entry.ended.resolve();
    this.emit(execution.sessionId, {
      type: 'executionResult',
      executionId: execution.executionId,
      duration: 15,
      status: record.status,
      truncated: false,
    });
  }

  /** Closes the followers of a session as its deletion would. */
  closeFollowers(sessionId: string, reason: 'deleted' | 'shuttingDown'): void {
    for (const follower of this.#held(sessionId).followers) follower.close(reason);
  }

  followerCount(sessionId: string): number {
    return this.#held(sessionId).followers.size;
  }

  callsOf(method: string): readonly Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  async create(tenant: string, session: NewSession): Promise<SessionView> {
    await this.#enter('create', tenant, session);
    const record = this.add({
      tenant,
      name: session.name ?? null,
      language: session.language,
      config: session.config,
    });
    const { idempotencyKey } = session;
    if (idempotencyKey) this.tookEffect({ ...idempotencyKey, made: record.sessionId });
    return this.#view(this.#held(record.sessionId));
  }

  async find(tenant: string, idOrName: string): Promise<SessionView> {
    await this.#enter('find', tenant, idOrName);
    return this.#view(this.#find(tenant, idOrName));
  }

  async list(tenant: string, filter: SessionFilter, page: Page): Promise<Listing<SessionView>> {
    await this.#enter('list', tenant, filter, page);
    const all = [...this.#sessions.values()].filter((held) => held.record.tenant === tenant);
    const items = all.slice(page.offset, page.offset + page.limit).map((held) => this.#view(held));
    return { items, total: all.length };
  }

  async delete(tenant: string, idOrName: string, options: { force: boolean }): Promise<void> {
    await this.#enter('delete', tenant, idOrName, options);
    this.#sessions.delete(this.#find(tenant, idOrName).record.sessionId);
  }

  async configure(tenant: string, idOrName: string, change: ConfigChange): Promise<SessionView> {
    await this.#enter('configure', tenant, idOrName, change);
    const held = this.#find(tenant, idOrName);
    held.record = { ...held.record, config: { ...held.record.config, ...change } };
    return this.#view(held);
  }

  async restart(tenant: string, idOrName: string): Promise<SessionView> {
    await this.#enter('restart', tenant, idOrName);
    return this.#view(this.#find(tenant, idOrName));
  }

  async submit(
    tenant: string,
    idOrName: string,
    request: ExecuteRequest,
  ): Promise<ExecutionRecord> {
    await this.#enter('submit', tenant, idOrName, request);
    const held = this.#find(tenant, idOrName);
    const record: ExecutionRecord = {
      executionId: `exec-${++this.#count}`,
      sessionId: held.record.sessionId,
      requestId: request.requestId ?? null,
      code: request.code,
      status: 'queued',
      timeoutMs: request.timeout ?? held.record.config.timeout,
      captureOutput: request.captureOutput ?? true,
      intermediateResults: request.intermediateResults ?? false,
      interactive: request.interactive ?? false,
      profiled: request.profile ?? false,
      stdin: request.stdin ?? null,
      result: null,
      error: null,
      truncated: false,
      usage: null,
      warnings: [],
      imported: false,
      storedBytes: 0,
      queuedAt: 1_767_225_600_000,
      startedAt: null,
      endedAt: null,
      durationMs: null,
    };
    const entry = { view: { record, output: [] }, ended: Promise.withResolvers<void>() };
    held.executions.set(record.executionId, entry);
    const { idempotencyKey } = request;
    if (idempotencyKey) this.tookEffect({ ...idempotencyKey, made: record.executionId });
    if (this.onSubmit) queueMicrotask(() => this.onSubmit?.(record));
    return record;
  }

  async ended(
    tenant: string,
    idOrName: string,
    executionId: string,
    signal: AbortSignal,
  ): Promise<ExecutionView> {
    await this.#enter('ended', tenant, idOrName, executionId);
    const entry = this.#execution(tenant, idOrName, executionId);
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => aborted.reject(signal.reason));
    await Promise.race([entry.ended.promise, aborted.promise]);
    return entry.view;
  }

  async execution(tenant: string, idOrName: string, executionId: string): Promise<ExecutionView> {
    await this.#enter('execution', tenant, idOrName, executionId);
    return this.#execution(tenant, idOrName, executionId).view;
  }

  async profile(tenant: string, idOrName: string, executionId: string): Promise<ProfileView> {
    await this.#enter('profile', tenant, idOrName, executionId);
    const { record } = this.#execution(tenant, idOrName, executionId).view;
    return profileView(record, this.profiles.get(executionId) ?? null);
  }

  async cancel(tenant: string, idOrName: string, executionId: string): Promise<void> {
    await this.#enter('cancel', tenant, idOrName, executionId);
    const { view } = this.#execution(tenant, idOrName, executionId);
    if (view.record.endedAt !== null) throw new AppError('execution_ended');
    this.end(view.record, { status: 'cancelled' });
  }

  async stdin(tenant: string, idOrName: string, executionId: string, content: string) {
    await this.#enter('stdin', tenant, idOrName, executionId, content);
    this.#execution(tenant, idOrName, executionId);
  }

  async history(
    tenant: string,
    idOrName: string,
    page: Page,
    _includeOutput: boolean,
  ): Promise<Listing<ExecutionView>> {
    await this.#enter('history', tenant, idOrName, page);
    const all = [...this.#find(tenant, idOrName).executions.values()].reverse();
    const items = all.slice(page.offset, page.offset + page.limit).map(({ view }) => view);
    return { items, total: all.length };
  }

  async clearHistory(tenant: string, idOrName: string): Promise<void> {
    await this.#enter('clearHistory', tenant, idOrName);
    this.#find(tenant, idOrName).executions.clear();
  }

  async variables(
    tenant: string,
    idOrName: string,
    request: { filter?: string; includeValues: boolean },
    _signal: AbortSignal,
  ): ReturnType<SessionService['variables']> {
    await this.#enter('variables', tenant, idOrName, request);
    this.#find(tenant, idOrName);
    const value = request.includeValues ? { value: 10 } : {};
    const x = { name: 'x', type: 'number', preview: '10', size: 1, mutable: true };
    return { items: [{ ...x, kind: 'variable', ...value }], truncated: false };
  }

  async inspect(
    tenant: string,
    idOrName: string,
    request: { variable: string; path: readonly (string | number)[]; depth: number },
  ): ReturnType<SessionService['inspect']> {
    await this.#enter('inspect', tenant, idOrName, request);
    if (request.variable !== 'x') throw new AppError('variable_not_found');
    return { type: 'number', preview: '10', size: 1 };
  }

  async follow(
    tenant: string,
    idOrName: string,
    options: { since?: number; connection: boolean },
    follower: LiveFollower,
  ): Promise<LiveSubscription> {
    await this.#enter('follow', tenant, idOrName, options);
    const held = this.#find(tenant, idOrName);
    const { since } = options;
    if (since !== undefined) {
      for (const event of [...held.events]) {
        if (event.seq <= since) continue;
        follower.event(event);
        if (follower.room && !(await follower.room())) break;
      }
    }
    held.followers.add(follower);
    if (options.connection) held.connections++;
    return {
      since: held.seq++,
      number: (send) => send(held.seq++),
      unsubscribe: () => {
        if (held.followers.delete(follower) && options.connection) held.connections--;
      },
    };
  }

  async metrics(tenant: string, idOrName: string): ReturnType<SessionService['metrics']> {
    await this.#enter('metrics', tenant, idOrName);
    return { cpuPercent: 12.5, memoryBytes: 2048, pids: 3 };
  }

  async #enter(method: string, ...given: unknown[]): Promise<void> {
    this.calls.push({ method, given });
    const before = this.before.get(method);
    this.before.delete(method);
    await before?.();
  }

  #held(sessionId: string): Held {
    const held = this.#sessions.get(sessionId);
    if (!held) throw new AppError('session_not_found');
    return held;
  }

  #find(tenant: string, idOrName: string): Held {
    for (const held of this.#sessions.values()) {
      const { record } = held;
      if (record.tenant !== tenant) continue;
      if (record.sessionId === idOrName || record.name === idOrName) return held;
    }
    throw new AppError('session_not_found');
  }

  #execution(tenant: string, idOrName: string, executionId: string) {
    const entry = this.#find(tenant, idOrName).executions.get(executionId);
    if (!entry) throw new AppError('execution_not_found');
    return entry;
  }

  #view({ record, connections }: Held): SessionView {
    return { record, connections, memoryBytes: record.sandbox ? 4096 : null, snapshots: 0 };
  }
}
