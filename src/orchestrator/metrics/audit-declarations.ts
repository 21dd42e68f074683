// The metrics of the audit log.
import { counter, gauge } from './declaration.ts';

export const auditDeclarations = {
  // --- audit log ----------------------------------------------------------------------------------------------------
  cellar_audit_records_total: counter('number', 'Records that were written to the audit log.'),
  cellar_audit_losses_total: counter(
    'number',
    'Events that are not in the audit log as records of their own: it could not be written for too long (dropped), or there were too many requests without a key (suppressed). It says how many.',
    { reason: ['dropped', 'suppressed'] },
  ),
  cellar_audit_write_failures_total: counter(
    'number',
    'Attempts to write to the audit log that failed; what they were to write is tried again.',
  ),
  cellar_audit_checks_total: counter(
    'number',
    'Looks at the newest records of the audit log, each hour: their chain was whole, or broken.',
    { outcome: ['whole', 'broken'] },
  ),
  cellar_audit_broken: gauge(
    'number',
    '1 when the last look found the chain broken: records were changed, removed or put in by somebody else.',
  ),
} as const;
