import { describe, expect, it } from 'vitest';
import { AddressCheck, parseAddressRange } from '../../../src/orchestrator/egress/address-check.ts';
import { ownAddresses } from '../../../src/orchestrator/egress/own-addresses.ts';

const strict = new AddressCheck([], () => []);

describe('an address', () => {
  it.each(['1.1.1.1', '93.184.215.14', '172.15.255.255', '100.63.255.255', '223.255.255.255'])(
    '%s of the public internet is allowed',
    (address) => expect(strict.allows(address)).toBe(true),
  );

  it.each(['2606:4700::1111', '2a00:1450:4001::200e'])('%s of IPv6 is allowed', (address) =>
    expect(strict.allows(address)).toBe(true),
  );

  it.each([
    ['unspecified', '0.0.0.0'],
    ['"this" network', '0.1.2.3'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['link-local', '169.254.1.1'],
    ['metadata', '169.254.169.254'],
    ['metadata of Alibaba, carrier-grade NAT', '100.100.100.200'],
    ['metadata of Azure', '168.63.129.16'],
    ['metadata of Oracle', '192.0.0.192'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['benchmarking', '198.18.0.1'],
    ['documentation', '203.0.113.1'],
    ['6to4 relay', '192.88.99.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['mapped', '::ffff:127.0.0.1'],
    ['mapped, of a public one', '::ffff:1.1.1.1'],
    ['mapped, in digits', '::ffff:a9fe:a9fe'],
    ['compatible', '::127.0.0.1'],
    ['compatible, of a public one', '::101:101'],
    ['translated', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64, of a public one', '64:ff9b::101:101'],
    ['local NAT64', '64:ff9b:1::a9fe:a9fe'],
    ['6to4', '2002:7f00:1::'],
    ['6to4', '2002:a9fe:a9fe::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['unique local', 'fc00::1'],
    ['metadata of AWS', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['documentation', '2001:db8::1'],
    ['discard', '100::1'],
    ['outside of what is given out', '4000::1'],
  ])('that is %s is not allowed: %s', (_kind, address) => {
    expect(strict.allows(address)).toBe(false);
  });

  it.each([
    ['an octal one', '0177.0.0.1'],
    ['a hexadecimal one', '0x7f.0.0.1'],
    ['a decimal one', '2130706433'],
    ['a short one', '127.1'],
    ['a short one of a public host', '1.1'],
    ['a bracketed one', '[::1]'],
    ['one with a zone', 'fe80::1%eth0'],
    ['a range', '1.1.1.0/24'],
    ['a name', 'example.org'],
    ['nothing', ''],
  ])('is none in a form that readers disagree about: %s', (_form, text) => {
    expect(strict.allows(text)).toBe(false);
  });
});

describe('an address of this machine', () => {
  const own = ['8.8.4.4', '2606:4700:0:0::64', 'fe80::1', 'nonsense'];
  const allowed = [parseAddressRange('8.8.4.4/32')!];

  it.each(['8.8.4.4', '2606:4700::64'])('is none for sandboxes, though public: %s', (address) => {
    expect(strict.allows(address)).toBe(true);
    expect(new AddressCheck([], () => own).allows(address)).toBe(false);
  });

  it('is one where the operator says so', () => {
    expect(new AddressCheck(allowed, () => own).allows('8.8.4.4')).toBe(true);
  });

  it('is known from its interfaces', () => {
    expect(ownAddresses()).toContain('127.0.0.1');
  });
});

describe('what the operator allows', () => {
  const check = new AddressCheck(
    ['10.1.0.0/16', '192.168.7.7', 'fd00:1::/64'].map((text) => parseAddressRange(text)!),
    () => [],
  );

  it.each(['10.1.2.3', '192.168.7.7', 'fd00:1::5', '1.1.1.1'])('may be reached: %s', (address) => {
    expect(check.allows(address)).toBe(true);
  });

  it.each(['10.2.0.1', '192.168.7.8', 'fd00:2::5', '127.0.0.1', '::ffff:10.1.2.3'])(
    'does not open anything beside it: %s',
    (address) => expect(check.allows(address)).toBe(false),
  );

  it.each(['', 'x', '10.0.0.0/33', '10/8', '0x0a.0.0.0/8', 'example.org', '::/129'])(
    'is no range: %j',
    (text) => expect(parseAddressRange(text)).toBeNull(),
  );
});
