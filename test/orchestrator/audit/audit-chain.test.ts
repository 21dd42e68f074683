// The chain of the audit log: whatever is done to a record shows.
import { describe, expect, it } from 'vitest';
import { chained, chainStart, followChain } from '../../../src/orchestrator/audit/audit-chain.ts';
import { verifyAudit } from '../../../src/orchestrator/audit/verify-command.ts';
import type { AuditRecord } from '../../../src/orchestrator/registry/audit-records.ts';
import { auditEvent } from '../../helpers/records.ts';

const chain = (length: number): AuditRecord[] => {
  const records: AuditRecord[] = [];
  for (let i = 0; i < length; i++)
    records.push(chained(auditEvent({ at: i, target: `/api/${i}` }), records.at(-1) ?? chainStart));
  return records;
};

const forged: Record<keyof AuditRecord, unknown> = {
  seq: 7,
  at: 99,
  tenant: 'blue',
  keyId: 'key-other',
  role: 'admin',
  address: '192.0.2.9',
  requestId: 'req-other',
  action: 'deleteSession',
  target: '/api/other',
  made: '/api/made',
  status: 500,
  code: 'internal',
  previous: 'f'.repeat(64),
  hash: 'f'.repeat(64),
};

describe('a chain', () => {
  it('is whole as it was written, and when its beginning was removed', () => {
    const records = chain(5);
    expect(followChain(records)).toMatchObject({ count: 5, end: { seq: 5 } });
    expect(followChain(records.slice(2))).toMatchObject({ count: 3, end: { seq: 5 } });
    expect(followChain([])).toEqual({ count: 0, end: null });
  });

  it.each(Object.keys(forged) as (keyof AuditRecord)[])('shows that %s was changed', (field) => {
    const records = chain(5);
    records[2] = { ...records[2]!, [field]: forged[field] };
    expect(followChain(records)).toHaveProperty('wrong');
  });

  it('shows what is missing, moved and put in between', () => {
    const [one, two, three] = chain(3) as [AuditRecord, AuditRecord, AuditRecord];
    expect(followChain([one, three])).toEqual({
      wrong: 'record 2 is missing: 3 comes after 1',
    });
    expect(followChain([one, three, two])).toHaveProperty('wrong');
    expect(followChain([one, two, chained(auditEvent({}), one), three])).toHaveProperty('wrong');
    const elsewhere = chained(auditEvent({ at: 5 }), { seq: 0, hash: 'e'.repeat(64) });
    expect(followChain([elsewhere])).toEqual({ wrong: 'record 1 does not begin a chain' });
  });

  it('that was written anew does not have the end that was kept elsewhere', () => {
    const records = chain(5);
    const kept = records[3]!;
    expect(followChain(records, kept)).toMatchObject({ count: 5 });
    expect(followChain(records.slice(0, 3), kept)).toEqual({ wrong: 'record 4 is not there' });
    const anew: AuditRecord[] = [];
    for (let i = 0; i < 5; i++)
      anew.push(chained(auditEvent({ at: i, target: '/api/nothing' }), anew.at(-1) ?? chainStart));
    expect(followChain(anew, kept)).toEqual({ wrong: 'record 4 is another one than it was' });
  });
});

describe('verifying', () => {
  it('prints the end in the form in which it is expected again', () => {
    const records = chain(3);
    const { text, whole } = verifyAudit(records, []);
    expect(whole).toBe(true);
    const expect_ = /--expect (\S+)/.exec(text)![1]!;
    expect(verifyAudit(records, ['--expect', expect_]).whole).toBe(true);
    expect(verifyAudit(records.slice(0, 2), ['--expect', expect_]).whole).toBe(false);
  });

  it('refuses arguments that mean nothing', () => {
    for (const args of [['--expect', '3'], ['--nonsense'], ['more']])
      expect(() => verifyAudit([], args)).toThrow(/usage|--expect/);
  });
});
