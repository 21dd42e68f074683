import { describe, expect, it } from 'vitest';
import {
  AllowList,
  allowListMistake,
  isCovered,
} from '../../../src/orchestrator/egress/allow-list.ts';
import {
  type Destination,
  httpTarget,
  tunnelDestination,
} from '../../../src/orchestrator/egress/destination.ts';

const http = (url: string): Destination => httpTarget(url)!.destination;
const tunnel = (authority: string): Destination => tunnelDestination(authority)!;

describe('an allow list', () => {
  it('allows a host at the ports of HTTP and HTTPS, each for its own', () => {
    const list = AllowList.of(['example.org']);
    expect(list.allows(http('http://example.org/'))).toBe(true);
    expect(list.allows(tunnel('example.org:443'))).toBe(true);
    expect(list.allows(tunnel('example.org:80'))).toBe(false);
    expect(list.allows(http('http://example.org:443/'))).toBe(false);
    expect(list.allows(tunnel('example.org:22'))).toBe(false);
  });

  it('allows a host at a port of its own, and no other', () => {
    const list = AllowList.of(['example.org:8443']);
    expect(list.allows(tunnel('example.org:8443'))).toBe(true);
    expect(list.allows(http('http://example.org:8443/'))).toBe(true);
    expect(list.allows(tunnel('example.org:443'))).toBe(false);
  });

  it('takes a star for subdomains of any depth, not for the name itself', () => {
    const list = AllowList.of(['*.example.org']);
    expect(list.allows(http('http://a.example.org/'))).toBe(true);
    expect(list.allows(http('http://a.b.example.org/'))).toBe(true);
    expect(list.allows(http('http://example.org/'))).toBe(false);
    expect(list.allows(http('http://notexample.org/'))).toBe(false);
    expect(list.allows(http('http://example.org.evil.test/'))).toBe(false);
    expect(list.allows(http('http://a.example.org.evil.test/'))).toBe(false);
  });

  it('knows a host in each of its spellings', () => {
    const list = AllowList.of(['Example.ORG.', 'bücher.example', '[2606:4700::1111]', '1.1.1.1']);
    expect(list.allows(http('http://EXAMPLE.org./'))).toBe(true);
    expect(list.allows(http('http://xn--bcher-kva.example/'))).toBe(true);
    expect(list.allows(http('http://[2606:4700:0:0::1111]/'))).toBe(true);
    expect(list.allows(tunnel('1.1.1.1:443'))).toBe(true);
    expect(list.allows(tunnel('16843009:443'))).toBe(true);
  });

  it('allows nothing when it is empty', () => {
    expect(AllowList.of([]).allows(http('http://example.org/'))).toBe(false);
  });

  it.each([
    'https://example.org',
    'example.org/path',
    '*',
    'a.*.org',
    '*.*.org',
    '*example.org',
    '*.1.1.1.1',
    'example.org:0',
    'example.org:65536',
    'example.org:http',
    'user@example.org',
    '-example.org',
    'exa mple.org',
    'a..b',
    '[::1',
    '::1]:80',
    '',
    `${'a'.repeat(64)}.org`,
  ])('says what is wrong with %j, which allows nothing', (entry) => {
    expect(allowListMistake(entry)).toMatch(/^(must|may) /);
    expect(AllowList.of([entry]).allows(http('http://example.org/'))).toBe(false);
  });

  it.each(['example.org', '*.example.org:8080', '127.0.0.1:8080', '[::1]:80', '::1', 'a_b.local'])(
    'finds nothing wrong with %s',
    (entry) => expect(allowListMistake(entry)).toBeNull(),
  );
});

describe('an entry is covered', () => {
  it.each([
    ['a.test', ['b.test', 'a.test']],
    ['a.b.test', ['*.b.test']],
    ['*.a.b.test', ['*.b.test']],
    ['*.b.test', ['*.b.test']],
    ['a.test:443', ['a.test']],
    ['a.test:8443', ['a.test:8443']],
    ['1.1.1.1', ['1.1.1.1']],
  ])('%s by %j', (entry, others) => expect(isCovered(entry, others)).toBe(true));

  it.each([
    ['a.test', []],
    ['b.test', ['*.b.test']],
    ['*.test', ['*.b.test']],
    ['*.b.test', ['b.test']],
    ['a.test', ['a.test:443']],
    ['a.test:8443', ['a.test']],
    ['a.test:8443', ['a.test:9443']],
    ['xb.test', ['*.b.test']],
    ['nonsense/', ['nonsense/']],
  ])('%s not by %j', (entry, others) => expect(isCovered(entry, others)).toBe(false));
});

describe('a destination', () => {
  it.each([
    ['2130706433', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0177.0.0.01', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['１２７.0.0.1', '127.0.0.1'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1'],
    ['[0:0:0:0:0:0:0:1]', '::1'],
    ['localhost.', 'localhost'],
  ])('written as %s is %s in either form', (written, host) => {
    expect(http(`http://${written}/`).host).toBe(host);
    expect(tunnel(`${written}:443`).host).toBe(host);
  });

  it.each([
    'https://example.org/',
    '/path',
    'example.org',
    '*',
    'http://',
    'http:///path',
    'http://user@example.org/',
    'http://user:secret@example.org/',
    'http://example.org:99999/',
    'http://example.org:80:80/',
    'http://exa mple.org/',
    'http://example.org\\@evil.test/',
    'http://[::1/',
    'http://[::1%25eth0]/',
    'http://%31%32%37.0.0.1/',
    'http://example.org/a b',
    'ftp://example.org/',
  ])('is not read from %j', (url) => {
    expect(httpTarget(url)).toBeNull();
  });

  it.each([
    'example.org',
    'example.org:',
    ':443',
    '::1:443',
    'a@b:443',
    'http://a:443',
    'a/b:443',
    'a:0',
  ])('is not read from the authority %j', (authority) =>
    expect(tunnelDestination(authority)).toBeNull(),
  );

  it('keeps path and query as they are', () => {
    expect(httpTarget('http://a/x/../y?q=1&r=%2F')?.path).toBe('/x/../y?q=1&r=%2F');
    expect(httpTarget('http://a?q')?.path).toBe('/?q');
    expect(httpTarget('http://a')?.path).toBe('/');
  });
});
