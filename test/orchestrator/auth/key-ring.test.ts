import { beforeEach, describe, expect, it } from 'vitest';
import { KeyRing, type RingKey } from '../../../src/orchestrator/auth/key-ring.ts';
import { hashOf, newKeyText } from '../../../src/orchestrator/auth/key-text.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

let clock: FakeClock;
let ring: KeyRing;
beforeEach(() => {
  clock = new FakeClock();
  ring = new KeyRing({ keyId: 'key-root', hash: hashOf('root') }, clock);
});

const root = { tenant: 'default', role: 'admin', keyId: 'key-root' } as const;

/** A key on the ring, with the header that shows it. */
function added(changes: Partial<RingKey> = {}) {
  const { text, prefix, secret } = newKeyText();
  const key: RingKey = {
    keyId: `key-${prefix}`,
    tenant: 'red',
    role: 'developer',
    prefix,
    secretHash: hashOf(secret).toString('hex'),
    expiresAt: null,
    ...changes,
  };
  ring.set(key);
  const { keyId, tenant, role } = key;
  return { key, header: `Bearer ${text}`, principal: { tenant, role, keyId } };
}

describe('a key', () => {
  it('opens the service for its tenant with its role', () => {
    const { header, principal } = added();
    added({ tenant: 'blue' });
    expect(ring.authenticate(header)).toEqual(principal);
  });

  it('with another secret opens nothing', () => {
    const { key } = added();
    const other = newKeyText();
    ring.set({ ...key, keyId: 'key-2', prefix: other.prefix });
    expect(ring.authenticate(`Bearer ${other.text}`)).toBeNull();
  });

  it('opens nothing from its end on', () => {
    const { header, principal } = added({ expiresAt: clock.now() + 1000 });
    clock.advance(999);
    expect(ring.authenticate(header)).toEqual(principal);
    clock.advance(1);
    expect(ring.authenticate(header)).toBeNull();
  });

  it('opens nothing once it is removed, alone or with its tenant', () => {
    const [one, other, blue] = [added(), added(), added({ tenant: 'blue' })];
    ring.remove(one.key.keyId);
    expect(ring.authenticate(one.header)).toBeNull();
    expect(ring.authenticate(other.header)).not.toBeNull();
    ring.removeTenant('red');
    expect(ring.authenticate(other.header)).toBeNull();
    expect(ring.authenticate(blue.header)).toEqual(blue.principal);
  });
});

describe('who watches a key', () => {
  it('is told once that it was removed', () => {
    const { key, principal } = added();
    let told = 0;
    ring.watch(principal, () => told++);
    ring.watch(principal, () => told++);
    expect(told).toBe(0);
    ring.remove(key.keyId);
    ring.remove(key.keyId);
    expect(told).toBe(2);
  });

  it('is told when it expires, also when it is to expire sooner than it was', () => {
    const { key, principal } = added({ expiresAt: clock.now() + 10_000 });
    const told: number[] = [];
    ring.watch(principal, () => told.push(clock.monotonic()));
    ring.set({ ...key, expiresAt: clock.now() + 1000 });
    clock.advance(999);
    expect(told).toEqual([]);
    clock.advance(20_000);
    expect(told).toEqual([1000]);
  });

  it('is told at once of a key that has ended already', () => {
    const { key, principal } = added();
    ring.remove(key.keyId);
    let told = 0;
    ring.watch(principal, () => told++);
    expect(told).toBe(1);
  });

  it('is not told any more when it has looked away, and leaves nothing behind', () => {
    const { key, principal } = added({ expiresAt: clock.now() + 1000 });
    let told = 0;
    const [first, second] = [
      ring.watch(principal, () => told++),
      ring.watch(principal, () => told++),
    ];
    first();
    expect(clock.pending).toBe(1);
    second();
    expect(clock.pending).toBe(0);
    ring.remove(key.keyId);
    expect(told).toBe(0);
  });

  it('of the administrator’s first key is never told', () => {
    let told = 0;
    ring.watch(root, () => told++)();
    expect(told).toBe(0);
  });
});

describe('last uses', () => {
  it('are noted once a minute and handed over once', () => {
    const { key, header } = added();
    const start = clock.now();
    for (let i = 0; i < 100; i++) ring.authenticate(header);
    expect([...ring.takeUses()]).toEqual([[key.keyId, start]]);
    clock.advance(59_999);
    ring.authenticate(header);
    expect([...ring.takeUses()]).toEqual([]);
    clock.advance(1);
    ring.authenticate(header);
    expect([...ring.takeUses()]).toEqual([[key.keyId, start + 60_000]]);
  });
});
