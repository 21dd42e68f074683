// What the proxies of all sandboxes share, made from the settings of the service.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { StartError } from '../foundation/start-error.ts';
import { AddressCheck, parseAddressRange } from './address-check.ts';
import type { EgressObserver } from './egress-observer.ts';
import type { EgressHost, EgressLimits, Reviewed } from './egress-terms.ts';
import { ownAddresses } from './own-addresses.ts';
import { DnsResolver } from './resolver.ts';

export type EgressOptions = {
  /** In CIDR notation. */
  readonly privateAllow: readonly string[];
  readonly dnsServers: readonly string[];
  readonly limits: Pick<EgressLimits, 'connectionsMax' | 'idleMsMax' | 'totalMsMax'>;
  readonly observer: EgressObserver;
  readonly clock: Clock;
  readonly log: Log;
};

const fixedLimits = { requestsMax: 500, windowMs: 10_000, connectMsMax: 10_000 };

/** Throws StartError. */
export function egressHost(options: EgressOptions): EgressHost {
  const { privateAllow, dnsServers, limits, observer, clock, log } = options;
  const ranges = privateAllow.map((text) => {
    const range = parseAddressRange(text);
    if (range !== null) return range;
    throw new StartError(`CELLAR_EGRESS_PRIVATE_ALLOW: "${text}" is no range of addresses`);
  });
  let resolver: DnsResolver;
  try {
    resolver = new DnsResolver(dnsServers);
  } catch {
    throw new StartError('CELLAR_EGRESS_DNS_SERVERS must hold addresses, with or without a port');
  }
  const addresses = new AddressCheck(ranges, ownAddresses);
  const proxies = new Set<Reviewed>();
  return {
    proxies,
    resolver,
    addresses,
    observer,
    limits: { ...fixedLimits, ...limits },
    clock,
    log,
  };
}
