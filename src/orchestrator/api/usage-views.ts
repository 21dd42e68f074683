// What was used, as clients see it: as JSON, or as the lines of a table.
import { stringify } from 'csv-stringify/sync';
import type { SessionUsage as Measured, UsageRow, UsageTotals } from '../usage/usage-report.ts';
import type { SessionUsage, UsageItem } from './schemas/usage.ts';
import { timeText } from './views.ts';

export function usageJson({ tenant, sessionId, name, from, to, ...totals }: UsageRow): UsageItem {
  const session = sessionId === '' ? null : sessionId;
  return { tenant, session, name, from: timeText(from), to: timeText(to), ...totalsJson(totals) };
}

export function sessionUsageJson(session: string, { totals, samples }: Measured): SessionUsage {
  return {
    session,
    totals: totalsJson(totals),
    points: samples.map((sample, index) => {
      const before = samples[index - 1];
      const seconds = before === undefined ? 0 : (sample.at - before.at) / 1000;
      const used = sample.cpuSeconds - (before?.cpuSeconds ?? 0);
      return {
        at: timeText(sample.at),
        cpuSeconds: precise(sample.cpuSeconds),
        cpuRate: seconds > 0 ? precise(Math.max(0, used) / seconds) : null,
        memoryBytes: sample.memoryBytes,
        pids: sample.pids,
        networkSentBytes: sample.sentBytes,
        networkReceivedBytes: sample.receivedBytes,
      };
    }),
  };
}

const columns = [
  'tenant',
  'session',
  'name',
  'from',
  'to',
  'cpuSeconds',
  'memoryByteSeconds',
  'sandboxSeconds',
  'networkSentBytes',
  'networkReceivedBytes',
  'storedByteSeconds',
  'executions',
] as const satisfies readonly (keyof UsageItem)[];

export const csvHeader = csv([Object.fromEntries(columns.map((name) => [name, name]))]);

/** SECURITY: what a spreadsheet would take for a formula is made plain text: clients choose names. */
export function csv(items: readonly object[]): string {
  return stringify([...items], {
    columns: [...columns],
    record_delimiter: 'windows',
    escape_formulas: true,
  });
}

function totalsJson(totals: UsageTotals) {
  return {
    cpuSeconds: precise(totals.cpuSeconds),
    memoryByteSeconds: Math.round(totals.memoryByteSeconds),
    sandboxSeconds: precise(totals.sandboxSeconds),
    networkSentBytes: totals.networkSentBytes,
    networkReceivedBytes: totals.networkReceivedBytes,
    storedByteSeconds: Math.round(totals.storedByteSeconds),
    executions: totals.executions,
  };
}

/** To a microsecond. */
function precise(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
