// What the proxy of a sandbox works with: what all sandboxes share, and what its session may.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { AddressCheck } from './address-check.ts';
import type { AllowList } from './allow-list.ts';
import type { ByteMeter } from './byte-meter.ts';
import type { EgressObserver } from './egress-observer.ts';
import type { Resolver } from './resolver.ts';

export type EgressLimits = {
  /** Requests of one sandbox at a time. */
  readonly connectionsMax: number;
  /** Requests of one sandbox within `windowMs`. */
  readonly requestsMax: number;
  readonly windowMs: number;
  /** For a connection to one address. */
  readonly connectMsMax: number;
  /** In which nothing comes and nothing goes. */
  readonly idleMsMax: number;
  /** For a connection as a whole. */
  readonly totalMsMax: number;
};

/** A proxy with open connections, which go on only if they still may. */
export type Reviewed = { review(): void };

/** What all sandboxes of a service share. */
export type EgressHost = {
  /** The proxies that listen. */
  readonly proxies: Set<Reviewed>;
  readonly resolver: Resolver;
  readonly addresses: AddressCheck;
  readonly observer: EgressObserver;
  readonly limits: EgressLimits;
  readonly clock: Clock;
  readonly log: Log;
};

/** What one session may, and in whose name. */
export type EgressTerms = {
  readonly tenant: string;
  readonly sessionId: string;
  readonly allow: AllowList;
  /** Past which no session of the tenant goes, as of now; null for none. */
  readonly ceiling: () => AllowList | null;
  /** Of the session, whichever sandbox it is in. */
  readonly meter: ByteMeter;
};
