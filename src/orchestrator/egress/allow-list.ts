// Which hosts and ports a session may reach, by name: entries `host`, `host:port`, `*.example.org`. Pure.
import { isIP } from 'node:net';
import { canonicalHost, type Destination, defaultPorts } from './destination.ts';

type Entry = {
  /** For a wildcard what follows the star, with its dot. */
  readonly host: string;
  readonly isWildcard: boolean;
  /** Null: 80 for plain HTTP, 443 for tunnels. */
  readonly port: number | null;
};

export class AllowList {
  readonly #entries: readonly Entry[];

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** An entry that `allowListMistake` finds something wrong with allows nothing. */
  static of(entries: readonly string[]): AllowList {
    return new AllowList(
      entries.flatMap((text) => {
        const entry = parseEntry(text);
        return typeof entry === 'string' ? [] : [entry];
      }),
    );
  }

  allows({ form, host, port }: Destination): boolean {
    return this.#entries.some(
      (entry) =>
        port === (entry.port ?? defaultPorts[form]) &&
        // SECURITY: a star stands for names only, never for a part of an address.
        (entry.isWildcard ? host.endsWith(entry.host) && isIP(host) === 0 : host === entry.host),
    );
  }
}

/** Every destination that the entry allows is allowed by one of the `others`, or might be: what is asked in the end is compared with both. */
export function isCovered(text: string, others: readonly string[]): boolean {
  const entry = parseEntry(text);
  if (typeof entry === 'string') return false;
  return others.some((other) => {
    const outer = parseEntry(other);
    if (typeof outer === 'string') return false;
    const isWithin = outer.isWildcard
      ? entry.host.endsWith(outer.host) && isIP(entry.host) === 0
      : entry.host === outer.host && !entry.isWildcard;
    return isWithin && isPortWithin(entry.port, outer.port);
  });
}

function isPortWithin(port: number | null, outer: number | null): boolean {
  return port === outer || (outer === null && Object.values(defaultPorts).includes(port!));
}

/** What is wrong with an entry, as the end of a sentence; null for nothing. */
export function allowListMistake(text: string): string | null {
  const entry = parseEntry(text);
  return typeof entry === 'string' ? entry : null;
}

function parseEntry(text: string): Entry | string {
  if (text.includes('/')) return 'must be a host, without a scheme or a path';
  const port = /:([0-9]{1,5})$/.exec(text);
  // An IPv6 address without brackets ends like one with a port.
  const isBare = isIP(text) === 6;
  const hostText = port === null || isBare ? text : text.slice(0, port.index);
  const portNumber = port === null || isBare ? null : Number(port[1]);
  if (portNumber !== null && (portNumber < 1 || portNumber > 65_535))
    return 'must have a port from 1 to 65535';
  const isWildcard = hostText.startsWith('*.');
  if (hostText.includes('*') && (!isWildcard || hostText.lastIndexOf('*') > 0))
    return 'may have one star, for the subdomains of a name: *.example.org';
  const host = canonicalHost(isBare ? `[${text}]` : isWildcard ? hostText.slice(2) : hostText);
  if (host === null || (isWildcard && isIP(host) !== 0))
    return 'must be a host name or an address, with or without a port: example.org, *.example.org, example.org:8443';
  return { host: isWildcard ? `.${host}` : host, isWildcard, port: portNumber };
}
