// Which addresses a sandbox may be led to: those of the public internet, and the private ones that the operator names. Pure.
import ipaddr from 'ipaddr.js';

export type AddressRange = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** What every IPv6 address of the public internet lies in (RFC 4291): what embeds an IPv4 address in another form does not. */
const globalUnicast: AddressRange = [ipaddr.parse('2000::'), 3];
/** Public by its number, yet it answers to virtual machines of one cloud about themselves. */
const metadataAddresses: ReadonlySet<string> = new Set(['168.63.129.16']);

/** A range in CIDR notation, or a single address; null for anything else. */
export function parseAddressRange(text: string): AddressRange | null {
  try {
    // Only the usual form of an IPv4 address: others mean different things to different readers.
    if (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text.split('/')[0]!))
      return null;
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    return null;
  }
}

export class AddressCheck {
  readonly #privateAllowed: readonly AddressRange[];
  readonly #own: () => readonly string[];

  /**
   * `privateAllowed`: ranges that are allowed although they are not of the public internet. `own`: addresses of this machine, which are
   * treated as if they were none of it.
   */
  constructor(privateAllowed: readonly AddressRange[], own: () => readonly string[]) {
    this.#privateAllowed = privateAllowed;
    this.#own = own;
  }

  /** `address` as a resolver gives it: what is no address of four numbers or of IPv6 is not allowed. */
  allows(address: string): boolean {
    const [parsed] = parseAddressRange(address) ?? [];
    if (parsed === undefined || address.includes('/')) return false;
    if (this.#privateAllowed.some((range) => isWithin(parsed, range))) return true;
    // SECURITY: an IPv4 address inside of an IPv6 one is none of the public internet, whatever it is: nobody needs that form.
    if (parsed.range() !== 'unicast' || metadataAddresses.has(parsed.toString())) return false;
    if (parsed.kind() === 'ipv6' && !isWithin(parsed, globalUnicast)) return false;
    return !this.#own().some((own) => isSame(own, parsed));
  }
}

function isSame(text: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return ipaddr.isValid(text) && ipaddr.parse(text).toString() === address.toString();
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [base, bits]: AddressRange): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}
