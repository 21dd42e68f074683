// The proxy of a sandbox over real sockets: hosts on loopback addresses, which stand for the internet as far as a test says so.
import { pino } from 'pino';
import { AddressCheck, parseAddressRange } from '../../src/orchestrator/egress/address-check.ts';
import { AllowList } from '../../src/orchestrator/egress/allow-list.ts';
import {
  type ByteLimits,
  ByteMeter,
  type Direction,
} from '../../src/orchestrator/egress/byte-meter.ts';
import type { EgressEvent } from '../../src/orchestrator/egress/egress-observer.ts';
import type { EgressHost, EgressTerms } from '../../src/orchestrator/egress/egress-terms.ts';
import type { Resolver } from '../../src/orchestrator/egress/resolver.ts';
import { type Clock, systemClock } from '../../src/orchestrator/foundation/clock.ts';

export const egressLimits = {
  connectionsMax: 8,
  requestsMax: 10_000,
  windowMs: 10_000,
  connectMsMax: 10_000,
  idleMsMax: 30_000,
  totalMsMax: 60_000,
};

export type TestEgress = EgressHost & { readonly events: EgressEvent[] };

/** `privateAllow`: ranges that may be reached. Names are resolved by `resolve`, or not at all. */
export function testEgress(
  options: {
    readonly privateAllow?: readonly string[];
    readonly resolve?: Resolver['resolve'];
    readonly clock?: Clock;
    readonly limits?: Partial<EgressHost['limits']>;
  } = {},
): TestEgress {
  const { privateAllow = [], clock = systemClock, limits = {} } = options;
  const resolve = options.resolve ?? (() => Promise.reject(new Error('nothing to resolve with')));
  const events: EgressEvent[] = [];
  return {
    proxies: new Set(),
    resolver: { resolve },
    addresses: new AddressCheck(
      privateAllow.map((text) => parseAddressRange(text)!),
      () => [],
    ),
    observer: { connectionEnded: (event) => void events.push(event) },
    limits: { ...egressLimits, ...limits },
    clock,
    log: pino({ level: 'silent' }),
    events,
  };
}

/** Terms of a session that may reach these entries. */
export function terms(
  allow: readonly string[],
  limits: Partial<ByteLimits> = {},
  clock: Clock = systemClock,
): EgressTerms & { readonly counted: Record<Direction, number> } {
  const counted = { sent: 0, received: 0 };
  const meter = new ByteMeter({
    clock,
    bytes: 0,
    counted: (direction, bytes) => {
      counted[direction] += bytes;
    },
    limits: { bytesPerSecond: null, bytesTotal: null, ...limits },
  });
  return {
    tenant: 'default',
    sessionId: 'ses-1',
    allow: AllowList.of(allow),
    ceiling: () => null,
    meter,
    counted,
  };
}
