import { expect, it } from 'vitest';
import { csv, sessionUsageJson } from '../../../src/orchestrator/api/usage-views.ts';
import { nothing } from '../../../src/orchestrator/usage/amounts.ts';

function nameAsCsv(name: string | null): string {
  const [, , cell] = /^([^,]*),([^,]*),(.*),x,,,,,,,,\r\n$/s
    .exec(csv([{ tenant: 't', session: 's', name, from: 'x' }]))!
    .slice(1, 4);
  return cell!;
}

it('text that a spreadsheet would take for a formula is made plain text', () => {
  for (const name of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1+1'])
    expect(nameAsCsv(name).replace(/^"/, '').charAt(0)).toBe("'");
});

it('what separates is quoted, and quotes are doubled', () => {
  expect(nameAsCsv('a,b')).toBe('"a,b"');
  expect(nameAsCsv('say "x"')).toBe('"say ""x"""');
  expect(nameAsCsv('two\r\nlines')).toBe('"two\r\nlines"');
  expect(nameAsCsv('plain')).toBe('plain');
  expect(nameAsCsv(null)).toBe('');
});

it('numbers stay numbers', () => {
  expect(csv([{ cpuSeconds: 1.5, executions: 0 }])).toBe(',,,,,1.5,,,,,,0\r\n');
});

it('the rate of a point is what was used since the one before', () => {
  const sample = { memoryBytes: 1, pids: 2, sentBytes: 3, receivedBytes: 4 };
  const samples = [
    { ...sample, at: 10_000, cpuSeconds: 1 },
    { ...sample, at: 20_000, cpuSeconds: 6 },
    { ...sample, at: 20_000, cpuSeconds: 6 },
  ];
  const totals = { ...nothing, storedByteSeconds: 0 };
  const { points } = sessionUsageJson('ses-1', { totals, samples });
  expect(points.map(({ cpuRate }) => cpuRate)).toEqual([null, 0.5, null]);
});
