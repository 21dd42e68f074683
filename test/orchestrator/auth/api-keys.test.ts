import { describe, expect, it } from 'vitest';
import { openApiKeys } from '../../../src/orchestrator/auth/api-keys.ts';
import { StartError } from '../../../src/orchestrator/foundation/start-error.ts';

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

const open = (facts: ReturnType<typeof factStore>, configured?: string, mayCreate = true) =>
  openApiKeys({ configured, facts, mayCreate });

describe('the administrator’s API key', () => {
  it('is made once, at the first start, and works again after the next one', async () => {
    const facts = factStore();
    const first = await open(facts);
    expect(first.created).toMatch(/^cellar_[0-9a-z]{8}_[\w-]{43}$/);
    expect(facts.isDurable()).toBe(true);
    const second = await open(facts);
    expect(second.created).toBeNull();
    const principal = second.authenticator.authenticate(`Bearer ${first.created}`);
    expect(principal).toMatchObject({ tenant: 'default', role: 'admin' });
    expect(principal?.keyId).toContain(first.created?.split('_')[1]);
  });

  it('is stored only as a hash', async () => {
    const facts = factStore();
    const { created } = await open(facts);
    const secret = created?.split('_')[2] ?? '';
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
