// The stored side of one session: its record as last committed, and the two ways of changing it.
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { Observe, Observed } from '../foundation/observe.ts';
import type {
  ExecutionRecord,
  OutputRecord,
  SessionChange,
  SessionRecord,
} from '../registry/records.ts';
import type { HistorySize, SessionRegistry } from '../registry/session-registry.ts';

const retryMs = 1_000;

export type Change = Omit<SessionChange, 'sessionId'>;

export class SessionStore {
  readonly #registry: SessionRegistry;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #observe: Observe | undefined;
  #record: SessionRecord;
  #available = true;

  constructor(
    record: SessionRecord,
    options: Observed & { registry: SessionRegistry; clock: Clock; log: Log },
  ) {
    this.#record = record;
    this.#registry = options.registry;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#observe = options.observe;
  }

  get record(): SessionRecord {
    return this.#record;
  }

  /** False while a change waits for the registry to take it: nothing new should be begun. */
  get available(): boolean {
    return this.#available;
  }

  /** One transaction; throws when the registry refuses it, and then nothing has changed. */
  async apply(change: Change): Promise<void> {
    await this.#registry.apply({ sessionId: this.#record.sessionId, ...change });
    const from = this.#record.state;
    this.#record = { ...this.#record, ...change.session };
    const to = this.#record.state;
    if (to !== from) this.#observe?.({ type: 'sessionMoved', from, to });
  }

  /**
   * For what has happened and cannot be unsaid: tries until the registry takes it, and with `durable` until it is on
   * the disk. Meanwhile the agent keeps its side, since nothing is acknowledged. Only of a session that is not in the
   * registry (any more) nothing is kept: then false.
   */
  async applyStubbornly(change: Change, durable: boolean): Promise<boolean> {
    for (let stored = false; ; ) {
      try {
        if (!stored) await this.apply(change);
        stored = true;
        if (durable) await this.#registry.durable();
        this.#available = true;
        return true;
      } catch (error) {
        if (error instanceof AppError && error.code === 'session_not_found') return false;
        this.#available = false;
        this.#log.error(
          { sessionId: this.#record.sessionId, err: error },
          'registry refused a change',
        );
        await new Promise<void>((resume) => this.#clock.after(retryMs, resume));
      }
    }
  }

  /** Whether the end of an execution of this session is stored. */
  async isEnded(executionId: string): Promise<boolean> {
    const found = await this.#registry.findExecution(this.#record.sessionId, executionId);
    return found !== null && found.endedAt !== null;
  }

  /** Those that have not ended, oldest first, with what they have written. */
  async openExecutions(): Promise<{ execution: ExecutionRecord; output: OutputRecord[] }[]> {
    const open = await this.#registry.openExecutions(this.#record.sessionId);
    return Promise.all(
      open.map(async (execution) => ({
        execution,
        output: await this.#registry.outputOf(execution.executionId),
      })),
    );
  }

  /** See SessionRegistry.historySize. */
  historySize(): Promise<HistorySize> {
    return this.#registry.historySize(this.#record.sessionId);
  }

  /** See SessionRegistry.pruneHistory. */
  async pruneHistory(keep: HistorySize): Promise<void> {
    const seqPruned = await this.#registry.pruneHistory(this.#record.sessionId, keep);
    this.#record = { ...this.#record, seqPruned };
  }

  async clearHistory(): Promise<void> {
    await this.#registry.clearHistory(this.#record.sessionId);
    const stored = await this.#registry.findSession(this.#record.tenant, this.#record.sessionId);
    if (stored) this.#record = { ...this.#record, seqPruned: stored.seqPruned };
  }
}
