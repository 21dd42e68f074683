// What the API asks of sessions: finds the one that is asked for, makes new ones, brings back those of an earlier process. What
// happens inside a session is the session's; which of them are in memory is loaded-sessions.ts's part.
import type { InspectedNode, VariablesReply } from '#protocol';
import type { Room } from '../admission/room.ts';
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import { newId } from '../foundation/id.ts';
import type { ExecutionRecord, RequestEffect, SessionRecord } from '../registry/records.ts';
import type { Listing, OwnedSession, Page, SessionFilter } from '../registry/session-registry.ts';
import { type ProfileView, profileView } from './execution-profile.ts';
import { Expiry } from './expiry.ts';
import { FileService } from './file-service.ts';
import { Gate } from './gate.ts';
import { adoptHistory } from './imported-history.ts';
import { type HeldSession, LoadedSessions } from './loaded-sessions.ts';
import { newSession } from './new-session.ts';
import type { Origin } from './origins.ts';
import { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import type {
  ConfigChange,
  DeleteOptions,
  ExecuteRequest,
  ExecutionView,
  LiveFollower,
  LiveSubscription,
  NewSession,
  SessionService,
  SessionView,
} from './session-service.ts';
import { SessionViews } from './session-views.ts';
import { StateService } from './state-service.ts';
import { type SandboxMetrics, UsageReadings } from './usage-readings.ts';

const recoveriesAtOnce = 4;
const recoveryRetryMs = 2_000;
const descentsAtOnce = 4;
/** Of a page of history, with its output, beside one execution that is larger by itself. */
const pageBytesMax = 8 * 1024 * 1024;
/** Of callers whose wait ends by its own deadline only. */
const neverAborted = new AbortController().signal;

export class SessionManager implements SessionService {
  readonly #options: SessionOptions;
  /** Versions, rollback, hibernation, archives. */
  readonly states: StateService;
  readonly files: FileService;
  readonly #sessions: LoadedSessions<Session>;
  readonly #usages: UsageReadings;
  readonly #views: SessionViews;
  readonly #expiry: Expiry;
  #stopping = false;

  constructor(options: Omit<SessionOptions, 'descents'>) {
    this.#options = { ...options, descents: new Gate(descentsAtOnce) };
    this.#usages = new UsageReadings(options);
    this.#views = new SessionViews({ registry: options.registry, usages: this.#usages });
    this.#sessions = new LoadedSessions({
      registry: options.registry,
      make: (record, uses, left) => new Session(record, this.#options, uses, left),
    });
    this.states = new StateService(this.#options, this.#sessions);
    this.files = new FileService(this.#sessions);
    this.#expiry = new Expiry({ ...options, end: (due) => this.#expire(due) });
  }

  /**
   * Brings back the sessions that an earlier process had a sandbox for, and finishes its deletions; those that sleep are let sleep. Call
   * before anything is created. Resolves when each was tried once; those that have to wait for the container engine are tried again
   * on their own.
   */
  async recover(): Promise<void> {
    const { registry, stored } = this.#options;
    const records = await registry.sessionsToRecover();
    stored.recover(await registry.countSessions());
    const left = records.map((record) => this.#sessions.add(record, true));
    for (const { session } of left) if (session.record.state !== 'deleted') session.room.occupy();
    const worker = async () => {
      for (let held = left.shift(); held; held = left.shift()) await this.#recover(held);
    };
    await Promise.all(Array.from({ length: recoveriesAtOnce }, worker));
    this.#expiry.start();
  }

  async #recover(held: HeldSession<Session>): Promise<void> {
    if (this.#stopping) return;
    const { session, release } = held;
    try {
      const { complete } = session.record;
      await this.#remove(session, () => (complete ? session.recover() : session.undo()));
      release();
    } catch (error) {
      const { sessionId } = session.record;
      this.#options.log.error({ sessionId, err: error }, 'session could not be recovered yet');
      this.#options.clock.after(recoveryRetryMs, () => void this.#recover(held));
    }
  }

  /** Sandboxes that belong to a session of this process, for the reconciler. */
  sandboxIds(): Set<string> {
    return new Set(
      this.#sessions.all.flatMap((session) => session.record.sandbox?.sandboxId ?? []),
    );
  }

  /** Lets go of every session; containers and what runs in them go on for the next process. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#expiry.stop();
    await this.#sessions.leave();
  }

  async create(tenant: string, wanted: NewSession, signal: AbortSignal): Promise<SessionView> {
    if (this.#stopping) throw new AppError('shutting_down');
    const { registry, source, clock, admission, stored } = this.#options;
    const sessionId = newId('ses');
    const { idempotencyKey } = wanted;
    const effect = idempotencyKey && { ...idempotencyKey, made: sessionId };
    stored.add();
    let room: Room | null = null;
    let created: { held: HeldSession<Session>; origin: Origin | null };
    try {
      const origin = wanted.from ? await this.states.origin(tenant, wanted.from, signal) : null;
      room = await admission.enter(tenant, wanted.config.limits, signal);
      const record = newSession(wanted, {
        sessionId,
        tenant,
        origin,
        sandbox: source.plan(wanted.config.limits),
        now: clock.now(),
      });
      created = { held: await this.#store(record, room, origin ? undefined : effect), origin };
    } catch (error) {
      room?.[Symbol.dispose]();
      stored.remove();
      throw error;
    }
    const { held, origin } = created;
    const { session } = held;
    try {
      await abortable(session.begin(origin), signal);
      if (origin?.snapshot.reason === 'imported')
        await adoptHistory(session.record.sessionId, origin.snapshot, this.#options, signal);
      // A fork stands on its own from the beginning.
      if (origin) {
        const request = { label: null, reason: 'fork' } as const;
        await session.snapshot({ ...request, ...(effect && { effect: () => effect }) }, signal);
      }
      await registry.durable();
      return await this.#views.of(session.record, session);
    } catch (error) {
      // What a session that was let go of has started is taken down by itself.
      if (this.#stopping) await registry.deleteSession(sessionId);
      else await this.#remove(session, () => session.delete({ force: true }));
      throw error;
    } finally {
      held.release();
    }
  }

  /** The session is known here before it is stored: whoever finds it there must find it here. */
  async #store(
    record: SessionRecord,
    room: Room,
    effect?: RequestEffect,
  ): Promise<HeldSession<Session>> {
    let held: HeldSession<Session> | null = null;
    try {
      held = this.#sessions.add(record, false);
      held.session.room.give(room);
      await this.#options.registry.createSession(record, effect);
      return held;
    } catch (error) {
      if (held) this.#sessions.remove(held.session);
      this.#options.source.release(record.sandbox!);
      throw error;
    }
  }

  find(tenant: string, idOrName: string): Promise<SessionView> {
    return this.#sessions.viewing(tenant, idOrName, (record, session) =>
      this.#views.of(record, session),
    );
  }

  async list(tenant: string, filter: SessionFilter, page: Page): Promise<Listing<SessionView>> {
    const { items, total } = await this.#options.registry.listSessions(tenant, filter, page);
    const view = (record: SessionRecord) =>
      this.#views.listed(record, this.#sessions.now(record.sessionId));
    return { total, items: await Promise.all(items.map(view)) };
  }

  delete(
    tenant: string,
    idOrName: string,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#using(tenant, idOrName, signal, (session) =>
      this.#remove(session, () => session.delete(options)),
    );
  }

  configure(
    tenant: string,
    idOrName: string,
    change: ConfigChange,
    signal: AbortSignal,
  ): Promise<SessionView> {
    return this.#using(tenant, idOrName, signal, async (session) => {
      await session.configure(change);
      return this.#views.of(session.record, session);
    });
  }

  restart(tenant: string, idOrName: string, signal: AbortSignal): Promise<SessionView> {
    return this.#using(tenant, idOrName, signal, async (session) => {
      await session.restart(signal);
      return this.#views.of(session.record, session);
    });
  }

  async submit(
    tenant: string,
    idOrName: string,
    request: ExecuteRequest,
    signal = neverAborted,
  ): Promise<ExecutionRecord> {
    if (this.#stopping) throw new AppError('shutting_down');
    return this.#sessions.using(tenant, idOrName, (session) => session.submit(request, signal));
  }

  ended(
    tenant: string,
    idOrName: string,
    executionId: string,
    signal: AbortSignal,
  ): Promise<ExecutionView> {
    return this.#sessions.viewing(tenant, idOrName, async ({ sessionId }, session) => {
      const view =
        (await session?.ended(executionId, signal)) ?? (await this.#stored(sessionId, executionId));
      // An earlier process accepted it, and what became of it is not known before the container engine is back.
      if (view.record.endedAt === null) throw new AppError('runtime_unavailable');
      return view;
    });
  }

  execution(tenant: string, idOrName: string, executionId: string): Promise<ExecutionView> {
    return this.#sessions.viewing(
      tenant,
      idOrName,
      ({ sessionId }, session) =>
        session?.soFar(executionId) ?? this.#stored(sessionId, executionId),
    );
  }

  async profile(tenant: string, idOrName: string, executionId: string): Promise<ProfileView> {
    const { record } = await this.execution(tenant, idOrName, executionId);
    return profileView(record, await this.#options.registry.findProfile(executionId));
  }

  cancel(tenant: string, idOrName: string, executionId: string): Promise<void> {
    return this.#sessions.viewing(tenant, idOrName, async ({ sessionId }, session) => {
      if (await session?.cancel(executionId)) return;
      await this.#stored(sessionId, executionId);
      throw new AppError('execution_ended');
    });
  }

  async stdin(
    tenant: string,
    idOrName: string,
    executionId: string,
    content: string,
  ): Promise<void> {
    const taken = await this.#sessions.viewing(tenant, idOrName, (_record, session) =>
      session?.stdin(executionId, content),
    );
    if (taken) return;
    const { record } = await this.execution(tenant, idOrName, executionId);
    throw record.endedAt === null
      ? new AppError('session_busy', { detail: 'This execution has not started yet.' })
      : new AppError('execution_ended');
  }

  history(
    tenant: string,
    idOrName: string,
    page: Page,
    includeOutput: boolean,
  ): Promise<Listing<ExecutionView>> {
    const { registry } = this.#options;
    const view = async (record: ExecutionRecord) => ({
      record,
      output: includeOutput ? await registry.outputOf(record.executionId) : [],
    });
    return this.#sessions.viewing(tenant, idOrName, async ({ sessionId }) => {
      const bounded = { ...page, bytesMax: pageBytesMax };
      const { items, total } = await registry.listExecutions(sessionId, bounded);
      return { total, items: await Promise.all(items.map(view)) };
    });
  }

  clearHistory(tenant: string, idOrName: string): Promise<void> {
    return this.#sessions.using(tenant, idOrName, (session) => session.clearHistory());
  }

  variables(
    tenant: string,
    idOrName: string,
    request: { filter?: string; includeValues: boolean },
    signal: AbortSignal,
  ): Promise<VariablesReply> {
    return this.#sessions.using(tenant, idOrName, async (session) => {
      using lease = await session.lease(signal);
      return await lease.sandbox.agent.variables(request, signal);
    });
  }

  inspect(
    tenant: string,
    idOrName: string,
    request: { variable: string; path: readonly (string | number)[]; depth: number },
    signal: AbortSignal,
  ): Promise<InspectedNode> {
    return this.#sessions.using(tenant, idOrName, async (session) => {
      using lease = await session.lease(signal);
      return await lease.sandbox.agent.inspect({ ...request, path: [...request.path] }, signal);
    });
  }

  async follow(
    tenant: string,
    idOrName: string,
    options: { since?: number; connection: boolean },
    follower: LiveFollower,
  ): Promise<LiveSubscription> {
    const { session, release } = await this.#sessions.hold(tenant, idOrName);
    try {
      const subscription = await session.follow(options, follower);
      const unsubscribe = () => {
        subscription.unsubscribe();
        release();
      };
      return { ...subscription, unsubscribe };
    } catch (error) {
      release();
      throw error;
    }
  }

  metrics(tenant: string, idOrName: string, signal: AbortSignal): Promise<SandboxMetrics> {
    return this.#sessions.viewing(tenant, idOrName, (_record, session) =>
      this.#usages.metrics(session?.sandbox ?? null, signal),
    );
  }

  // --- helpers ----------------------------------------------------------------------------------------------------

  /** The signal ends the wait only. */
  #using<Result>(
    tenant: string,
    idOrName: string,
    signal: AbortSignal,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    return abortable(this.#sessions.using(tenant, idOrName, work), signal);
  }

  async #stored(sessionId: string, executionId: string): Promise<ExecutionView> {
    const { registry } = this.#options;
    const record = await registry.findExecution(sessionId, executionId);
    if (!record) throw new AppError('execution_not_found');
    return { record, output: await registry.outputOf(executionId) };
  }

  #expire({ tenant, sessionId }: OwnedSession): Promise<void> {
    return this.#sessions.using(tenant, sessionId, (session) =>
      this.#remove(session, () => session.expire()),
    );
  }

  /** Does what may end a session, or finishes an end that was cut off, and forgets one that is over. It goes on to the end whether anybody waits for it or not. */
  async #remove(session: Session, end: () => Promise<void>): Promise<void> {
    try {
      if (session.record.state === 'deleted') await session.finishDeletion();
      else await end();
    } finally {
      if (session.record.state === 'deleted') this.#sessions.remove(session);
    }
  }
}
