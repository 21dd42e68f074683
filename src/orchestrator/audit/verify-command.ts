// `cellar audit verify`: whether the audit log is whole. It only reads, and the service may run meanwhile.
import { parseArgs } from 'node:util';
import { StartError } from '../foundation/start-error.ts';
import type { AuditRecord } from '../registry/audit-records.ts';
import { type ChainEnd, followChain } from './audit-chain.ts';

export type Verdict = { readonly text: string; readonly whole: boolean };

export const verifyUsage = 'cellar audit verify [--expect SEQ:HASH]';

/** Throws StartError for arguments that mean nothing. */
export function verifyAudit(records: Iterable<AuditRecord>, args: string[]): Verdict {
  const followed = followChain(records, expectedOf(args));
  if ('wrong' in followed)
    return { whole: false, text: `The audit log is not whole: ${followed.wrong}.` };
  const { end, count } = followed;
  if (end === null) return { whole: true, text: 'The audit log is empty.' };
  return {
    whole: true,
    text:
      `The audit log is whole: ${count} records, ${end.seq - count + 1} to ${end.seq}.\n` +
      `Keep its end elsewhere, to verify later that it was not written anew: --expect ${end.seq}:${end.hash}`,
  };
}

function expectedOf(args: string[]): ChainEnd | null {
  let expect: string | undefined;
  try {
    ({ expect } = parseArgs({ args, options: { expect: { type: 'string' } } }).values);
  } catch (cause) {
    throw new StartError(`usage: ${verifyUsage}`, { cause });
  }
  if (expect === undefined) return null;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(expect) ?? [];
  if (seq === undefined || hash === undefined)
    throw new StartError('--expect is a number and a hash, as verify prints them');
  return { seq: Number(seq), hash };
}
