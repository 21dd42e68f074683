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

  /** `privateAllowed`: ranges that are allowed although they are not of the public internet. */
  constructor(privateAllowed: readonly AddressRange[]) {
    this.#privateAllowed = privateAllowed;
  }

  /** `address` as a resolver gives it: what is no address of four numbers or of IPv6 is not allowed. */
  allows(address: string): boolean {
    const [parsed] = parseAddressRange(address) ?? [];
    if (parsed === undefined || address.includes('/')) return false;
    if (this.#privateAllowed.some((range) => isWithin(parsed, range))) return true;
    // SECURITY: an IPv4 address inside of an IPv6 one is none of the public internet, whatever it is: nobody needs that form.
    if (parsed.range() !== 'unicast' || metadataAddresses.has(parsed.toString())) return false;
    return parsed.kind() === 'ipv4' || isWithin(parsed, globalUnicast);
  }
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [base, bits]: AddressRange): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}
