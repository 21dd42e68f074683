// What one session may reach, and how much of it: the same in every sandbox that it lives in, and counted on over all of them.
import { AllowList } from '../egress/allow-list.ts';
import { type ByteLimits, ByteMeter, type Direction } from '../egress/byte-meter.ts';
import type { EgressTerms } from '../egress/egress-terms.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Observed } from '../foundation/observe.ts';
import type { SessionConfig, SessionRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { SessionStore } from './session-store.ts';

/** What is counted is stored so often at the most; a crash may forget that much of it. */
const storeMs = 1_000;

export type SessionNetworkParts = Observed & {
  readonly store: SessionStore;
  readonly serial: SerialQueue;
  readonly clock: Clock;
  readonly log: Log;
  readonly egressAllowOf: (tenant: string) => readonly string[] | null;
};

/** The session may reach somebody. */
export function reachesAnybody({ policy, allow = [] }: SessionConfig['network']): boolean {
  return policy === 'allowlist' && allow.length > 0;
}

export class SessionNetwork {
  readonly #parts: SessionNetworkParts;
  readonly #meter: ByteMeter;
  /** Sandboxes that may reach somebody, or once might. */
  readonly #permitted = new WeakSet<Sandbox>();
  #cancelStore: (() => void) | null = null;
  #closed = false;

  constructor(parts: SessionNetworkParts) {
    this.#parts = parts;
    const { statistics, config } = parts.store.record;
    this.#meter = new ByteMeter({
      clock: parts.clock,
      bytes: statistics.networkBytes,
      limits: byteLimits(config.network),
      counted: (direction, bytes) => this.#counted(direction, bytes),
    });
  }

  /** Sent and received by all sandboxes of the session so far. */
  get bytes(): number {
    return this.#meter.bytes;
  }

  /** Rate and total that these settings allow hold from now on. */
  limit(network: SessionConfig['network']): void {
    this.#meter.limit(byteLimits(network));
  }

  /** A sandbox of the session may reach what these settings allow: from now on, and in its open connections. */
  async permit(
    sandbox: Sandbox,
    network: SessionConfig['network'] = this.#parts.store.record.config.network,
  ): Promise<void> {
    const terms = this.#terms(network);
    if (terms === null && !this.#permitted.has(sandbox)) return;
    this.#permitted.add(sandbox);
    await sandbox.permit(terms);
  }

  /** The session's statistics with what is counted. */
  get statistics(): SessionRecord['statistics'] {
    return { ...this.#parts.store.record.statistics, networkBytes: this.bytes };
  }

  /** Stores what is counted. Only in the session's queue; never throws. */
  async store(): Promise<void> {
    const { store, log } = this.#parts;
    const { statistics, state, sessionId } = store.record;
    if (state === 'deleted' || statistics.networkBytes === this.bytes) return;
    try {
      await store.apply({ session: { statistics: this.statistics } });
    } catch (error) {
      log.warn({ sessionId, err: error }, 'network bytes were not stored');
    }
  }

  /** Nothing is stored by itself any more. */
  close(): void {
    this.#closed = true;
    this.#cancelStore?.();
    this.#cancelStore = null;
  }

  #terms(network: SessionConfig['network']): EgressTerms | null {
    if (!reachesAnybody(network)) return null;
    const { tenant, sessionId } = this.#parts.store.record;
    return {
      tenant,
      sessionId,
      allow: AllowList.of(network.allow ?? []),
      ceiling: () => {
        const entries = this.#parts.egressAllowOf(tenant);
        return entries === null ? null : AllowList.of(entries);
      },
      meter: this.#meter,
    };
  }

  #counted(direction: Direction, bytes: number): void {
    const { tenant, sessionId } = this.#parts.store.record;
    const [sentBytes, receivedBytes] = direction === 'sent' ? [bytes, 0] : [0, bytes];
    this.#parts.observe?.({ type: 'networkUsed', tenant, sessionId, sentBytes, receivedBytes });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#closed || this.#cancelStore !== null) return;
    this.#cancelStore = this.#parts.clock.after(storeMs, () => {
      this.#cancelStore = null;
      void this.#parts.serial.run(() => this.store());
    });
  }
}

function byteLimits({ bytesPerSecond, bytesTotal }: SessionConfig['network']): ByteLimits {
  return { bytesPerSecond: bytesPerSecond ?? null, bytesTotal: bytesTotal ?? null };
}
