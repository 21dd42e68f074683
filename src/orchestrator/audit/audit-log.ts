// Who asked for what, in one chain that grows at its end. What one turn of the event loop brings is written together, right after it.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Observed } from '../foundation/observe.ts';
import type { AuditEvent, AuditRecord } from '../registry/audit-records.ts';
import type { AuditRegistry } from '../registry/audit-registry.ts';
import { type ChainEnd, chained, chainStart, followChain } from './audit-chain.ts';

export type AuditLogOptions = Observed & {
  readonly registry: AuditRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a record is kept. */
  readonly keepMs: number;
  /** Records that are kept. SECURITY: whoever has a key can make many. */
  readonly recordsMax: number;
};

/** Not yet written, while the registry takes nothing. */
const waitingMax = 10_000;
const retryMs = 1_000;
/** SECURITY: whoever has no key cannot fill the disk; what comes above that is counted. */
const strangersPerMinuteMax = 120;
const minuteMs = 60_000;
const sweepMs = 60 * minuteMs;
const removedAtOnceMax = 500;
/** Newest records whose chain is looked at with each sweep; `cellar audit verify` looks at all of them. */
const checkedMax = 1000;
/** There are at most so many too many before they go. */
const excessMax = 10_000;

export class AuditLog implements AsyncDisposable {
  readonly #options: AuditLogOptions;
  #end: ChainEnd = chainStart;
  #waiting: AuditEvent[] = [];
  #writing: Promise<void> | null = null;
  #dropped = 0;
  #minute = { at: 0, strangers: 0, uncounted: 0 };
  #retry: () => void = () => {};
  #cancelSweep: () => void = () => {};
  #sweptSeq = 0;
  #sweeping = false;
  #closed = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Finds the end of the chain; before anything is noted. */
  async open(): Promise<void> {
    this.#end = (await this.#options.registry.last()) ?? chainStart;
    this.#sweepLater(0);
  }

  /** It is written soon; nobody waits for it. */
  note(event: Omit<AuditEvent, 'at'>): void {
    const at = this.#options.clock.now();
    if (event.keyId === null && !this.#admitsStranger(at, event)) return;
    this.#add({ ...event, at });
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelSweep();
    this.#retry();
    await this.#writing;
    if (this.#waiting.length > 0) await this.#write();
  }

  #add(event: AuditEvent): void {
    if (this.#waiting.length >= waitingMax) {
      this.#options.observe?.({ type: 'auditLost', reason: 'dropped' });
      if (this.#dropped++ === 0)
        this.#options.log.error('the audit log cannot be written: what happens now is not in it');
      return;
    }
    this.#waiting.push(event);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    await nextTurn();
    while (this.#waiting.length > 0 && !this.#closed) {
      if (await this.#write()) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = this.#options.clock.after(retryMs, resolve);
      this.#retry = resolve;
      await promise;
      cancel();
    }
    this.#writing = null;
  }

  /** Writes what waits now. False: the registry does not take it, and it waits on. */
  async #write(): Promise<boolean> {
    const { registry, log, observe } = this.#options;
    const events = this.#waiting;
    this.#waiting = [];
    let end = this.#end;
    const records = events.map((event) => {
      const record = chained(event, end);
      end = record;
      return record;
    });
    try {
      await registry.append(records);
    } catch (error) {
      this.#waiting = [...events, ...this.#waiting];
      observe?.({ type: 'auditNotWritten' });
      log.error({ err: error }, 'the audit log was not written');
      return false;
    }
    this.#end = { seq: end.seq, hash: end.hash };
    observe?.({ type: 'auditWritten', count: records.length });
    if (end.seq - this.#sweptSeq >= excessMax && !this.#closed) this.#sweepLater(0);
    this.#tellDropped();
    return true;
  }

  /** A gap is part of the log, too. */
  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.#add(own('audit.dropped', `${count} events`, this.#options.clock.now()));
  }

  #admitsStranger(at: number, { address }: Omit<AuditEvent, 'at'>): boolean {
    if (at - this.#minute.at >= minuteMs || at < this.#minute.at) {
      const { uncounted } = this.#minute;
      this.#minute = { at, strangers: 0, uncounted: 0 };
      if (uncounted > 0)
        this.#add(own('audit.suppressed', `${uncounted} requests without a key`, at));
    }
    if (this.#minute.strangers < strangersPerMinuteMax) {
      this.#minute.strangers++;
      return true;
    }
    this.#options.observe?.({ type: 'auditLost', reason: 'suppressed' });
    if (this.#minute.uncounted++ === 0)
      this.#options.log.warn({ address }, 'too many requests without a key for the audit log');
    return false;
  }

  /** SECURITY: whoever can write to the disk could change what was noted; the end that this process knows must be in it. */
  async #check(): Promise<void> {
    const { registry, log, observe } = this.#options;
    const known = this.#end;
    let newest: AuditRecord[];
    try {
      newest = await registry.newest(checkedMax);
    } catch (error) {
      log.warn({ err: error }, 'the audit log could not be looked at');
      return;
    }
    const isFar = newest.length === checkedMax && newest[0]!.seq > known.seq;
    const followed = followChain(newest, known.seq === 0 || isFar ? null : known);
    const whole = !('wrong' in followed);
    observe?.({ type: 'auditChecked', whole });
    if (!whole) log.error({ wrong: followed.wrong }, 'the audit log is not whole');
  }

  #sweepLater(afterMs: number): void {
    this.#cancelSweep();
    this.#cancelSweep = this.#options.clock.after(afterMs, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    const { registry, clock, log, keepMs, recordsMax } = this.#options;
    this.#sweptSeq = this.#end.seq;
    const bound = { at: clock.now() - keepMs, seq: this.#end.seq - recordsMax + 1 };
    let removed = 0;
    try {
      removed = await registry.removeBefore(bound, removedAtOnceMax);
    } catch (error) {
      log.warn({ err: error }, 'old records of the audit log were not removed');
    }
    // What was removed is not looked for any more, so a look waits until nothing is.
    if (removed < removedAtOnceMax) await this.#check();
    this.#sweeping = false;
    if (!this.#closed) this.#sweepLater(removed < removedAtOnceMax ? sweepMs : 1);
  }
}

/** What the log says of itself. */
function own(action: string, target: string, at: number): AuditEvent {
  const nobody = { tenant: null, keyId: null, role: null };
  return {
    at,
    ...nobody,
    address: '',
    requestId: '',
    action,
    target,
    made: null,
    status: 0,
    code: null,
  };
}
