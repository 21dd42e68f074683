// What makes the audit log one chain: each record carries a hash over itself and the one before, so that none can be changed,
// left out or put in between without all later ones showing it. Pure.
import { createHash } from 'node:crypto';
import type { AuditEvent, AuditRecord } from '../registry/audit-records.ts';

export type ChainEnd = Pick<AuditRecord, 'seq' | 'hash'>;

/** Before the first record. */
export const chainStart: ChainEnd = { seq: 0, hash: '0'.repeat(64) };

/** The record that follows `end`. */
export function chained(event: AuditEvent, end: ChainEnd): AuditRecord {
  const record = { ...event, seq: end.seq + 1, previous: end.hash };
  return { ...record, hash: hashOf(record) };
}

/**
 * Follows the chain. The first record counts as it is, since older ones may have been removed when their time was over. `expected`: an
 * end that it once had, which must be in it. Gives the end, null when there is no record; or what is wrong with which record.
 */
export function followChain(
  records: Iterable<AuditRecord>,
  expected: ChainEnd | null = null,
): { readonly end: ChainEnd | null; readonly count: number } | { readonly wrong: string } {
  let end: ChainEnd | null = null;
  let count = 0;
  let isMet = expected === null;
  for (const record of records) {
    const { seq, previous, hash } = record;
    if (end === null && seq === 1 && previous !== chainStart.hash)
      return { wrong: 'record 1 does not begin a chain' };
    if (end !== null && seq !== end.seq + 1)
      return { wrong: `record ${end.seq + 1} is missing: ${seq} comes after ${end.seq}` };
    if (end !== null && previous !== end.hash)
      return { wrong: `record ${seq} does not follow from the one before` };
    if (hashOf(record) !== hash) return { wrong: `record ${seq} was changed` };
    if (seq === expected?.seq && hash !== expected.hash)
      return { wrong: `record ${seq} is another one than it was` };
    isMet ||= seq === expected?.seq;
    end = { seq, hash };
    count++;
  }
  if (!isMet) return { wrong: `record ${expected?.seq} is not there` };
  return { end, count };
}

/** SHA-256, hexadecimal, over the fields in this order as a JSON array: part of the format. */
function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  const fields = [
    record.previous,
    record.seq,
    record.at,
    record.tenant,
    record.keyId,
    record.role,
    record.address,
    record.requestId,
    record.action,
    record.target,
    record.made,
    record.status,
    record.code,
  ];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}
