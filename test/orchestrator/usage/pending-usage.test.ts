import { expect, it } from 'vitest';
import { nothing } from '../../../src/orchestrator/usage/amounts.ts';
import { PendingUsage } from '../../../src/orchestrator/usage/pending-usage.ts';

const hours = new Map([[0, { ...nothing, executions: 1 }]]);

it('holds a bounded number of sessions; the use of others is their tenants’', () => {
  const pending = new PendingUsage();
  for (let i = 0; i < 60_000; i++) pending.add({ tenant: 'red', sessionId: `ses-${i}` }, hours);
  const all = pending.take(Number.POSITIVE_INFINITY);
  expect(all).toHaveLength(50_001);
  const sum = (entries: typeof all) =>
    entries.reduce((count, entry) => count + entry.hours.get(0)!.executions, 0);
  expect(sum(all.filter(({ sessionId }) => sessionId === ''))).toBe(10_000);
  expect(sum(all)).toBe(60_000);
  expect(pending.empty).toBe(true);
});

it('adds what is brought back to what has come meanwhile', () => {
  const pending = new PendingUsage();
  const owner = { tenant: 'red', sessionId: 'ses-1' };
  pending.add(owner, hours);
  pending.ended(owner, 'c1');
  const taken = pending.take(10);
  pending.add(owner, hours);
  pending.putBack(taken);
  const [entry, ...others] = pending.take(10);
  expect(others).toEqual([]);
  expect(entry?.hours.get(0)?.executions).toBe(2);
  expect(entry?.ended).toEqual(['c1']);
});
