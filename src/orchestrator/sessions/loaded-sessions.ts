// Which sessions are in memory. A session object exists while the session has a sandbox or somebody uses it; a dormant one is a row
// in the registry and nothing else. There is never more than one object for a session: whoever wants one that is being
// read waits for that one, and it is let go of only when nothing uses it and all that it changed is stored.
import { AppError } from '../foundation/errors.ts';
import type { SessionRecord } from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import { Uses } from './uses.ts';

/** What must be known of a session here. */
export interface LoadableSession {
  readonly record: SessionRecord;
  /** The registry has all that there is of it. */
  readonly dormant: boolean;
  /** Takes over what an earlier owner left. */
  recover(): Promise<void>;
  /** Nobody will use this object again. */
  letGo(): void;
  /** The process ends. */
  leave(): Promise<void>;
}

export type LoadedSessionsOptions<Session> = {
  readonly registry: Pick<SessionRegistry, 'findSession'>;
  /** `left`: an earlier owner had it, and `recover` comes next. Whatever must keep the object in memory is one of the uses. */
  readonly make: (record: SessionRecord, uses: Uses, left: boolean) => Session;
};

/** A session that stays in memory until it is released. Releasing again does nothing. */
export type HeldSession<Session> = { readonly session: Session; readonly release: () => void };

type Entry<Session> = {
  readonly uses: Uses;
  /** Resolves with null when the session is gone from the registry. */
  readonly loading: Promise<Session | null>;
  session: Session | null;
  failed: boolean;
};

export class LoadedSessions<Session extends LoadableSession> {
  readonly #registry: LoadedSessionsOptions<Session>['registry'];
  readonly #make: LoadedSessionsOptions<Session>['make'];
  readonly #entries = new Map<string, Entry<Session>>();
  #closed = false;

  constructor({ registry, make }: LoadedSessionsOptions<Session>) {
    this.#registry = registry;
    this.#make = make;
  }

  /** Those that are in memory now. */
  get all(): Session[] {
    return [...this.#entries.values()].flatMap(({ session }) => session ?? []);
  }

  /** The session with this id, if it is in memory now. For looking at it at once. */
  now(sessionId: string): Session | null {
    return this.#entries.get(sessionId)?.session ?? null;
  }

  /** Takes in a new session, or one that an earlier process `left`. Throws `shutting_down`. */
  add(record: SessionRecord, left: boolean): HeldSession<Session> {
    this.#assertOpen();
    const uses = this.#usesOf(record.sessionId);
    const release = uses.take();
    const session = this.#make(record, uses, left);
    const loading = Promise.resolve(session);
    this.#entries.set(record.sessionId, { uses, loading, session, failed: false });
    return { session, release };
  }

  /** Does something with a session, which is in memory until that ends. Throws `session_not_found`, `shutting_down`. */
  async using<Result>(
    tenant: string,
    idOrName: string,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const { session, release } = await this.hold(tenant, idOrName);
    try {
      return await work(session);
    } finally {
      release();
    }
  }

  /** As `using`, until the result is released. */
  async hold(tenant: string, idOrName: string): Promise<HeldSession<Session>> {
    const own = await this.#join(this.#entries.get(idOrName), tenant);
    if (own) return own;
    const record = await this.#registry.findSession(tenant, idOrName);
    if (record === null) throw new AppError('session_not_found');
    const { sessionId } = record;
    const entry = this.#entries.get(sessionId) ?? this.#load(tenant, sessionId);
    const held = await this.#join(entry, tenant);
    if (held === null) throw new AppError('session_not_found');
    return held;
  }

  /**
   * Looks at a session without bringing it into memory: `work` is given its record and, if it is in memory, the session, which stays
   * there until `work` ends. Throws `session_not_found`.
   */
  async viewing<Result>(
    tenant: string,
    idOrName: string,
    work: (record: SessionRecord, session: Session | null) => Promise<Result> | Result,
  ): Promise<Result> {
    let held = await this.#join(this.#entries.get(idOrName), tenant);
    if (held === null) {
      const record = await this.#registry.findSession(tenant, idOrName);
      if (record === null) throw new AppError('session_not_found');
      const entry = this.#entries.get(record.sessionId);
      if (entry === undefined && isThere(record)) return await work(record, null);
      held = await this.#join(entry, tenant);
      if (held === null) throw new AppError('session_not_found');
    }
    const { session, release } = held;
    try {
      return await work(session.record, session);
    } finally {
      release();
    }
  }

  /** It is deleted, or never came to be. Whoever still uses it does so alone. */
  remove(session: Session): void {
    const { sessionId } = session.record;
    if (this.#entries.get(sessionId)?.session === session) this.#entries.delete(sessionId);
    session.letGo();
  }

  /** The process ends: leaves every session, and loads none any more. */
  async leave(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.all.map((session) => session.leave()));
  }

  /** Begins a use at once, so that the object is not let go of before it is there. Null when there is no such session (any more). */
  async #join(
    entry: Entry<Session> | undefined,
    tenant: string,
  ): Promise<HeldSession<Session> | null> {
    if (entry === undefined) return null;
    const release = entry.uses.take();
    try {
      const session = await entry.loading;
      if (session?.record.tenant === tenant && isThere(session.record)) return { session, release };
    } catch (error) {
      release();
      throw error;
    }
    release();
    return null;
  }

  #load(tenant: string, sessionId: string): Entry<Session> {
    this.#assertOpen();
    const uses = this.#usesOf(sessionId);
    const { promise, resolve, reject } = Promise.withResolvers<Session | null>();
    const entry: Entry<Session> = { uses, loading: promise, session: null, failed: false };
    this.#entries.set(sessionId, entry);
    this.#read(entry, tenant, sessionId).then(resolve, (error: unknown) => {
      entry.failed = true;
      reject(error);
    });
    return entry;
  }

  /** Reads the record only now that nobody else can have the session: an older one may have been overtaken. */
  async #read(entry: Entry<Session>, tenant: string, sessionId: string): Promise<Session | null> {
    const record = await this.#registry.findSession(tenant, sessionId);
    if (record === null) return null;
    this.#assertOpen();
    entry.session = this.#make(record, entry.uses, true);
    await entry.session.recover();
    return entry.session;
  }

  #usesOf(sessionId: string): Uses {
    const uses = new Uses(() => {
      const entry = this.#entries.get(sessionId);
      if (entry?.uses !== uses) return;
      if (entry.session !== null && !entry.session.dormant && !entry.failed) return;
      this.#entries.delete(sessionId);
      entry.session?.letGo();
    });
    return uses;
  }

  #assertOpen(): void {
    if (this.#closed) throw new AppError('shutting_down');
  }
}

/** For those who ask: a fork that is not complete is nobody's yet. */
function isThere({ complete, state }: SessionRecord): boolean {
  return complete && state !== 'deleted';
}
