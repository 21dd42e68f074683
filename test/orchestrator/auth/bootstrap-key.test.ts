import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openBootstrapKey } from '../../../src/orchestrator/auth/bootstrap-key.ts';
import { KeyRing } from '../../../src/orchestrator/auth/key-ring.ts';
import { StartError } from '../../../src/orchestrator/foundation/start-error.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

/** Facts as a registry keeps them. */
function factStore() {
  const facts = new Map<string, string>();
  let durable = false;
  return {
    facts,
    isDurable: () => durable,
    readFact: async (name: string) => facts.get(name) ?? null,
    writeFact: async (name: string, value: string) => void facts.set(name, value),
    durable: async () => {
      durable = true;
    },
  };
}

async function open(facts: ReturnType<typeof factStore>, configured?: string, mayCreate = true) {
  const { key, created } = await openBootstrapKey({ configured, facts, mayCreate });
  return { authenticator: new KeyRing(key, new FakeClock()), created };
}

describe('the administrator’s first key', () => {
  it('is made once, at the first start, and works again after the next one', async () => {
    const facts = factStore();
    const first = await open(facts);
    expect(first.created).toMatch(/^cellar_[0-9a-z]{12}_[0-9A-Za-z]{49}$/);
    expect(facts.isDurable()).toBe(true);
    const second = await open(facts);
    expect(second.created).toBeNull();
    const principal = second.authenticator.authenticate(`Bearer ${first.created}`);
    expect(principal).toMatchObject({ tenant: 'default', role: 'admin' });
  });

  it('of an earlier version works on, in the form that it was made in', async () => {
    const facts = factStore();
    const text = `cellar_01234567_${'a-_'.repeat(14)}Z`;
    const stored = { keyId: 'key-1', hash: createHash('sha256').update(text).digest('hex') };
    facts.facts.set('apiKey', JSON.stringify(stored));
    const { authenticator } = await open(facts);
    expect(authenticator.authenticate(`Bearer ${text}`)).toEqual({
      tenant: 'default',
      role: 'admin',
      keyId: 'key-1',
    });
  });

  it('is stored only as a hash', async () => {
    const facts = factStore();
    const { created } = await open(facts);
    const secret = created?.split('_')[2] ?? '';
    expect(secret.length).toBeGreaterThan(0);
    expect([...facts.facts.values()].join()).not.toContain(secret);
  });

  it('is the configured one where there is one, in place of the stored one', async () => {
    const facts = factStore();
    const { created } = await open(facts);
    const { authenticator, created: again } = await open(facts, 'configured-key-1234', false);
    expect(again).toBeNull();
    expect(authenticator.authenticate('Bearer configured-key-1234')).not.toBeNull();
    expect(authenticator.authenticate(`Bearer ${created}`)).toBeNull();
  });

  it('must be there before the service listens to others', async () => {
    const facts = factStore();
    await expect(open(facts, undefined, false)).rejects.toBeInstanceOf(StartError);
    expect(facts.facts.size).toBe(0);
    await open(facts);
    await open(facts, undefined, false);
  });

  it('is accepted in a bearer header and in nothing else', async () => {
    const { authenticator } = await open(factStore(), 'configured-key-1234');
    const answers = (header: string | undefined) => authenticator.authenticate(header) !== null;
    expect(answers('Bearer configured-key-1234')).toBe(true);
    expect(answers('bearer configured-key-1234')).toBe(true);
    for (const header of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'configured-key-1234',
      'Basic configured-key-1234',
      'Bearer configured-key-123',
      'Bearer configured-key-12345',
      'Bearer configured-key-1234 extra',
      'Bearer CONFIGURED-KEY-1234',
    ])
      expect(answers(header), String(header)).toBe(false);
  });
});
