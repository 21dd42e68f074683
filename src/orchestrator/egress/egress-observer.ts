// Who is told of every connection that a sandbox asked for: the log, and whoever counts.
import type { Log } from '../foundation/log.ts';
import type { Observed } from '../foundation/observe.ts';
import type { RefusalType } from './egress-refusal.ts';

export type EgressEvent = {
  readonly tenant: string;
  readonly sessionId: string;
  readonly sandboxId: string;
  /** Null where what was asked for cannot be read. */
  readonly host: string | null;
  readonly port: number | null;
  /** Why there was none, or why it was cut; null when it came to its own end. */
  readonly refusal: RefusalType | null;
  /** A connection to the host was made. */
  readonly connected: boolean;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly durationMs: number;
};

export interface EgressObserver {
  /** Told once a connection, at its end. Must not throw. */
  connectionEnded(event: EgressEvent): void;
}

export function egressObserver({ log, observe }: Observed & { readonly log: Log }): EgressObserver {
  return {
    connectionEnded(event) {
      const { refusal, sentBytes, receivedBytes } = event;
      observe?.({ type: 'egressEnded', refusal, sentBytes, receivedBytes });
      log.info({ ...event, durationMs: Math.round(event.durationMs) }, 'egress connection');
    },
  };
}
