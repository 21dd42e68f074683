// From a host name to addresses, asked of name servers only: what the machine itself knows by name, such as itself, is none of a sandbox's business.
import { Resolver as DnsClient } from 'node:dns/promises';
import { EgressRefusal } from './egress-refusal.ts';

export interface Resolver {
  /** All addresses of a name, at least one, those of IPv4 first. Throws EgressRefusal. */
  resolve(host: string): Promise<readonly string[]>;
}

const tryMs = 2_000;
const triesMax = 2;
/** Names that are being asked for at a time, by all sandboxes. */
const lookupsMax = 256;
const noRecords: ReadonlySet<string | undefined> = new Set(['ENODATA', 'ENOTFOUND']);

export class DnsResolver implements Resolver {
  readonly #client = new DnsClient({ timeout: tryMs, tries: triesMax });
  #underWay = 0;

  /** `servers`: addresses, each with or without a port; none for those that the machine is configured with. */
  constructor(servers: readonly string[]) {
    if (servers.length > 0) this.#client.setServers([...servers]);
  }

  async resolve(host: string): Promise<readonly string[]> {
    if (this.#underWay >= lookupsMax)
      throw new EgressRefusal('connection_limit_reached', 'Too many names are being looked up');
    this.#underWay++;
    try {
      const [four, six] = await Promise.all([
        addresses(host, this.#client.resolve4(host)),
        addresses(host, this.#client.resolve6(host)),
      ]);
      if (four.length + six.length > 0) return [...four, ...six];
    } finally {
      this.#underWay--;
    }
    throw new EgressRefusal('dns_error', `There is no host '${host}'`);
  }
}

async function addresses(host: string, answer: Promise<string[]>): Promise<string[]> {
  try {
    return await answer;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (noRecords.has(code)) return [];
    throw code === 'ETIMEOUT'
      ? new EgressRefusal('dns_timeout', `The name of '${host}' could not be looked up in time`)
      : new EgressRefusal('dns_error', `The name of '${host}' could not be looked up`);
  }
}
